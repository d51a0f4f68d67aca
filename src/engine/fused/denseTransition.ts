/**
 * The dense transition matrices of a spectral or orthogonal model, built from their reflectors once a step, and their
 * gradients pulled back to them once a step (Zhang, Lei & Dhillon, ICML 2018; blocked as in Mathiasen et al. 2020).
 */
import type { ModelSpec } from "../engine.ts";
import { matrixShape } from "../parameters.ts";
import { BandedSigma } from "./bandedSigma.ts";
import type { Arena } from "./memory.ts";
import type { ParameterStore } from "./parameterStore.ts";
import { transitionName } from "./plan.ts";
import type { Threads } from "./threads.ts";
import type { Transition } from "./transition.ts";

/** Integers of a matrix's record, in the order of src/kernels/assembly/spectral.ts. */
const recordIntegers = 16;
/** Multiplications below which waking the other threads costs more than they save. */
const worthSharing = 2 ** 20;

/** W and ∂L/∂W of every layer: [n, n] (of a feed-forward net's first layer [n, d]), row-major. */
export class DenseTransition implements Transition {
  readonly values: [string, number][] = [];
  readonly gradients: [string, number][] = [];
  readonly #arena: Arena;
  readonly #threads: Threads;
  readonly #sigmas: BandedSigma[] = [];
  readonly #layers: number;
  readonly #records: number;
  readonly #scratch: number;
  readonly #scratchStride: number;
  readonly #shared: boolean;
  readonly #blocks: [number, number][] = [];

  constructor(arena: Arena, threads: Threads, spec: ModelSpec, store: ParameterStore) {
    this.#arena = arena;
    this.#threads = threads;
    this.#layers = spec.layers;
    const { kernels } = threads;
    const allocate = (bytes: number): number => {
      const start = arena.allocate(bytes);
      this.#blocks.push([start, bytes]);
      return start;
    };
    this.#records = allocate(spec.layers * recordIntegers * 4);
    let scratch = 0;
    let work = 0;
    for (let layer = 0; layer < spec.layers; layer++) {
      const shape = matrixShape(spec, layer);
      const { rows, columns } = shape;
      const at = `layers.${layer}.`;
      const sigma =
        spec.cell === "spectral"
          ? new BandedSigma(arena, `${at}p`, Math.min(rows, columns), shape)
          : undefined;
      if (sigma) this.#sigmas.push(sigma);
      const m1 = shape.reflectors[0];
      // m₂ = 0 tells the kernels that V = I.
      const m2 = sigma || rows !== columns ? shape.reflectors[1] : 0;
      const W = allocate(rows * columns * 4);
      const gradient = allocate(rows * columns * 4);
      this.values.push([transitionName(layer), W]);
      this.gradients.push([transitionName(layer), gradient]);
      scratch = Math.max(scratch, kernels.spectralScratch(rows, columns, m1, m2));
      work += rows * columns * (m1 + m2);
      const factors = allocate(kernels.spectralFactorBytes(rows, columns, m1, m2));
      const [u, v] = [`${at}u`, `${at}v`];
      arena.integers.set(
        [
          ...[rows, columns, m1, m2, store.value(u), m2 > 0 ? store.value(v) : 0, sigma?.value ?? 0],
          ...[W, gradient, store.gradient(u), m2 > 0 ? store.gradient(v) : 0, sigma?.gradient ?? 0, factors],
        ],
        this.#records / 4 + layer * recordIntegers,
      );
    }
    this.#shared = work >= worthSharing;
    this.#scratchStride = Math.ceil(scratch / 64) * 64 + 64;
    this.#scratch = allocate(this.#scratchStride * threads.count);
  }

  /** W = U diag(σ) Vᵀ. */
  materialize(store: ParameterStore): void {
    for (const sigma of this.#sigmas) sigma.fill(store);
    const slices = this.#threads.kernels.spectralSlices();
    this.#round("prepare", 1);
    this.#round("right", slices);
    this.#round("left", slices);
  }

  /** From ∂L/∂W to ∂L/∂u, ∂L/∂v and ∂L/∂p. */
  pullback(store: ParameterStore): void {
    this.#round("pull", 3);
    for (const sigma of this.#sigmas) sigma.pullback(store);
  }

  #round(kind: "prepare" | "right" | "left" | "pull", piecesEach: number): void {
    const pieces = this.#layers * piecesEach;
    this.#threads.run(kind, pieces, this.#records, this.#scratch, this.#scratchStride, 0, 0, this.#shared);
  }

  release(): void {
    for (const [start, bytes] of this.#blocks) this.#arena.release(start, bytes);
    for (const sigma of this.#sigmas) sigma.release();
  }
}
