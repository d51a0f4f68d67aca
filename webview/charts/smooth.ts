/** A moving average for noisy series. */

/**
 * Centred moving average over `2·half + 1` values, fewer at the ends; missing values are left out, and where the
 * middle one is missing the result is too.
 */
export function movingAverage(values: ArrayLike<number>, half: number): number[] {
  // Running sums, so that the cost does not grow with the window.
  const sums = new Float64Array(values.length + 1);
  const counts = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) {
    const known = Number.isFinite(values[i]);
    sums[i + 1] = sums[i]! + (known ? values[i]! : 0);
    counts[i + 1] = counts[i]! + (known ? 1 : 0);
  }
  return Array.from({ length: values.length }, (_, i) => {
    if (!Number.isFinite(values[i])) return Number.NaN;
    const from = Math.max(0, i - half);
    const to = Math.min(values.length, i + half + 1);
    return (sums[to]! - sums[from]!) / (counts[to]! - counts[from]!);
  });
}
