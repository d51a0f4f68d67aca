/**
 * The dense transition matrix of a spectral or orthogonal layer, built from its reflectors once a step, and its
 * gradient pulled back to them once a step (Zhang, Lei & Dhillon, ICML 2018; blocked as in Mathiasen et al. 2020).
 */
import type { ModelSpec } from "../engine.ts";
import type { Kernels } from "./kernels.ts";
import type { Arena } from "./memory.ts";
import type { ParameterStore } from "./parameterStore.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export class Transition {
  /** Addresses of W and ∂L/∂W, n × n, row-major. */
  readonly matrix: number;
  readonly gradient: number;
  readonly #arena: Arena;
  readonly #spec: ModelSpec;
  readonly #prefix: string;
  readonly #sigma: number;
  readonly #sigmaGradient: number;
  readonly #workspace: number;
  readonly #blocks: [number, number][] = [];

  constructor(arena: Arena, kernels: Kernels, spec: ModelSpec, layer: number) {
    this.#arena = arena;
    this.#spec = spec;
    this.#prefix = `layers.${layer}.`;
    const n = spec.hidden;
    const allocate = (bytes: number): number => {
      const start = arena.allocate(bytes);
      this.#blocks.push([start, bytes]);
      return start;
    };
    this.matrix = allocate(n * n * 4);
    this.gradient = allocate(n * n * 4);
    this.#sigma = allocate(n * 4);
    this.#sigmaGradient = allocate(n * 4);
    this.#workspace = allocate(kernels.spectralWorkspace(n, ...this.#reflectors()));
  }

  /** m₂ = 0 tells the kernels that V = I and σ = 1. */
  #reflectors(): [number, number] {
    const [m1, m2] = this.#spec.reflectors;
    return [m1, this.#spec.cell === "spectral" ? m2 : 0];
  }

  /** W = U diag(σ) Vᵀ. */
  materialize(kernels: Kernels, store: ParameterStore): void {
    const { hidden: n, radius, center } = this.#spec;
    const [m1, m2] = this.#reflectors();
    if (m2 > 0) {
      const { floats } = this.#arena;
      const p = store.value(`${this.#prefix}p`) / 4;
      for (let i = 0; i < n; i++)
        floats[this.#sigma / 4 + i] = 2 * radius * (sigmoid(floats[p + i]!) - 0.5) + center;
    }
    const v = m2 > 0 ? store.value(`${this.#prefix}v`) : 0;
    kernels.spectralMaterialize(
      n,
      m1,
      m2,
      store.value(`${this.#prefix}u`),
      v,
      m2 > 0 ? this.#sigma : 0,
      this.matrix,
      this.#workspace,
    );
  }

  /** From ∂L/∂W to ∂L/∂u, ∂L/∂v and ∂L/∂p. */
  pullback(kernels: Kernels, store: ParameterStore): void {
    const { hidden: n, radius } = this.#spec;
    const [m1, m2] = this.#reflectors();
    const spectral = m2 > 0;
    const u = `${this.#prefix}u`;
    const v = `${this.#prefix}v`;
    kernels.spectralPullback(
      n,
      m1,
      m2,
      store.value(u),
      spectral ? store.value(v) : 0,
      spectral ? this.#sigma : 0,
      this.matrix,
      this.gradient,
      store.gradient(u),
      spectral ? store.gradient(v) : 0,
      spectral ? this.#sigmaGradient : 0,
      this.#workspace,
    );
    if (!spectral) return;
    const { floats } = this.#arena;
    const p = store.value(`${this.#prefix}p`) / 4;
    const out = store.gradient(`${this.#prefix}p`) / 4;
    for (let i = 0; i < n; i++) {
      const s = sigmoid(floats[p + i]!);
      floats[out + i] = floats[this.#sigmaGradient / 4 + i]! * 2 * radius * s * (1 - s);
    }
  }

  release(): void {
    for (const [start, bytes] of this.#blocks) this.#arena.release(start, bytes);
  }
}
