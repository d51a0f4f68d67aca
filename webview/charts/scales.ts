/** Scales of the charts' axes, with the ticks that a person reads. */
import { scaleLinear, scaleLog, ticks } from "d3";
import { formatInteger, formatNumber, powerOfTen } from "./numbers.ts";

export interface Tick {
  /** Position in pixels. */
  readonly at: number;
  readonly label: string;
}

export interface Axis {
  /** From data to pixels; NaN where the scale has no place for a value (log of 0). */
  readonly position: (value: number) => number;
  /** From pixels to data. */
  readonly invert: (pixel: number) => number;
  readonly ticks: readonly Tick[];
}

type Range = readonly [number, number];

/** A domain of width 0 is widened, so that a single point stands in the middle. */
function widened([low, high]: Range): [number, number] {
  if (low < high) return [low, high];
  const margin = low === 0 ? 1 : Math.abs(low) / 2;
  return [low - margin, high + margin];
}

/** @param count ticks wanted, about. */
export function linearAxis(
  domain: Range,
  range: Range,
  count: number,
  format?: (value: number) => string,
): Axis {
  const scale = scaleLinear(widened(domain), range).unknown(Number.NaN);
  // All labels with as many decimals as the distance between them asks for; tiny numbers as powers of ten.
  const tiny = Math.max(...scale.domain().map(Math.abs)) < 1e-3;
  const text = format ?? (tiny ? formatNumber : scale.tickFormat(count));
  return {
    position: scale,
    invert: (pixel) => scale.invert(pixel),
    ticks: scale.ticks(count).map((value) => ({ at: scale(value), label: text(value) })),
  };
}

/** Training steps: whole numbers only. A single step stands in the middle. */
export function stepAxis(domain: Range, range: Range, count: number): Axis {
  const [low, high] = domain;
  const axis = linearAxis(low === high ? [low - 1, high + 1] : domain, range, count);
  const scale = scaleLinear(low === high ? [low - 1, high + 1] : [low, high], range).unknown(Number.NaN);
  const whole = scale.ticks(count).filter((value) => Number.isInteger(value) && value >= 0);
  return { ...axis, ticks: whole.map((value) => ({ at: scale(value), label: formatInteger(value) })) };
}

/** @param domain positive. */
export function logAxis(domain: Range, range: Range, count: number): Axis {
  const [low, high] = domain[0] < domain[1] ? domain : [domain[0] / 2, domain[1] * 2];
  const scale = scaleLog([low, high], range);
  return {
    position: (value) => (value > 0 ? scale(value) : Number.NaN),
    invert: (pixel) => scale.invert(pixel),
    ticks: logTicks(low, high, count).map(({ value, label }) => ({ at: scale(value), label })),
  };
}

function logTicks(low: number, high: number, count: number): { value: number; label: string }[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first >= 2) {
    const stride = Math.ceil((last - first + 1) / count);
    const powers: { value: number; label: string }[] = [];
    for (let exponent = first; exponent <= last; exponent++)
      if (exponent % stride === 0)
        powers.push({
          value: 10 ** exponent,
          label: Math.abs(exponent) <= 2 ? formatNumber(10 ** exponent) : powerOfTen(exponent),
        });
    return powers;
  }
  const steps: number[] = [];
  for (let exponent = first - 1; exponent <= last; exponent++)
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** exponent;
      if (value >= low && value <= high) steps.push(Number(value.toPrecision(3)));
    }
  const values = steps.length >= 3 ? steps : ticks(low, high, Math.max(2, count - 1));
  return values.map((value) => ({ value, label: formatNumber(value, 4) }));
}

/** Half-lives worth a tick, the roundest first: the others only fill the room that is left. */
const halfLives = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 3, 4, 7, 1.5, 30];

/**
 * An axis for half-lives that is linear in the *rate* −1/half-life, so that decay, the steady state (∞) and growth
 * (negative half-lives) lie side by side without a jump: quick decay at the bottom, ∞ in between, growth at the top.
 * @param domain of rates; from `halfLifeRate`.
 */
export function halfLifeAxis(domain: Range, range: Range, spacing: number): Axis {
  const scale = scaleLinear(widened(domain), range).unknown(Number.NaN);
  const chosen: Tick[] = [];
  const [low, high] = scale.domain() as [number, number];
  // ∞ first, then the others as far as their labels do not touch.
  const candidates = [Number.POSITIVE_INFINITY, ...halfLives, ...halfLives.map((value) => -value)];
  for (const value of candidates) {
    const rate = halfLifeRate(value);
    if (rate < low || rate > high) continue;
    const at = scale(rate);
    if (chosen.every((tick) => Math.abs(tick.at - at) >= spacing))
      chosen.push({ at, label: formatNumber(value) });
  }
  return {
    position: (halfLife) => scale(halfLifeRate(halfLife)),
    invert: (pixel) => -1 / scale.invert(pixel),
    ticks: chosen,
  };
}

/** −1/half-life: halvings (negative) or doublings (positive) per timestep going back; 0 for a steady gradient. */
export function halfLifeRate(halfLife: number): number {
  return Number.isFinite(halfLife) ? -1 / halfLife : Number.isNaN(halfLife) ? Number.NaN : 0;
}
