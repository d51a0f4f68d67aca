/** Leaving out rows that a picture could not show anyway. */

/**
 * Indices of at most `most` of `count` rows at even distances, the first and the last always among them.
 * @param most at least 2.
 */
export function thinIndices(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

/** A number with few significant digits, which keeps a report small; null for what JSON cannot hold. */
export function brief(value: number | null | undefined, digits = 4): number | null {
  return value === null || value === undefined || !Number.isFinite(value)
    ? null
    : Number(value.toPrecision(digits));
}
