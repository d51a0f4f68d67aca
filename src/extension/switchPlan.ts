/** What a switch of parameterization would do to a spectrum, and in which words. Knows nothing of VS Code. */
import { number, range } from "../diagnostics/words.ts";

export type Parameterization = "spectral" | "rnn";

export const parameterizationNames: Readonly<Record<Parameterization, string>> = {
  spectral: "the SVD parameterization",
  rnn: "the vanilla parameterization",
};

/** @throws Error for a cell with gates. @param name of the run or the file. */
export function assertSwitchable(name: string, cell: string): void {
  if (cell !== "rnn" && cell !== "spectral" && cell !== "orthogonal")
    throw new Error(
      `${name} has the cell ${cell}, whose gates have no such parameterization; only rnn, spectral and orthogonal can be switched`,
    );
}

export interface Spectrum {
  /** Singular values of every transition matrix W, in any order. */
  readonly values: Float32Array;
  /** When they were measured. */
  readonly step: number;
}

export interface SwitchPlan {
  readonly low: number;
  readonly high: number;
  /** Values that lie outside the band, or on its edge. */
  readonly outside: number;
  readonly count: number;
  /** How far the farthest lies outside. */
  readonly farthest: number;
  /** The smallest handy radius whose band holds all of them. */
  readonly holdingRadius: number;
}

/** Room between the farthest singular value and the band's edge, which none can reach. */
const room = 1.05;
/** Largest radius that a trainer takes. */
export const largestRadius = 10;

/** @throws RangeError when there are no singular values. */
export function switchPlan(values: Float32Array, center: number, radius: number): SwitchPlan {
  if (values.length === 0) throw new RangeError("there are no singular values");
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let outside = 0;
  let distance = 0;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    const away = Math.abs(value - center);
    distance = Math.max(distance, away);
    if (away >= radius) outside++;
  }
  return {
    low,
    high,
    outside,
    count: values.length,
    farthest: Math.max(0, distance - radius),
    holdingRadius: roundedUp(distance * room),
  };
}

/**
 * The smallest handy radius that holds the spectrum for which a trainer has refused a switch: training goes on while
 * the user is asked, so that singular values may have left the band that they were measured for.
 *
 * @param reason what the trainer said.
 * @returns undefined when it refused for something else.
 */
export function radiusAfterRefusal(reason: string, center: number): number | undefined {
  const said = /lie outside the band .* they range from ([\d.e+-]+) to ([\d.e+-]+);/s.exec(reason);
  if (!said) return undefined;
  const distance = Math.max(...said.slice(1, 3).map((value) => Math.abs(Number(value) - center)));
  return Number.isFinite(distance) ? roundedUp(distance * room) : undefined;
}

/** Two significant digits, upwards. */
function roundedUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(Math.max(value, 1e-6))) - 1);
  return Number((Math.ceil(value / unit) * unit).toPrecision(2));
}

/** `28 of 32 singular values lie outside 1 ± 0.1 …`: what is said before anything is clipped. */
export function clippingText(plan: SwitchPlan, step: number, center: number, radius: number): string {
  const { outside, count, farthest, low, high, holdingRadius } = plan;
  return (
    `At step ${step.toLocaleString("en")} the singular values of W run ${range(low, high)}. ` +
    `The band ${center} ± ${radius} would move ${outside} of ${count} of them, by up to ${number(farthest)}, which changes what the model computes.` +
    (holdingRadius > largestRadius
      ? ` No band around ${center} that a trainer takes (radius ${largestRadius} at most) holds them all.`
      : ` A band ${center} ± ${holdingRadius} holds them all and changes nothing.`)
  );
}

export interface SwitchOutcome {
  readonly from: string;
  readonly to: string;
  readonly step: number;
  readonly sigma: readonly [number, number];
  readonly clipped: number;
  readonly clippedCount: number;
  /** Of the outputs (a run in training) or of W (a checkpoint), relative. */
  readonly change: number;
  readonly changed: "outputs" | "W";
}

/** What was done, in one sentence or two. */
export function outcomeText(name: string, outcome: SwitchOutcome): string {
  const { from, to, step, sigma, clipped, clippedCount, change, changed } = outcome;
  const moved =
    clippedCount === 0 ? "none was clipped" : `${clippedCount} were clipped, by up to ${number(clipped)}`;
  return (
    `${name}: switched from ${from} to ${to} at step ${step.toLocaleString("en")}. ` +
    `σ ran ${range(sigma[0], sigma[1])}, ${moved}; the ${changed} changed by ${number(change)} relative.`
  );
}
