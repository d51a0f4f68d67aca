/** Mean and spread over seeds. */

export interface Statistics {
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation, with n − 1 in the denominator; null for fewer than two values, or ones without a finite mean. */
  readonly deviation: number | null;
}

/** @returns null for no values. */
export function statisticsOf(values: readonly number[]): Statistics | null {
  const count = values.length;
  if (count === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1 || !Number.isFinite(mean)) return { count, mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, deviation: Math.sqrt(squares / (count - 1)) };
}

/** `0.123 ± 0.004`: the deviation to two digits, the mean to the same place; a single value to four digits. */
export function formatStatistics(statistics: Statistics | null, scale = 1, unit = ""): string {
  if (statistics === null) return "–";
  const mean = statistics.mean * scale;
  const after = unit === "" ? "" : ` ${unit}`;
  if (!Number.isFinite(mean)) return Number.isNaN(mean) ? "not a number" : mean > 0 ? "∞" : "−∞";
  if (statistics.deviation === null) return `${short(mean)}${after}`;
  const deviation = statistics.deviation * scale;
  if (deviation === 0) return `${short(mean)} ± 0${after}`;
  // Of a spread that dwarfs or is dwarfed by the mean, more digits would not be read.
  const places = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(deviation))));
  if (deviation < 1e-6 || Math.abs(mean) >= 1e6)
    return `${mean.toExponential(2)} ± ${deviation.toExponential(1)}${after}`;
  return `${mean.toFixed(places)} ± ${deviation.toFixed(places)}${after}`;
}

function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}
