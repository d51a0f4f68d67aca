/** The order in which a finite training set is visited: another one each epoch. */
import { Random } from "../random.ts";

export class EpochOrder {
  readonly #seed: number;
  readonly #count: number;
  /** The two epochs used last: a batch may span two. */
  readonly #kept = new Map<number, Int32Array>();

  /** @param count size of the training set, at least 1. */
  constructor(seed: number, count: number) {
    this.#seed = seed;
    this.#count = count;
  }

  /** Indices of the batch of a step (from 0): a pure function of (seed, step, size). */
  batch(step: number, size: number): Int32Array {
    const first = step * size;
    return Int32Array.from({ length: size }, (_, i) => {
      const epoch = Math.floor((first + i) / this.#count);
      return this.#order(epoch)[first + i - epoch * this.#count]!;
    });
  }

  #order(epoch: number): Int32Array {
    let order = this.#kept.get(epoch);
    if (!order) {
      order = new Random(this.#seed, "epoch", epoch).permutation(this.#count);
      if (this.#kept.size === 2) this.#kept.delete(this.#kept.keys().next().value!);
      this.#kept.set(epoch, order);
    }
    return order;
  }
}
