/** Numbers, durations and tables for people. */
import { stripVTControlCharacters } from "node:util";
import type { RunCapacity } from "../runs/run.ts";

/** About four significant digits: `0.1667`, `12.35`, `1.2e-7`; not-a-number and infinities in words. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
}

/** A metric: accuracies as `95.3 %`, errors as numbers. */
export function formatMetric(value: number | null | undefined, metricName: string): string {
  if (value === null || value === undefined) return "–";
  return metricName === "accuracy" && Number.isFinite(value)
    ? `${(100 * value).toFixed(1)} %`
    : formatNumber(value);
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 7 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 48) return `${hours} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Half-lives as `run.json` writes them: numbers, or the names of the values that JSON lacks. */
export type WrittenNumber = number | "Infinity" | "-Infinity" | "NaN" | null;

/**
 * A gradient half-life in words: `halves every 12.3 timesteps`, `doubles every 8 timesteps`, `steady`; going back
 * in time, or through the layers of a feed-forward net.
 */
export function formatHalfLife(
  written: WrittenNumber,
  profile: "timesteps" | "layers" = "timesteps",
): string {
  if (written === null) return "–";
  const halfLife = Number(written);
  if (Number.isNaN(halfLife)) return "no fit";
  // Beyond a million timesteps no sequence can tell the difference.
  if (Math.abs(halfLife) > 1e6) return "steady";
  const every = formatNumber(Math.abs(halfLife));
  return `${halfLife < 0 ? "doubles" : "halves"} every ${every} ${profile}`;
}

/** A range of singular values: `0.95 … 1.05`. */
export function formatSigma(sigma: readonly [number, number] | null): string {
  return sigma === null ? "–" : `${formatNumber(sigma[0])} … ${formatNumber(sigma[1])}`;
}

/** A capacity: `10^3.21`; ∞ where most decisions are wrong; where there is none, why. */
export function formatCapacity(capacity: RunCapacity | null | undefined): string {
  if (capacity === undefined) return "–";
  if (capacity === null) return "not defined";
  return Number.isFinite(capacity.log10) ? `10^${capacity.log10.toFixed(2)}` : formatNumber(capacity.log10);
}

/**
 * A table with columns as wide as their longest cell; columns of numbers stand right.
 *
 * @param heading painted by the caller; may be empty.
 * @returns lines without a last newline.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  heading: (line: string) => string = (line) => line,
): string {
  const widths = head.map((cell, column) =>
    Math.max(width(cell), ...rows.map((row) => width(row[column] ?? ""))),
  );
  const right = head.map((_, column) =>
    rows.every((row) => /^(–|[−-]?[\d.]+(e[+-]?\d+)?( %| s)?)?$/.test(row[column] ?? "")),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((size, column) => {
        const cell = cells[column] ?? "";
        const padding = " ".repeat(size - width(cell));
        return right[column] ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd();
  return [heading(line(head)), ...rows.map(line)].join("\n");
}

/** Breaks a line between words so that no part is wider than a terminal of so many columns; colours take no place. */
export function wrap(line: string, columns = 80): string {
  const parts: string[] = [];
  for (const word of line.split(" ")) {
    const joined = `${parts.at(-1)} ${word}`;
    if (parts.length > 0 && width(joined) < columns) parts[parts.length - 1] = joined;
    else parts.push(parts.length === 0 ? word : `  ${word}`);
  }
  return parts.join("\n");
}

/** Characters that take a place; colours and combining marks take none. */
function width(text: string): number {
  return [...stripVTControlCharacters(text).replace(/\p{Mark}/gu, "")].length;
}
