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
  readonly #prefix: string;
  readonly #sigma: number;
  readonly #sigmaGradient: number;
  readonly #workspace: number;
  /** Where W is not square: the square problem that it is a corner of. */
  readonly #square: Square | undefined;
  readonly #blocks: [number, number][] = [];

  constructor(arena: Arena, kernels: Kernels, spec: ModelSpec, layer: number) {
    this.#arena = arena;
    this.#shape = matrixShape(spec, layer);
    this.#hasSigma = spec.cell === "spectral";
    this.#prefix = `layers.${layer}.`;
    const { rows, columns, reflectors } = this.#shape;
    const size = Math.max(rows, columns);
    const allocate = (bytes: number): number => {
      const start = arena.allocate(bytes);
      this.#blocks.push([start, bytes]);
      return start;
    };
    this.matrix = allocate(rows * columns * 4);
    this.gradient = allocate(rows * columns * 4);
    this.#sigma = allocate(size * 4);
    this.#sigmaGradient = allocate(size * 4);
    if (rows !== columns)
      this.#square = {
        matrix: allocate(size * size * 4),
        gradient: allocate(size * size * 4),
        u: allocate(reflectors[0] * size * 4),
        v: allocate(reflectors[1] * size * 4),
        uGradient: allocate(reflectors[0] * size * 4),
        vGradient: allocate(reflectors[1] * size * 4),
      };
    this.#workspace = allocate(kernels.spectralWorkspace(size, ...this.#reflectors()));
  }

  /** m₂ = 0 tells the kernels that V = I and σ = 1. */
  #reflectors(): [number, number] {
    const { rows, columns, reflectors } = this.#shape;
    return [reflectors[0], this.#hasSigma || rows !== columns ? reflectors[1] : 0];
  }

  /** W = U diag(σ) Vᵀ. */
  materialize(kernels: Kernels, store: ParameterStore): void {
    const { rows, columns, radius, center } = this.#shape;
    const [m1, m2] = this.#reflectors();
    const { floats } = this.#arena;
    const count = Math.min(rows, columns);
    if (this.#hasSigma) {
      const p = store.value(`${this.#prefix}p`) / 4;
      for (let i = 0; i < count; i++)
        floats[this.#sigma / 4 + i] = 2 * radius * (sigmoid(floats[p + i]!) - 0.5) + center;
    } else floats.fill(1, this.#sigma / 4, this.#sigma / 4 + count);
    const u = store.value(`${this.#prefix}u`);
    const v = m2 > 0 ? store.value(`${this.#prefix}v`) : 0;
    const square = this.#square;
    if (!square) {
      const sigma = m2 > 0 ? this.#sigma : 0;
      kernels.spectralMaterialize(rows, m1, m2, u, v, sigma, this.matrix, this.#workspace);
      return;
    }
    // W is the corner of a square matrix of the same form, whose other singular values are 0.
    const size = Math.max(rows, columns);
    this.#copyRows(u, rows, square.u, size, m1);
    this.#copyRows(v, columns, square.v, size, m2);
    kernels.spectralMaterialize(
      size,
      m1,
      m2,
      square.u,
      square.v,
      this.#sigma,
      square.matrix,
      this.#workspace,
    );
    this.#copyRows(square.matrix, size, this.matrix, columns, rows);
  }

  /** Copies `count` rows, as much of each as both have. */
  #copyRows(from: number, fromColumns: number, to: number, toColumns: number, count: number): void {
    const { floats } = this.#arena;
    const columns = Math.min(fromColumns, toColumns);
    for (let i = 0; i < count; i++) {
      const start = from / 4 + i * fromColumns;
      floats.copyWithin(to / 4 + i * toColumns, start, start + columns);
    }
  }

  /** From ∂L/∂W to ∂L/∂u, ∂L/∂v and ∂L/∂p. */
  pullback(kernels: Kernels, store: ParameterStore): void {
    const { rows, columns, radius } = this.#shape;
    const [m1, m2] = this.#reflectors();
    const u = `${this.#prefix}u`;
    const v = `${this.#prefix}v`;
    const square = this.#square;
    if (square) {
      const size = Math.max(rows, columns);
      this.#copyRows(this.gradient, columns, square.gradient, size, rows);
      kernels.spectralPullback(
        size,
        m1,
        m2,
        square.u,
        square.v,
        this.#sigma,
        square.matrix,
        square.gradient,
        square.uGradient,
        square.vGradient,
        this.#sigmaGradient,
        this.#workspace,
      );
      this.#copyRows(square.uGradient, size, store.gradient(u), rows, m1);
      this.#copyRows(square.vGradient, size, store.gradient(v), columns, m2);
      // A reflector of length 1 is a sign and is not trained; in the square problem it is longer.
      if (m1 === rows) this.#arena.floats[store.gradient(u) / 4 + rows * rows - 1] = 0;
      if (m2 === columns) this.#arena.floats[store.gradient(v) / 4 + columns * columns - 1] = 0;
    } else
      kernels.spectralPullback(
        rows,
        m1,
        m2,
        store.value(u),
        m2 > 0 ? store.value(v) : 0,
        m2 > 0 ? this.#sigma : 0,
        this.matrix,
        this.gradient,
        store.gradient(u),
        m2 > 0 ? store.gradient(v) : 0,
        m2 > 0 ? this.#sigmaGradient : 0,
        this.#workspace,
      );
    if (!this.#hasSigma) return;
    const { floats } = this.#arena;
    const p = store.value(`${this.#prefix}p`) / 4;
    const out = store.gradient(`${this.#prefix}p`) / 4;
    for (let i = 0; i < Math.min(rows, columns); i++) {
      const s = sigmoid(floats[p + i]!);
      floats[out + i] = floats[this.#sigmaGradient / 4 + i]! * 2 * radius * s * (1 - s);
    }
  }

  release(): void {
    for (const [start, bytes] of this.#blocks) this.#arena.release(start, bytes);
  }
}

/** Addresses of a square problem's matrices [size, size] and reflectors [m, size]. */
interface Square {
  readonly matrix: number;
  readonly gradient: number;
  readonly u: number;
  readonly v: number;
  readonly uGradient: number;
  readonly vGradient: number;
}
