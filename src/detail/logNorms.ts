/** log₁₀ ‖∂L/∂h_t‖ of every row of a layer, with sums over 2, 4, 8 … rows, from which the mean over any rows is quick. */
import { thinIndices } from "../report/thin.ts";
import { type Float32s, float32s } from "./growing.ts";

/** Stands in a mean for a gradient of zero: the smallest positive 32-bit float is 1.4e-45. */
export const zeroNorm = -45;
/** Values that the extent is estimated from. */
const sampleSize = 100_000;

/**
 * Level 0 is not stored: it is computed from the rows, which are in memory anyway. A value of level k ≥ 1 is the mean of
 * two neighbours below; NaN (a norm that is not finite) takes no part in a mean.
 */
export class LogNorms {
  readonly length: number;
  readonly #rows: Float32Array[] = [];
  /** Level k at index k − 1: the means over 2^k rows, one after the other. */
  readonly #levels: Float32s[] = [];
  /** Rows that the levels know. */
  #built = 0;

  readonly #scratch: Float32Array;

  /** @param length T. */
  constructor(length: number) {
    this.length = length;
    this.#scratch = new Float32Array(length);
  }

  get rowCount(): number {
    return this.#rows.length;
  }

  /** @param norms ‖∂L/∂h_t‖ for t = 1 … T; kept, not copied. */
  add(norms: Float32Array): void {
    this.#rows.push(norms);
  }

  /** Brings the levels up to the newest row. Left until a mean is asked for: opening a large run need not wait for it. */
  #build(): void {
    while (this.#built < this.#rows.length) this.#buildUpTo(++this.#built);
  }

  /** Whenever a pair of a level is complete, so is one block of the level above. */
  #buildUpTo(count: number): void {
    for (let level = 1; count % 2 ** level === 0; level++) {
      const right = count / 2 ** (level - 1) - 1;
      const above = Float32Array.from(this.#block(level - 1, right - 1));
      const other = this.#block(level - 1, right);
      for (let t = 0; t < above.length; t++) above[t] = meanOf(above[t]!, other[t]!);
      let stored = this.#levels[level - 1];
      if (stored === undefined) {
        stored = float32s();
        this.#levels.push(stored);
      }
      stored.pushAll(above);
    }
  }

  /**
   * The means of the logarithms over rows [from, to), timestep by timestep, into `means`.
   *
   * @param first index of the first timestep wanted, t − 1; as many follow as `means` is long.
   * @param means overwritten. −Infinity where all norms are zero, NaN where none is finite.
   */
  meanOver(from: number, to: number, first: number, means: Float64Array): void {
    this.#build();
    const weights = new Float64Array(means.length);
    const zeros = new Float64Array(means.length);
    means.fill(0);
    let at = from;
    while (at < to) {
      // The largest aligned block that begins here and does not pass the end.
      let level = 0;
      while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to && level < this.#levels.length)
        level++;
      const size = 2 ** level;
      const block = this.#block(level, at / size);
      for (let i = 0; i < means.length; i++) {
        const value = block[first + i]!;
        if (Number.isNaN(value)) continue;
        weights[i]! += size;
        if (value === Number.NEGATIVE_INFINITY) {
          zeros[i]! += size;
          means[i]! += size * zeroNorm;
        } else means[i]! += size * value;
      }
      at += size;
    }
    for (let i = 0; i < means.length; i++) {
      const weight = weights[i]!;
      if (weight === 0) means[i] = Number.NaN;
      else if (zeros[i] === weight) means[i] = Number.NEGATIVE_INFINITY;
      else means[i]! /= weight;
    }
  }

  /** About the 1st and the 99.9th percentile of the finite values; null where there are none. */
  extent(): [number, number] | null {
    const { length } = this;
    const values: number[] = [];
    const rows = thinIndices(this.rowCount, Math.max(2, Math.floor(sampleSize / Math.max(1, length))));
    for (const row of rows)
      for (const value of this.#block(0, row)) if (Number.isFinite(value)) values.push(value);
    if (values.length === 0) return null;
    const sorted = Float64Array.from(values).sort();
    const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
    return [at(0.01), at(0.999)];
  }

  /** The logarithms of one block, for all timesteps; valid until the next call. */
  #block(level: number, index: number): Float32Array {
    const { length } = this;
    if (level > 0) return this.#levels[level - 1]!.values.subarray(index * length, (index + 1) * length);
    const norms = this.#rows[index]!;
    const logs = this.#scratch;
    for (let t = 0; t < length; t++) {
      const norm = norms[t]!;
      logs[t] = norm === Number.POSITIVE_INFINITY ? Number.NaN : Math.log10(norm);
    }
    return logs;
  }
}

function meanOf(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  if (Number.isNaN(b)) return a;
  if (a === b) return a;
  return (Math.max(a, zeroNorm) + Math.max(b, zeroNorm)) / 2;
}
