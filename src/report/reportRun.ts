/** From a run as read from its directory to what a report shows of it. */
import { leaves } from "../experiment/differences.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { HalfLife, ReportBand, ReportLayer, ReportRunData } from "../protocol/reportData.ts";
import { standingEvents } from "../runs/events.ts";
import type { RunEvent, RunRecord } from "../runs/run.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";
import { allowedBand } from "./allowedBand.ts";
import { brief, thinIndices } from "./thin.ts";

export interface ReportRun {
  readonly id: string;
  readonly record: RunRecord;
  readonly experiment: Experiment;
  readonly rows: readonly TelemetryRow[];
  readonly events: readonly RunEvent[];
}

/** Rows kept of a run: more than a chart has pixels for would not show. */
export const mostRows = 400;
const mostTimesteps = 200;
const mostProfiles = 100;
/** Numbers kept of each transition matrix's spectra: large matrices are shown at fewer steps. */
const mostSingularValues = 40_000;
const fewestSpectra = 24;
/** Bands may be as narrow as 1 ± 0.001. */
const singularDigits = 6;
/** Lyapunov exponents that are drawn as lines over steps. */
export const leadingExponents = 8;

export function reportRun({ id, record, experiment, rows, events }: ReportRun): ReportRunData {
  const standing = standingEvents(events);
  const kept = thinIndices(rows.length, mostRows).map((i) => rows[i]!);
  const layerCount = Math.max(0, ...rows.slice(0, 1).map(({ layers }) => layers.length));
  return {
    id,
    name: record.name,
    task: taskText(experiment, record.length),
    model: modelText(experiment),
    training: trainingText(experiment),
    settings: settingsOf(experiment),
    engine: record.engine.description,
    parameterCount: record.parameterCount,
    state: record.state,
    reason: record.reason,
    step: record.step,
    steps: record.steps,
    seconds: record.elapsed,
    stepsPerSecond: record.stepsPerSecond,
    length: record.length,
    profile: record.profile,
    metricName: record.metricName,
    baseline: record.baseline,
    testMetric: record.testMetric,
    halfLife: record.halfLife,
    reach: record.reach,
    sigma: record.sigma,
    ...capacityOf(record),
    band: bandOf(experiment, standing, record.step),
    findings: record.findings,
    evaluations: standing.flatMap((event) =>
      event.type === "evaluation"
        ? [{ step: event.step, loss: brief(event.loss), metric: brief(event.metric) }]
        : [],
    ),
    moments: events.flatMap((event) => {
      const label = momentText(event);
      return label === undefined ? [] : [{ step: event.step, label }];
    }),
    rows: {
      step: kept.map(({ step }) => step),
      loss: kept.map(({ loss }) => brief(loss)),
      metric: kept.map(({ metric }) => brief(metric)),
      learningRate: kept.map(({ learningRate }) => brief(learningRate)),
      gradientNorm: kept.map(({ gradientNorm }) => brief(gradientNorm)),
    },
    layers: Array.from({ length: layerCount }, (_, layer) => reportLayer(rows, kept, layer)),
  };
}

function capacityOf({ capacity }: RunRecord): Pick<ReportRunData, "capacity"> {
  if (!capacity) return {};
  const { log10, margin } = capacity;
  return { capacity: { log10: Number.isFinite(log10) ? log10 : halfLifeValue(log10), margin } };
}

function settingsOf(experiment: Experiment): Record<string, string> {
  return Object.fromEntries(
    leaves(experiment)
      .filter(([property]) => property !== "name" && property !== "$schema")
      .map(([property, value]) => [property, JSON.stringify(value)]),
  );
}

function reportLayer(
  rows: readonly TelemetryRow[],
  kept: readonly TelemetryRow[],
  layer: number,
): ReportLayer {
  const here = kept.map((row) => row.layers[layer]!);
  const matrices = Object.keys(rows[0]!.layers[layer]!.singularValues);
  return {
    halfLife: here.map(({ halfLife }) => halfLifeValue(halfLife)),
    reach: here.map(({ reach }) => brief(reach)),
    saturation: here.map(({ saturation }) =>
      brief(saturation.reduce((sum, share) => sum + share, 0) / saturation.length),
    ),
    profiles: profilesOf(rows, layer),
    spectra: Object.fromEntries(matrices.map((matrix) => [matrix, spectraOf(rows, layer, matrix)])),
    ...lyapunovOf(rows, layer),
  };
}

function lyapunovOf(rows: readonly TelemetryRow[], layer: number): Pick<ReportLayer, "lyapunov"> {
  const measured = rows.flatMap((row) => {
    const { lyapunov, lyapunovExpected = null } = row.layers[layer]!;
    return lyapunov ? [{ step: row.step, lyapunov, expected: lyapunovExpected }] : [];
  });
  if (measured.length === 0) return {};
  const kept = thinIndices(measured.length, mostRows).map((i) => measured[i]!);
  return {
    lyapunov: {
      steps: kept.map(({ step }) => step),
      values: kept.map(({ lyapunov }) => Array.from(lyapunov.subarray(0, leadingExponents), halfLifeValue)),
      expected: kept.map(({ expected }) => (expected === null ? null : halfLifeValue(expected))),
    },
  };
}

