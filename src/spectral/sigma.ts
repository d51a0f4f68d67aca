/**
 * Singular values kept inside a band: σ = 2r (sigmoid(p) − ½) + σ* = r tanh(p/2) + σ*, so σ ∈ (σ* − r, σ* + r)
 * (Zhang, Lei & Dhillon, ICML 2018). σ may be negative where the band reaches below zero; the singular value is
 * then its magnitude.
 */

/** The open interval (center − radius, center + radius). */
export interface Band {
  /** σ*. */
  readonly center: number;
  /** r > 0. */
  readonly radius: number;
}

/**
 * |p| given to a σ that is clipped into its band: 6e-6 of the band's width away from the edge. Nearer to it, float32
 * could no longer tell sigmoid(p) from 1 well enough to give p a gradient; farther, clipping would change more of W
 * than it must.
 */
export const clippedP = 12;

/** Beyond this |p|, 1e-13 of the band's width from its edge, σ in double precision does not determine p. */
const reachableP = 30;

/** σ(p). */
export function sigmaOf(p: number, { center, radius }: Band): number {
  return radius * Math.tanh(p / 2) + center;
}

/** dσ/dp = 2r sigmoid(p) (1 − sigmoid(p)). */
export function sigmaDerivative(p: number, { radius }: Band): number {
  const decay = Math.exp(-Math.abs(p));
  return (2 * radius * decay) / (1 + decay) ** 2;
}

/** p with σ(p) = σ, or undefined when σ is at the band's edge or outside. */
export function pOf(sigma: number, { center, radius }: Band): number | undefined {
  const p = 2 * Math.atanh((sigma - center) / radius);
  return Math.abs(p) <= reachableP ? p : undefined;
}

/** The p whose σ is nearest to `sigma` among those that can be trained on: `pOf`, or ±`clippedP`. */
export function nearestP(sigma: number, band: Band): number {
  return pOf(sigma, band) ?? (sigma < band.center ? -clippedP : clippedP);
}

/** How a spectrum lies in a band. */
export interface BandReport {
  /** Values looked at. */
  readonly count: number;
  /** Smallest and largest of the values. */
  readonly sigma: readonly [number, number];
  /** Values that no p reaches: outside the band or at its edge. */
  readonly outside: number;
  /** How far the farthest lies outside; 0 for values at the edge. */
  readonly distance: number;
}

export function bandReport(sigma: Float64Array, band: Band): BandReport {
  let [minimum, maximum, outside, distance] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of sigma) {
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
    if (pOf(value, band) === undefined) outside++;
    distance = Math.max(distance, Math.abs(value - band.center) - band.radius);
  }
  return { count: sigma.length, sigma: [minimum, maximum], outside, distance };
}
