/** The Theil–Sen estimator: the median of the slopes between all pairs of points (Sen 1968). */
import { select } from "./select.ts";

/** Most points of a fit: 128 give 8128 slopes, whose median is steady and cheap. */
export const mostPoints = 128;

const mostSlopes = (mostPoints * (mostPoints - 1)) / 2;
/** From so many slopes on, a sample of them first says where about their median lies. */
const sampledFrom = 1000;
const sampleSize = 256;
/** Share of the sample on either side of its median between which the median of all is looked for. */
const margin = 0.1;

// Used again for every fit: a recorded step would leave 130 kB of garbage otherwise.
const slopes = new Float64Array(mostSlopes);
const near = new Float64Array(mostSlopes + 1);
const sample = new Float64Array(sampleSize);

/**
 * @param x different numbers, 2 to 128 of them.
 * @param y finite numbers, as many.
 */
export function medianSlope(x: Float64Array, y: Float64Array): number {
  let count = 0;
  for (let i = 1; i < x.length; i++)
    for (let j = 0; j < i; j++) slopes[count++] = (y[i]! - y[j]!) / (x[i]! - x[j]!);
  const k = count >> 1;
  return (count < sampledFrom ? undefined : selectNear(count, k)) ?? select(slopes, k, 0, count - 1);
}

/**
 * The k-th smallest slope, out of those between two of a sample; undefined where it does not lie between them. All but a
 * fifth are only counted so, which is several times as fast as to put them in order.
 */
function selectNear(count: number, k: number): number | undefined {
  for (let i = 0; i < sampleSize; i++) sample[i] = slopes[Math.floor((i * count) / sampleSize)]!;
  const from = Math.floor(sampleSize * (0.5 - margin));
  const low = select(sample, from, 0, sampleSize - 1);
  const high = select(sample, Math.floor(sampleSize * (0.5 + margin)), from, sampleSize - 1);
  let below = 0;
  let between = 0;
  // No branches: which way a slope goes is anybody's guess.
  for (let i = 0; i < count; i++) {
    const slope = slopes[i]!;
    near[between] = slope;
    below += Number(slope < low);
    between += Number(slope >= low) & Number(slope <= high);
  }
  const rank = k - below;
  return rank >= 0 && rank < between ? select(near, rank, 0, between - 1) : undefined;
}
