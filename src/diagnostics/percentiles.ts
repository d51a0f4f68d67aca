/** Percentiles over the batch of what was measured at every timestep of every sequence. */
import type { Percentiles } from "../runs/telemetry.ts";
import { select } from "./select.ts";

/**
 * 10th, 50th and 90th percentile over the batch, at each timestep, with linear interpolation between neighbours in
 * the sorted order (the usual definition, numpy's default).
 *
 * NaN counts as larger than Infinity: a few broken sequences show in p90 and leave the median readable.
 *
 * @param norms [T, B], row by row; norms, so ≥ 0 (signs are dropped).
 * @param batch B ≥ 1.
 * @throws Error when the length of `norms` is not a multiple of B.
 */
export function percentiles(norms: Float32Array, batch: number): Percentiles {
  const length = norms.length / batch;
  if (!Number.isInteger(batch) || batch < 1 || !Number.isInteger(length))
    throw new Error(
      `percentiles take [T, B] values in rows of B; ${norms.length} values do not fill rows of ${batch}`,
    );
  // The bits of a float that is not negative, read as an integer, sort as the float does, with NaN at the end. Work
  // on a copy of them: integers are compared without the special case that NaN would be.
  const bits = new Int32Array(batch);
  const value = new Float32Array(bits.buffer);
  const source = new Int32Array(norms.length);
  new Float32Array(source.buffer).set(norms);
  const result = {
    p10: new Float32Array(length),
    p50: new Float32Array(length),
    p90: new Float32Array(length),
  };
  const last = batch - 1;
  const between = (k: number, fraction: number, from: number) => {
    select(bits, k, from, last);
    const lower = value[k]!;
    if (fraction === 0) return lower;
    // Everything behind k is at least as large; its smallest is the neighbour.
    let next = k + 1;
    for (let i = k + 2; i < batch; i++) if (bits[i]! < bits[next]!) next = i;
    const upper = value[next]!;
    return lower === upper ? lower : lower + fraction * (upper - lower);
  };
  // Each selection leaves everything before its index smaller, so that the next starts where it ended.
  const place = (share: number) => ({
    k: Math.floor((last * share) / 100),
    fraction: ((last * share) % 100) / 100,
  });
  const tenth = place(10);
  const half = place(50);
  const ninetieth = place(90);
  for (let t = 0; t < length; t++) {
    const start = t * batch;
    for (let i = 0; i < batch; i++) bits[i] = source[start + i]! & 0x7fffffff;
    result.p10[t] = between(tenth.k, tenth.fraction, 0);
    result.p50[t] = between(half.k, half.fraction, tenth.k);
    result.p90[t] = between(ninetieth.k, ninetieth.fraction, half.k);
  }
  return result;
}
