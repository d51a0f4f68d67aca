/**
 * Seeded random numbers: data, their order and initial parameters each draw from a stream of their own, named by
 * labels, so that a longer test set or a wider layer never shifts the numbers of another part.
 *
 * The same seed gives the same bits on every platform. The generator (xoroshiro128+, Blackman & Vigna 2018, of
 * pure-rand) works on integers; what is derived from it uses only + − × ÷ and √, which IEEE 754 rounds in one way
 * only and which JavaScript never fuses. `Math.log` and `Math.cos` are left out on purpose: their last bit may
 * depend on how a JavaScript engine was compiled (fused multiply-add on ARM, for one).
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** One stream of random numbers. */
export class Random {
  #generator: RandomGenerator;
  /** The second of each pair of normal deviates, kept for the next call. */
  #spare: number | undefined;

  /**
   * @param seed any safe integer; experiment files allow 0 … 2³² − 1.
   * @param labels what the stream is for, e.g. `("adding", "train")` or `("order", epoch)`. Other labels, their
   *   order and their types give other, unrelated streams.
   */
  constructor(seed: number, ...labels: (string | number)[]) {
    if (!Number.isSafeInteger(seed)) throw new Error(`a random seed is a safe integer, not ${seed}`);
    this.#generator = xoroshiro128plusFromState(stateOf(seed, labels));
  }

  /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  /**
   * The next `count` numbers of `uniform`, put into every `stride`-th place of `values` from `start` on; in a quarter of
   * the time, since the generator's state stays in registers.
   */
  fillUniform(values: Float32Array, start: number, stride: number, count: number): void {
    let [s01 = 0, s00 = 0, s11 = 0, s10 = 0] = this.#generator.getState();
    const end = start + count * stride;
    for (let at = start; at < end; at += stride) {
      // Two words a number: 26 bits of the first, 27 of the second.
      const high = (s00 + s10) & 0x3ffffff;
      let [a0, a1] = [s10 ^ s00, s11 ^ s01];
      let before = s00;
      s00 = (s00 << 24) ^ (s01 >>> 8) ^ a0 ^ (a0 << 16);
      s01 = (s01 << 24) ^ (before >>> 8) ^ a1 ^ ((a1 << 16) | (a0 >>> 16));
      s10 = (a1 << 5) ^ (a0 >>> 27);
      s11 = (a0 << 5) ^ (a1 >>> 27);
      const low = (s00 + s10) & 0x7ffffff;
      [a0, a1] = [s10 ^ s00, s11 ^ s01];
      before = s00;
      s00 = (s00 << 24) ^ (s01 >>> 8) ^ a0 ^ (a0 << 16);
      s01 = (s01 << 24) ^ (before >>> 8) ^ a1 ^ ((a1 << 16) | (a0 >>> 16));
      s10 = (a1 << 5) ^ (a0 >>> 27);
      s11 = (a0 << 5) ^ (a1 >>> 27);
      values[at] = high * 2 ** -26 + low * 2 ** -53;
    }
    this.#generator = xoroshiro128plusFromState([s01, s00, s11, s10]);
  }

  /** Uniform integer in 0 … k − 1, for 1 ≤ k ≤ 2³². */
  below(k: number): number {
    if (!Number.isInteger(k) || k < 1 || k > 4294967296)
      throw new Error(`Random.below takes an integer from 1 to 4294967296, not ${k}`);
    return uniformInt(this.#generator, 0, k - 1);
  }

  /** Standard normal, by Marsaglia's polar method (Marsaglia & Bray 1964). */
  normal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * logarithm(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }

  /** The numbers 0 … n − 1 in random order, each order equally likely (Fisher & Yates 1938, Durstenfeld 1964). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = uniformInt(this.#generator, 0, i);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }

  /** −1 or 1, equally likely. */
  sign(): 1 | -1 {
    return this.#generator.next() < 0 ? -1 : 1;
  }
}

/** Avalanche of 32 bits: every input bit reaches every output bit (the finalizer of MurmurHash3, Appleby). */
function avalanche(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** 128 bits of generator state from a seed and labels; never all zero, which the generator could not leave. */
function stateOf(seed: number, labels: readonly (string | number)[]): number[] {
  const state = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  // Each word is folded into all four lanes; lanes differ in their starting value and take in their neighbour.
  const absorb = (word: number) => {
    for (let lane = 0; lane < 4; lane++)
      state[lane] = avalanche(Math.imul(state[lane]! ^ word, 0x9e3779b1) + state[(lane + 3) % 4]!);
  };
  const absorbNumber = (value: number) => {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, value);
    absorb(bits.getInt32(0));
    absorb(bits.getInt32(4));
  };
  absorbNumber(seed);
  for (const label of labels) {
    // The kind and the length keep ("ab", "c") apart from ("a", "bc"), and 1 from "1".
    if (typeof label === "number") {
      absorb(1);
      absorbNumber(label);
    } else {
      absorb(2);
      absorb(label.length);
      for (let i = 0; i < label.length; i++) absorb(label.charCodeAt(i));
    }
  }
  absorb(3);
  absorb(4);
  if (!state.some((word) => word !== 0)) state[0] = 1;
  return state;
}

/**
 * Natural logarithm of x in (0, 1] from exactly rounded operations only; relative error below 1e-15.
 */
function logarithm(x: number): number {
  let exponent = 0;
  let mantissa = x;
  while (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  // log m = 2 artanh z, z = (m − 1)/(m + 1), |z| ≤ 0.172: the first term left out of the series is below 1e-18.
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return exponent * Math.LN2 + 2 * z * sum;
}
