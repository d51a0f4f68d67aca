/**
 * Finite-time Lyapunov exponents of a product of Jacobians J_T ⋯ J_2 J_1, by repeated QR decomposition (Benettin,
 * Galgani, Giorgilli & Strelcyn 1980; Geist, Parlitz & Lauterborn 1990; of recurrent networks Engelken, Wolf & Abbott
 * 2020, and Vogt, Puelma Touzel, Shlizerman & Lajoie 2020).
 *
 * An orthonormal frame Q_0 of k directions is carried along: J_t Q_{t−1} = Q_t R_t with R_t upper triangular and a
 * diagonal ≥ 0. The mean over timesteps of ln (R_t)_ii is the i-th exponent: how fast, in nats per timestep, a
 * disturbance grows (above 0) or dies (below 0) along the i-th direction that the dynamics pick by themselves. The
 * sum of all n exponents is exactly the mean of ln |det J_t|.
 *
 * Double precision throughout. A frame is k vectors of n values one after the other, [k, n]: the columns of Q.
 */
import { Random } from "../random.ts";

export interface LyapunovProblem {
  /** n ≥ 1: the size of the state. */
  readonly size: number;
  /** k, 1 … n: how many of the leading exponents. */
  readonly count: number;
  /** T ≥ 1. */
  readonly steps: number;
  /** Replaces each of the k vectors v of a frame [k, n] by J_t v, for timestep index t = 0 … T − 1, called in order. */
  readonly apply: (t: number, frame: Float64Array) => void;
  /**
   * Timesteps at the start that turn the frame towards the directions of growth but do not count: 0 … T − 1. Default:
   * `defaultTransient(steps)`.
   */
  readonly transient?: number;
  /** Of the random frame at the start; default 0. The same seed gives the same bits. */
  readonly seed?: number;
}

/** A fifth of the timesteps, at most 100, while the random frame turns towards the directions of the dynamics. */
export function defaultTransient(steps: number): number {
  return Math.min(100, Math.floor(steps / 5));
}

/**
 * The k leading exponents in nats per timestep, descending: [k].
 *
 * A direction that the Jacobians take to zero, as those through dead relu units, has −Infinity. So has one that a
 * single timestep shrinks, relative to its neighbours, to less than double precision resolves (about 1e-16 · n).
 *
 * @throws RangeError when size, count, steps or transient are not in their ranges; Error when a Jacobian is not finite,
 *   naming the timestep.
 */
export function lyapunovExponents(problem: LyapunovProblem): Float64Array {
  const { size, count, steps, apply, transient = defaultTransient(steps), seed = 0 } = problem;
  const whole = (name: string, value: number, low: number, high: number) => {
    if (!(Number.isInteger(value) && value >= low && value <= high))
      throw new RangeError(`${name} must be a whole number from ${low} to ${high}, not ${value}`);
  };
  whole("size", size, 1, Number.MAX_SAFE_INTEGER);
  whole("count", count, 1, size);
  whole("steps", steps, 1, Number.MAX_SAFE_INTEGER);
  whole("transient", transient, 0, steps - 1);
  const frame = randomFrame(size, count, seed);
  const diagonal = new Float64Array(count);
  const sums = new Float64Array(count);
  for (let t = 0; t < steps; t++) {
    apply(t, frame);
    orthonormalize(frame, size, count, diagonal);
    for (let i = 0; i < count; i++) {
      if (!Number.isFinite(diagonal[i]!))
        throw new Error(`the Jacobian of timestep ${t + 1} is not finite: it has no Lyapunov exponents`);
      // What was lost in the transient is lost for good: its direction stays zero, and ln 0 counts from then on.
      if (t >= transient) sums[i]! += Math.log(diagonal[i]!);
    }
  }
  // Over a finite time neighbours may stand in the wrong order.
  return sums
    .map((sum) => sum / (steps - transient))
    .sort()
    .reverse();
}

/** k orthonormal random directions, uniform over the frames: [k, n]. */
function randomFrame(size: number, count: number, seed: number): Float64Array {
  const random = new Random(seed, "lyapunov");
  const frame = Float64Array.from({ length: count * size }, () => random.normal());
  orthonormalize(frame, size, count, new Float64Array(count));
  return frame;
}

/**
 * QR decomposition in place by modified Gram–Schmidt, done once more where more than half of a vector went, which is
 * orthogonal to rounding however the vectors lie ("twice is enough", Parlett 1980; Giraud, Langou & Rozložník 2005). A
 * vector that depends on those before it, to rounding, becomes zero, and its place on the diagonal too: a random one in
 * its place would claim a growth that is not there.
 *
 * @param frame [k, n]: the columns of A before, those of Q after.
 * @param diagonal of R, ≥ 0, written: [k].
 */
export function orthonormalize(
  frame: Float64Array,
  size: number,
  count: number,
  diagonal: Float64Array,
): void {
  for (let j = 0; j < count; j++) {
    const v = frame.subarray(j * size, (j + 1) * size);
    const before = norm(v);
    diagonal[j] = before;
    if (before === 0 || !Number.isFinite(before)) continue;
    // At length 1 the squares neither overflow nor underflow.
    for (let r = 0; r < size; r++) v[r]! /= before;
    let left = withoutEarlier(v, frame, size, j, diagonal);
    if (left < 0.5) left = withoutEarlier(v, frame, size, j, diagonal);
    if (left <= 4 * size * Number.EPSILON) {
      v.fill(0);
      diagonal[j] = 0;
      continue;
    }
    for (let r = 0; r < size; r++) v[r]! /= left;
    diagonal[j] = before * left;
  }
}

/** Takes from v what lies along the first j vectors of the frame. @returns ‖v‖ after. */
function withoutEarlier(
  v: Float64Array,
  frame: Float64Array,
  size: number,
  j: number,
  diagonal: Float64Array,
): number {
  for (let i = 0; i < j; i++) {
    if (diagonal[i] === 0) continue;
    const q = frame.subarray(i * size, (i + 1) * size);
    let dot = 0;
    for (let r = 0; r < size; r++) dot += q[r]! * v[r]!;
    for (let r = 0; r < size; r++) v[r]! -= dot * q[r]!;
  }
  return norm(v);
}

/** ‖v‖₂, safe for very large and very small entries; NaN or Infinity where one is. */
function norm(v: Float64Array): number {
  let largest = 0;
  for (let r = 0; r < v.length; r++) {
    const value = Math.abs(v[r]!);
    if (!Number.isFinite(value)) return value;
    if (value > largest) largest = value;
  }
  if (largest === 0) return 0;
  let sum = 0;
  for (let r = 0; r < v.length; r++) {
    const value = v[r]! / largest;
    sum += value * value;
  }
  return largest * Math.sqrt(sum);
}
