/**
 * The dense transition matrix of a spectral or orthogonal layer, built from its reflectors once a step, and its
 * gradient pulled back to them once a step (Zhang, Lei & Dhillon, ICML 2018; blocked as in Mathiasen et al. 2020).
 */
import type { SpectralShape } from "../../spectral/spectral.ts";
import type { ModelSpec } from "../engine.ts";
import { matrixShape } from "../parameters.ts";
import { BandedSigma } from "./bandedSigma.ts";
import type { Kernels } from "./kernels.ts";
import type { Arena } from "./memory.ts";
import type { ParameterStore } from "./parameterStore.ts";
import { transitionName } from "./plan.ts";

/** What a layer multiplies its states by, made of its reflectors. */
export interface Transition {
  /** Addresses of the matrices that are packed, and of their gradients, by name. */
  readonly values: readonly (readonly [name: string, address: number])[];
  readonly gradients: readonly (readonly [name: string, address: number])[];
  /** From the parameters to the matrices. */
  materialize(kernels: Kernels, store: ParameterStore): void;
  /** From the matrices' gradients to the parameters'. @param partial address of the gradient that the kernels left. */
  pullback(kernels: Kernels, store: ParameterStore, partial: number): void;
  release(): void;
}

/** W itself, and ∂L/∂W: [n, n] (of a feed-forward net's first layer [n, d]), row-major. */
export class DenseTransition implements Transition {
  readonly values: Transition["values"];
  readonly gradients: Transition["gradients"];
  readonly #arena: Arena;
  readonly #shape: SpectralShape;
  readonly #matrix: number;
  readonly #gradient: number;
  /** Absent: σ = 1. */
  readonly #sigma: BandedSigma | undefined;
  /** m₂ = 0 tells the kernels that V = I and σ = 1. */
  readonly #m1: number;
  readonly #m2: number;
  readonly #names: { readonly u: string; readonly v: string };
  readonly #workspace: number;
  readonly #blocks: [number, number][] = [];

  constructor(arena: Arena, kernels: Kernels, spec: ModelSpec, layer: number) {
    this.#arena = arena;
    this.#shape = matrixShape(spec, layer);
    this.#names = { u: `layers.${layer}.u`, v: `layers.${layer}.v` };
    const { rows, columns, reflectors } = this.#shape;
    if (spec.cell === "spectral")
      this.#sigma = new BandedSigma(arena, `layers.${layer}.p`, Math.min(rows, columns), this.#shape);
    this.#m1 = reflectors[0];
    this.#m2 = this.#sigma || rows !== columns ? reflectors[1] : 0;
    const allocate = (bytes: number): number => {
      const start = arena.allocate(bytes);
      this.#blocks.push([start, bytes]);
      return start;
    };
    this.#matrix = allocate(rows * columns * 4);
    this.#gradient = allocate(rows * columns * 4);
    this.#workspace = allocate(kernels.spectralWorkspace(rows, columns, this.#m1, this.#m2));
    this.values = [[transitionName(layer), this.#matrix]];
    this.gradients = [[transitionName(layer), this.#gradient]];
  }

  /** W = U diag(σ) Vᵀ. */
  materialize(kernels: Kernels, store: ParameterStore): void {
    const { rows, columns } = this.#shape;
    const [m1, m2] = [this.#m1, this.#m2];
    const { u, v } = this.#names;
    this.#sigma?.fill(store);
    kernels.spectralMaterialize(
      rows,
      columns,
      m1,
      m2,
      store.value(u),
      m2 > 0 ? store.value(v) : 0,
      this.#sigma?.value ?? 0,
      this.#matrix,
      this.#workspace,
    );
  }

  /** From ∂L/∂W to ∂L/∂u, ∂L/∂v and ∂L/∂p. */
  pullback(kernels: Kernels, store: ParameterStore): void {
    const { rows, columns } = this.#shape;
    const [m1, m2] = [this.#m1, this.#m2];
    const { u, v } = this.#names;
    kernels.spectralPullback(
      rows,
      columns,
      m1,
      m2,
      store.value(u),
      m2 > 0 ? store.value(v) : 0,
      this.#sigma?.value ?? 0,
      this.#matrix,
      this.#gradient,
      store.gradient(u),
      m2 > 0 ? store.gradient(v) : 0,
      this.#sigma?.gradient ?? 0,
      this.#workspace,
    );
    this.#sigma?.pullback(store);
  }

  release(): void {
    for (const [start, bytes] of this.#blocks) this.#arena.release(start, bytes);
    this.#sigma?.release();
  }
}