/** The gradient profiles of at most 100 of the rows, each at no more than 200 timesteps. */
export function profilesOf(rows: readonly TelemetryRow[], layer: number): ReportLayer["profiles"] {
  const kept = thinIndices(rows.length, mostProfiles).map((i) => rows[i]!);
  const length = rows[0]?.layers[layer]?.gradientNorm.p50.length ?? 0;
  const timesteps = thinIndices(length, mostTimesteps);
  const profiles = (percentile: "p10" | "p50" | "p90") =>
    kept.map((row) => {
      const norms = row.layers[layer]!.gradientNorm[percentile];
      return timesteps.map((t) => brief(norms[t]));
    });
  return {
    timesteps: timesteps.map((t) => t + 1),
    steps: kept.map(({ step }) => step),
    p10: profiles("p10"),
    p50: profiles("p50"),
    p90: profiles("p90"),
  };
}

function spectraOf(
  rows: readonly TelemetryRow[],
  layer: number,
  matrix: string,
): ReportLayer["spectra"][string] {
  const measured = rows.flatMap((row) => {
    const values = row.layers[layer]?.singularValues[matrix];
    return values ? [{ step: row.step, values }] : [];
  });
  const size = measured[0]?.values.length ?? 1;
  const most = Math.min(mostRows, Math.max(fewestSpectra, Math.floor(mostSingularValues / size)));
  const kept = thinIndices(measured.length, most).map((i) => measured[i]!);
  return {
    steps: kept.map(({ step }) => step),
    values: kept.map(({ values }) => Array.from(values, (value) => brief(value, singularDigits))),
  };
}

/** A half-life, or a Lyapunov exponent, as JSON can hold it. */
export function halfLifeValue(value: number): HalfLife {
  if (Number.isFinite(value)) return brief(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** The band that the cell promises: after switches of parameterization, the newest one and for how long it held. */
function bandOf(experiment: Experiment, events: readonly RunEvent[], lastStep: number): ReportBand | null {
  const start = allowedBand(experiment.model);
  let band: ReportBand | null = start && { ...start, fromStep: 0, toStep: lastStep };
  for (const event of events) {
    if (event.type !== "switch") continue;
    if (band) band = { ...band, toStep: Math.min(band.toStep, event.step) };
    const bounds = event.band && allowedBand({ ...experiment.model, ...event.band, cell: event.to });
    if (bounds) band = { ...bounds, fromStep: event.step, toStep: lastStep };
  }
  return band;
}

/** What happened, for a mark on the axis of steps; undefined for what is no news. */
export function momentText(event: RunEvent): string | undefined {
  const at = `at step ${event.step.toLocaleString("en")}`;
  switch (event.type) {
    case "switch":
      return `${event.from} → ${event.to} ${at}`;
    case "resumed":
      return `resumed ${at}`;
    case "error":
      return `error ${at}: ${event.message}`;
    case "finding":
      return `${event.finding.title} (${at})`;
    default:
      return undefined;
  }
}

export function taskText({ task, model }: Experiment, length: number): string {
  const reading = task.kind === "digits" ? ` by ${task.read}` : "";
  const order = (task.kind === "digits" || task.kind === "mnist") && task.permuted ? ", permuted" : "";
  const delay = task.kind === "copy" ? `, delay ${task.delay}` : "";
  // The length that is recorded of a feed-forward net is its depth, which stands with the model.
  const timesteps = model.net === "recurrent" ? `, T = ${length}` : "";
  return `${task.kind}${reading}${order}${delay}${timesteps}`;
}

export function modelText({ model }: Experiment): string {
  const { net, cell, hidden, layers, activation, reflectors = Math.min(hidden, 16), radius, center } = model;
  const parts = net === "recurrent" ? [cell] : [net, cell === "rnn" ? "dense" : cell];
  parts.push(`n = ${hidden}`);
  if (layers > 1) parts.push(`${layers} layers`);
  if (cell !== "lstm" && cell !== "gru") parts.push(activation);
  if (cell === "spectral" || cell === "orthogonal")
    parts.push(`m = ${typeof reflectors === "number" ? reflectors : reflectors.join(" and ")}`);
  if (cell === "spectral") parts.push(`σ within ${center} ± ${radius}`);
  // Non-breaking spaces keep "n = 64" in one piece.
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(", ");
}

export function trainingText({ training }: Experiment): string {
  const { optimizer, learningRate, batch, clipNorm, seed } = training;
  const clipping = clipNorm === undefined ? "" : `, clipped to ${clipNorm}`;
  return `${optimizer}, learning rate ${learningRate}, batch ${batch}${clipping}, seed ${seed}`;
}
