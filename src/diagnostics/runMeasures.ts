/** A run's gradient, units and spectrum at its start and at its end, for verdicts. */
import type { RunRecord } from "../runs/run.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";
import { median } from "./select.ts";

/** Rows at either end of a run whose median stands for it. */
const endRows = 20;

export interface Moment {
  /** The newest step that took part. */
  readonly step: number;
  readonly halfLife: number;
  readonly reach: number;
  /** Largest ‖∂L/∂h_t‖ relative to that at the last timestep. */
  readonly growth: number;
  /** Mean saturated or dead share. */
  readonly saturation: number;
}

export interface RunMeasure {
  readonly layer: number;
  readonly first: Moment;
  readonly last: Moment;
}

export interface SigmaRange {
  readonly layer: number;
  readonly transition: string;
  readonly first: readonly [number, number];
  readonly last: readonly [number, number];
}

interface Rows {
  readonly rows: readonly TelemetryRow[];
}

/** Each layer at the first row and over the last rows; empty where none was recorded. */
export function layersOf({ rows }: Rows): RunMeasure[] {
  const [first] = rows;
  if (!first) return [];
  const last = rows.slice(-endRows);
  return first.layers.map((_, layer) => ({
    layer,
    first: moment([first], layer),
    last: moment(last, layer),
  }));
}

function moment(rows: readonly TelemetryRow[], layer: number): Moment {
  const layers = rows.flatMap((row) => row.layers[layer] ?? []);
  return {
    step: rows.at(-1)!.step,
    halfLife: median(layers.map(({ halfLife }) => halfLife)),
    reach: median(layers.map(({ reach }) => reach)),
    growth: median(
      layers.map(({ gradientNorm: { p50 } }) => p50.reduce((a, b) => Math.max(a, b), 0) / (p50.at(-1) ?? 0)),
    ),
    saturation: median(
      layers.map(({ saturation }) => saturation.reduce((sum, share) => sum + share, 0) / saturation.length),
    ),
  };
}

/** σ range of each matrix where it was first and last measured. */
export function sigmaOf({ rows }: Rows): SigmaRange[] {
  const first = new Map<string, { layer: number; transition: string; range: readonly [number, number] }>();
  const last = new Map<string, readonly [number, number]>();
  for (const row of rows)
    row.layers.forEach((layer, index) => {
      for (const [transition, values] of Object.entries(layer.singularValues)) {
        if (!values || values.length === 0) continue;
        const key = `${index} ${transition}`;
        const range = [values.at(-1)!, values[0]!] as const;
        if (!first.has(key)) first.set(key, { layer: index, transition, range });
        last.set(key, range);
      }
    });
  return [...first].map(([key, { layer, transition, range }]) => ({
    layer,
    transition,
    first: range,
    last: last.get(key)!,
  }));
}

/** The run's metric: on the test set where it was evaluated, else of the newest training batch. */
export function resultOf({ record }: { readonly record: RunRecord }): {
  readonly value: number | null;
  readonly from: "test" | "training";
} {
  return record.testMetric === null
    ? { value: record.metric, from: "training" }
    : { value: record.testMetric, from: "test" };
}
