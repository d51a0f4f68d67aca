/** What zooming and panning do to the part of an axis that is shown. */

export type Domain = readonly [number, number];

/** Never outside the whole, never narrower than `least` (or the whole, where that is narrower). */
export function clampedDomain([low, high]: Domain, [first, last]: Domain, least: number): Domain {
  const width = Math.min(last - first, Math.max(least, high - low));
  const middle = (low + high) / 2;
  // What is wide enough keeps its ends; what was too narrow grows around its middle.
  const start = high - low >= least ? low : middle - width / 2;
  const from = Math.min(Math.max(start, first), last - width);
  return [from, from + width];
}

/**
 * The domain made `factor` times as wide around a value that keeps its place.
 * @param factor below 1: zooms in.
 */
export function zoomedDomain(
  [low, high]: Domain,
  whole: Domain,
  factor: number,
  about: number,
  least: number,
): Domain {
  const share = high > low ? (about - low) / (high - low) : 0.5;
  const width = Math.min(whole[1] - whole[0], Math.max(least, (high - low) * factor));
  return clampedDomain([about - share * width, about + (1 - share) * width], whole, least);
}

/** The domain moved by a share of its width. */
export function pannedDomain([low, high]: Domain, whole: Domain, share: number, least: number): Domain {
  const by = share * (high - low);
  return clampedDomain([low + by, high + by], whole, least);
}
