/**
 * The two numbers a person remembers of a gradient profile ‖∂L/∂h_t‖, t = 1 … T: its half-life and its reach.
 *
 * With a head at the last timestep only, all gradient enters at T and the profile shows what is left of it further
 * back. With a head at every timestep (the copy problem), gradient enters everywhere, and the profile is the sum of
 * what arrives and what is added on the spot. Even a network that carries nothing then shows a floor: the gradient
 * that each timestep gets from its own output. So for such heads the half-life is that of the descent from the
 * profile's peak back to its floor, where it has one; and a flat profile or a long reach is no proof of memory.
 */
import { medianSlope, mostPoints } from "./medianSlope.ts";
import { select } from "./select.ts";

export interface GradientSummary {
  /** Timesteps until ‖∂L/∂h‖ halves going back; negative: it doubles; Infinity: flat; NaN: nothing to fit. */
  readonly halfLife: number;
  /** How many of the T timesteps receive at least 1 % of the gradient at the last one: 0 … T. */
  readonly reach: number;
}

/** Share of the last timestep's gradient that counts as reached. */
export const reachShare = 0.01;

/** Below this a 32-bit float is about to lose precision (the smallest normal one is 1.2e-38). */
const smallestUsable = 1e-37;
/** The smallest positive 32-bit float: what became 0 was smaller. */
const smallestPositive = 1.4e-45;
/** A change of less than 0.1 % over the whole fit is rounding, not decay. */
const flatChange = 1e-3;
/** A peak this many times its floor has a descent worth fitting alone. */
const peakOverFloor = 10;
/** The descent ends where the profile comes within this factor of its floor. */
const nearFloor = 3;

/**
 * Half-life and reach of a profile.
 *
 * @param profile ‖∂L/∂h_t‖ for t = 1 … T (index t − 1), e.g. the median over the batch.
 * @param headIsPerStep whether the loss has a term at every timestep.
 */
export function summarizeGradient(profile: ArrayLike<number>, headIsPerStep: boolean): GradientSummary {
  return { halfLife: gradientHalfLife(profile, headIsPerStep), reach: gradientReach(profile) };
}

/** How many timesteps receive at least 1 % of the gradient at the last one; 0 when that is 0 or not finite. */
export function gradientReach(profile: ArrayLike<number>): number {
  const last = profile[profile.length - 1];
  if (last === undefined || !Number.isFinite(last) || last <= 0) return 0;
  let reach = 0;
  for (let i = 0; i < profile.length; i++) if (profile[i]! >= reachShare * last) reach++;
  return reach;
}

/**
 * ln 2 / b, where b is the slope of ln ‖∂L/∂h_t‖ against t by the Theil–Sen estimator (the median of the slopes
 * between all pairs of points; Sen 1968), which up to 29 % of stray points do not move. At most 128 points, evenly
 * spread, take part.
 *
 * Timesteps whose norm underflowed or is not finite take no part. A gradient that is gone after a single timestep
 * still has a half-life: that of the slowest decay which underflows so fast.
 */
export function gradientHalfLife(profile: ArrayLike<number>, headIsPerStep: boolean): number {
  const points = pointsOfFit(profile, headIsPerStep);
  const [earliest] = points;
  if (earliest === undefined) return Number.NaN;
  if (points.length === 1) {
    const before = earliest > 0 ? profile[earliest - 1]! : Number.NaN;
    return before < smallestUsable ? Math.LN2 / Math.log(profile[earliest]! / smallestPositive) : Number.NaN;
  }
  const slope = slopeThrough(profile, points);
  const span = points.at(-1)! - points[0]!;
  return Math.abs(slope) * span < flatChange ? Number.POSITIVE_INFINITY : Math.LN2 / slope;
}

/** The line through a profile whose slope its half-life is: log₂ ‖∂L/∂h_t‖ ≈ intercept + slope · t. */
export interface GradientLine {
  /** Doublings per timestep: 1 / half-life. */
  readonly slope: number;
  /** log₂ of the norm where the line meets t = 0: the median over the points of the fit. */
  readonly intercept: number;
  /** First and last timestep that took part, of 1 … T. */
  readonly timesteps: readonly [number, number];
}

/** @returns null where fewer than two timesteps can take part; see `gradientHalfLife`. */
export function gradientLine(profile: ArrayLike<number>, headIsPerStep: boolean): GradientLine | null {
  const points = pointsOfFit(profile, headIsPerStep);
  if (points.length < 2) return null;
  const slope = slopeThrough(profile, points) / Math.LN2;
  const intercepts = Float64Array.from(points, (i) => Math.log2(profile[i]!) - slope * (i + 1));
  const intercept = select(intercepts, intercepts.length >> 1, 0, intercepts.length - 1);
  return { slope, intercept, timesteps: [points[0]! + 1, points.at(-1)! + 1] };
}

/** Indices of the timesteps that a fit goes through, in order. */
function pointsOfFit(profile: ArrayLike<number>, headIsPerStep: boolean): number[] {
  const [from, to] = headIsPerStep ? descent(profile) : [0, profile.length - 1];
  const usable: number[] = [];
  for (let i = from; i <= to; i++) if (isUsable(profile[i]!)) usable.push(i);
  return usable.length < 2 ? usable : spread(usable);
}

/** Of the natural logarithm, per timestep. */
function slopeThrough(profile: ArrayLike<number>, points: readonly number[]): number {
  return medianSlope(
    Float64Array.from(points),
    Float64Array.from(points, (i) => Math.log(profile[i]!)),
  );
}

function isUsable(norm: number): boolean {
  return norm >= smallestUsable && norm < Number.POSITIVE_INFINITY;
}

/** First and last index of the descent from the peak back to the floor; the whole profile where there is none. */
function descent(profile: ArrayLike<number>): [number, number] {
  const whole: [number, number] = [0, profile.length - 1];
  let peak = -1;
  for (let i = 0; i < profile.length; i++)
    if (isUsable(profile[i]!) && (peak < 0 || profile[i]! >= profile[peak]!)) peak = i;
  if (peak < 0) return whole;
  const before: number[] = [];
  for (let i = 0; i <= peak; i++) if (isUsable(profile[i]!)) before.push(profile[i]!);
  const sorted = Float64Array.from(before);
  // A tenth, not the minimum: one odd timestep, such as the copy problem's marker, must not set the floor.
  const floor = select(sorted, Math.floor((sorted.length - 1) / 10), 0, sorted.length - 1);
  if (profile[peak]! < peakOverFloor * floor) return whole;
  // Where outputs matter (the copy problem's recall) the profile is a plateau; the descent begins at its early end.
  let top = peak;
  while (top > 0 && profile[top - 1]! >= profile[peak]! / 2) top--;
  let start = top;
  while (start > 0 && profile[start]! > nearFloor * floor) start--;
  return [start, top];
}

/** At most `mostPoints` of the indices, evenly spread, both ends among them. */
function spread(indices: readonly number[]): number[] {
  if (indices.length <= mostPoints) return [...indices];
  return Array.from(
    { length: mostPoints },
    (_, i) => indices[Math.round((i * (indices.length - 1)) / (mostPoints - 1))]!,
  );
}
