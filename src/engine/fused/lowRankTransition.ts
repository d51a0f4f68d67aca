/**
 * The transition matrix of few reflectors as Σ + P Qᵀ, by which a timestep costs n·m and not n²
 * (src/kernels/assembly/lowRank.ts).
 */
import type { ModelSpec } from "../engine.ts";
import { BandedSigma } from "./bandedSigma.ts";
import { layer as layerField } from "./descriptor.ts";
import type { Kernels } from "./kernels.ts";
import type { Arena } from "./memory.ts";
import type { ParameterStore } from "./parameterStore.ts";
import { lowRankNames } from "./plan.ts";
import type { Transition } from "./transition.ts";

export class LowRankTransition implements Transition {
  readonly values: Transition["values"];
  readonly gradients: Transition["gradients"];
  readonly #arena: Arena;
  readonly #kernels: Kernels;
  readonly #n: number;
  readonly #m1: number;
  readonly #m2: number;
  readonly #names: { readonly u: string; readonly v: string };
  readonly #sigma: BandedSigma | undefined;
  /** Address of σ; of ones, where there is no σ to learn. */
  readonly #diagonal: number;
  /** Bytes from a partial's start to the parts of diag(∂L/∂W). */
  readonly #diagonalGradient: number;
  readonly #P: { readonly value: number; readonly gradient: number };
  readonly #Qt: { readonly value: number; readonly gradient: number };
  readonly #workspace: number;
  readonly #blocks: [number, number][] = [];

  /**
   * @param record the layer's record, which learns where σ lies.
   * @param diagonalGradient bytes from a partial's start to diag(∂L/∂W), [padded n, 8].
   */
  constructor(
    arena: Arena,
    kernels: Kernels,
    spec: ModelSpec,
    layer: number,
    record: number,
    diagonalGradient: number,
  ) {
    const n = spec.hidden;
    this.#arena = arena;
    this.#kernels = kernels;
    this.#n = n;
    this.#m1 = spec.reflectors[0];
    this.#m2 = spec.cell === "spectral" ? spec.reflectors[1] : 0;
    this.#names = { u: `layers.${layer}.u`, v: `layers.${layer}.v` };
    this.#diagonalGradient = diagonalGradient;
    const allocate = (floats: number): number => {
      const start = arena.allocate(floats * 4);
      this.#blocks.push([start, floats * 4]);
      return start;
    };
    if (spec.cell === "spectral") {
      this.#sigma = new BandedSigma(arena, `layers.${layer}.p`, n, spec);
      this.#diagonal = this.#sigma.value;
    } else {
      this.#diagonal = allocate(n);
      arena.floats.fill(1, this.#diagonal / 4, this.#diagonal / 4 + n);
    }
    arena.integers[record / 4 + layerField.diagonal] = this.#diagonal;
    const size = n * (this.#m1 + this.#m2);
    this.#P = { value: allocate(size), gradient: allocate(size) };
    this.#Qt = { value: allocate(size), gradient: allocate(size) };
    this.#workspace = allocate(kernels.lowRankWorkspace(n, this.#m1, this.#m2) / 4);
    const { P, Qt } = lowRankNames(layer);
    this.values = [
      [P, this.#P.value],
      [Qt, this.#Qt.value],
    ];
    this.gradients = [
      [P, this.#P.gradient],
      [Qt, this.#Qt.gradient],
    ];
  }

  materialize(store: ParameterStore): void {
    const { u, v } = this.#names;
    this.#sigma?.fill(store);
    this.#kernels.lowRankMaterialize(
      this.#n,
      this.#m1,
      this.#m2,
      store.value(u),
      this.#m2 > 0 ? store.value(v) : 0,
      this.#diagonal,
      this.#P.value,
      this.#Qt.value,
      this.#workspace,
    );
  }

  pullback(store: ParameterStore, partial: number): void {
    const { u, v } = this.#names;
    this.#kernels.lowRankPullback(
      this.#n,
      this.#m1,
      this.#m2,
      store.value(u),
      this.#m2 > 0 ? store.value(v) : 0,
      this.#diagonal,
      this.#P.value,
      this.#Qt.value,
      this.#P.gradient,
      this.#Qt.gradient,
      partial + this.#diagonalGradient,
      store.gradient(u),
      this.#m2 > 0 ? store.gradient(v) : 0,
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
