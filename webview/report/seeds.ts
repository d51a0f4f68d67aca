/** Runs that differ in their seed alone, drawn as one: their mean, and the spread from the smallest to the largest. */
import type { Series } from "../charts/lineChart.ts";
import { type ElementNode, element } from "../charts/node.ts";
import { formatNumber } from "../charts/numbers.ts";
import { nearestIndex } from "../charts/readout.ts";
import type { ShownRun } from "./runs.ts";
import { isSeed } from "./settings.ts";

export interface SeedGroup {
  readonly runs: readonly ShownRun[];
  readonly label: string;
  readonly color: number;
}

/** Groups in the order of their first runs; a run without a twin is a group of its own. */
export function seedGroups(runs: readonly ShownRun[]): SeedGroup[] {
  const groups = new Map<string, ShownRun[]>();
  for (const shown of runs) {
    const settings = Object.entries(shown.run.settings).filter(([property]) => !isSeed(property));
    const key = JSON.stringify(settings.sort(([a], [b]) => (a < b ? -1 : 1)));
    const members = groups.get(key);
    // The same experiment once more, or one that came to nothing, is no other seed.
    const isOther = members?.every(({ run }) => seedOf(run.settings) !== seedOf(shown.run.settings));
    if (members && isOther && shown.run.state !== "failed") members.push(shown);
    else if (members) groups.set(`${key} ${shown.run.id}`, [shown]);
    else groups.set(key, [shown]);
  }
  return [...groups.values()].map((members) => {
    const [first] = members;
    // The colour of its first run, which the tables and the charts of single runs show as well.
    const { color } = first!;
    if (members.length === 1) return { runs: members, label: first!.label, color };
    return { runs: members, label: `${first!.run.name} (${members.length} seeds)`, color };
  });
}

function seedOf(settings: ShownRun["run"]["settings"]): string | undefined {
  return Object.entries(settings).find(([property]) => isSeed(property))?.[1];
}

/** Whether any runs differ in their seed alone. */
export function hasSeedGroups(runs: readonly ShownRun[]): boolean {
  return seedGroups(runs).some(({ runs: members }) => members.length > 1);
}

/** How values are averaged: as they are, or as another quantity in which an average means something. */
export interface Averaging {
  readonly to: (value: number) => number;
  readonly from: (value: number) => number;
}

export const plainly: Averaging = { to: (value) => value, from: (value) => value };
/** Norms over many decades. */
export const geometrically: Averaging = { to: Math.log, from: Math.exp };
/** Half-lives: an infinite one would swallow all others, their rates can be averaged. */
export const asRates: Averaging = {
  to: (halfLife) => (Number.isNaN(halfLife) ? Number.NaN : 1 / halfLife),
  from: (rate) => 1 / rate,
};

/**
 * The mean of several series at the places of the longest, each taken at its nearest place; places after the end of a
 * series are without it.
 *
 * @returns undefined for no series.
 */
export function meanSeries(
  series: readonly Series[],
  label: string,
  color: number,
  averaging = plainly,
): Series | undefined {
  const [longest] = [...series].sort((a, b) => b.x.length - a.x.length);
  if (longest === undefined) return undefined;
  if (series.length === 1) return { ...longest, name: label, color };
  const low: number[] = [];
  const high: number[] = [];
  const mean = Array.from(longest.x, (x) => {
    const values = series.flatMap(({ x: xs, y }) => {
      const last = xs[xs.length - 1];
      const value = last === undefined || x > last ? Number.NaN : y[nearestIndex(xs, x)]!;
      const averaged = averaging.to(value);
      return Number.isNaN(averaged) ? [] : [averaged];
    });
    // In the other quantity the order may be turned round.
    const ends = [Math.min(...values), Math.max(...values)].map(averaging.from);
    low.push(values.length === 0 ? Number.NaN : Math.min(...ends));
    high.push(values.length === 0 ? Number.NaN : Math.max(...ends));
    return values.length === 0
      ? Number.NaN
      : averaging.from(values.reduce((sum, value) => sum + value, 0) / values.length);
  });
  return {
    name: label,
    color,
    x: longest.x,
    y: mean,
    spread: { low, high },
    points: [],
    moments: series.flatMap(({ moments = [] }) => moments),
  };
}

/** Results over seeds: mean and standard deviation of what each run ended with; undefined without such groups. */
export function seedsTable(runs: readonly ShownRun[]): ElementNode | undefined {
  const groups = seedGroups(runs).filter(({ runs: members }) => members.length > 1);
  if (groups.length === 0) return undefined;
  const row = ({ label, runs: members }: SeedGroup) => {
    const results = members.flatMap(({ run }) => (run.testMetric === null ? [] : [run.testMetric]));
    const reaches = members.flatMap(({ run }) => (run.reach === null ? [] : [run.reach]));
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, label),
      element("td", {}, `${members[0]!.run.metricName} ${meanAndDeviation(results)}`),
      element("td", {}, `reach ${meanAndDeviation(reaches)} ${members[0]!.run.profile ?? "timesteps"}`),
    );
  };
  return element(
    "table",
    { class: "summary seeds" },
    element("caption", {}, "Over seeds: mean ± standard deviation"),
    element("tbody", {}, ...groups.map(row)),
  );
}

/** "0.0031 ± 0.0004"; the deviation is that of a sample (n − 1). */
export function meanAndDeviation(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 0) return "not measured";
  if (values.length === 1) return formatNumber(mean);
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${formatNumber(mean)} ± ${formatNumber(Math.sqrt(square), 2)}`;
}
