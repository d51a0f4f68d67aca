/**
 * The dense transition matrix of a spectral or orthogonal layer, built from its reflectors once a step, and its
 * gradient pulled back to them once a step (Zhang, Lei & Dhillon, ICML 2018; blocked as in Mathiasen et al. 2020).
 */
import type { SpectralShape } from "../../spectral/spectral.ts";
import type { ModelSpec } from "../engine.ts";
import { matrixShape } from "../parameters.ts";
import type { Kernels } from "./kernels.ts";
import type { Arena } from "./memory.ts";
import type { ParameterStore } from "./parameterStore.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export class Transition {
  /** Addresses of W and ∂L/∂W, [n, n] (of a feed-forward net's first layer [n, d]), row-major. */
  readonly matrix: number;
  readonly gradient: number;
  readonly #arena: Arena;
  readonly #shape: SpectralShape;
  readonly #hasSigma: boolean;
  /** m₂ = 0 tells the kernels that V = I and σ = 1. */
  readonly #m1: number;
  readonly #m2: number;
  readonly #names: { readonly u: string; readonly v: string; readonly p: string };
  readonly #sigma: number;
  readonly #sigmaGradient: number;
  readonly #workspace: number;
  readonly #blocks: [number, number][] = [];

  constructor(arena: Arena, kernels: Kernels, spec: ModelSpec, layer: number) {
    this.#arena = arena;
    this.#shape = matrixShape(spec, layer);
    this.#hasSigma = spec.cell === "spectral";
    this.#names = { u: `layers.${layer}.u`, v: `layers.${layer}.v`, p: `layers.${layer}.p` };
    const { rows, columns, reflectors } = this.#shape;
    this.#m1 = reflectors[0];
    this.#m2 = this.#hasSigma || rows !== columns ? reflectors[1] : 0;
    const count = Math.min(rows, columns);
    const allocate = (bytes: number): number => {
      const start = arena.allocate(bytes);
      this.#blocks.push([start, bytes]);
      return start;
    };
    this.matrix = allocate(rows * columns * 4);
    this.gradient = allocate(rows * columns * 4);
    this.#sigma = allocate(count * 4);
    this.#sigmaGradient = allocate(count * 4);
    this.#workspace = allocate(kernels.spectralWorkspace(rows, columns, this.#m1, this.#m2));
  }

  /** W = U diag(σ) Vᵀ. */
  materialize(kernels: Kernels, store: ParameterStore): void {
    const { rows, columns, radius, center } = this.#shape;
    const [m1, m2] = [this.#m1, this.#m2];
    const { u, v, p: pName } = this.#names;
    const { floats } = this.#arena;
    const count = Math.min(rows, columns);
    if (this.#hasSigma) {
      const p = store.value(pName) / 4;
      for (let i = 0; i < count; i++)
        floats[this.#sigma / 4 + i] = 2 * radius * (sigmoid(floats[p + i]!) - 0.5) + center;
    }
    kernels.spectralMaterialize(
      rows,
      columns,
      m1,
      m2,
      store.value(u),
      m2 > 0 ? store.value(v) : 0,
      this.#hasSigma ? this.#sigma : 0,
      this.matrix,
      this.#workspace,
    );
  }

  /** From ∂L/∂W to ∂L/∂u, ∂L/∂v and ∂L/∂p. */
  pullback(kernels: Kernels, store: ParameterStore): void {
    const { rows, columns, radius } = this.#shape;
    const [m1, m2] = [this.#m1, this.#m2];
    const { u, v, p: pName } = this.#names;
    kernels.spectralPullback(
      rows,
      columns,
      m1,
      m2,
      store.value(u),
      m2 > 0 ? store.value(v) : 0,
      this.#hasSigma ? this.#sigma : 0,
      this.matrix,
      this.gradient,
      store.gradient(u),
      m2 > 0 ? store.gradient(v) : 0,
      this.#hasSigma ? this.#sigmaGradient : 0,
      this.#workspace,
    );
    if (!this.#hasSigma) return;
    const { floats } = this.#arena;
    const p = store.value(pName) / 4;
    const out = store.gradient(pName) / 4;
    for (let i = 0; i < Math.min(rows, columns); i++) {
      const s = sigmoid(floats[p + i]!);
      floats[out + i] = floats[this.#sigmaGradient / 4 + i]! * 2 * radius * s * (1 - s);
    }
  }

  release(): void {
    for (const [start, bytes] of this.#blocks) this.#arena.release(start, bytes);
  }
}
