/** Labelled time series as their files hold them, and what is done to each of them before it is learned. */
import { CsvError } from "../csv/csvError.ts";
import type { Labels } from "../csv/targets.ts";

export interface LabelledSeries extends Labels {
  /** d: 1, or the dimensions of multivariate series. */
  readonly dimensions: number;
  /** Each series: d dimensions of as many values each; lengths may differ from series to series. */
  readonly series: readonly (readonly Float32Array[])[];
}

/** Whether a text marks a value that was not measured. */
export function isMissing(text: string): boolean {
  const trimmed = text.trim();
  return trimmed === "?" || trimmed.toLowerCase() === "nan";
}

/**
 * Fills in missing values (NaN) in place: on the line between the neighbours, and at an end with the nearest value.
 *
 * @returns false when no value is there at all.
 */
export function interpolate(values: Float64Array): boolean {
  let last = -1;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    const from = last < 0 ? values[i]! : values[last]!;
    const slope = (values[i]! - from) / (i - last);
    for (let j = last + 1; j < i; j++) values[j] = from + slope * (j - last);
    last = i;
  }
  if (last < 0) return false;
  values.fill(values[last]!, last + 1);
  return true;
}

/** Scales values to mean 0 and variance 1 in place; a series that never changes is only shifted to 0. */
export function zNormalize(values: Float64Array): void {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  // Rounding leaves a constant series with a variance that is tiny beside the square of its mean.
  const scale = variance > 1e-24 * mean * mean ? 1 / Math.sqrt(variance) : 0;
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - mean) * scale;
}

/**
 * One dimension of a series, filled in and normalised.
 *
 * @throws CsvError when no value is there.
 */
export function finish(
  values: Float64Array,
  normalize: boolean,
  file: string,
  line: number,
  what: string,
): Float32Array {
  if (!interpolate(values))
    throw new CsvError(file, line, null, `${what} has no value that is not missing; at least one is needed`);
  if (normalize) zNormalize(values);
  return Float32Array.from(values);
}
