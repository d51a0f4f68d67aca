/** Telemetry made by hand, to show a rule exactly one thing. */
import { summarizeGradient } from "../../src/diagnostics/gradientSummary.ts";
import type { DiagnosticContext } from "../../src/diagnostics/monitor.ts";
import { type ExperimentInput, experimentSchema } from "../../src/experiment/schema.ts";
import type { LayerTelemetry, TelemetryRow } from "../../src/runs/telemetry.ts";

export interface LayerSketch {
  /** ‖∂L/∂h_t‖ changes by this factor per timestep going back, from 1 at T; default 1. */
  readonly decay?: number;
  /** Or the profile itself. */
  readonly profile?: readonly number[];
  readonly saturation?: number;
  /** Descending; by transition, or of W. Default: not measured. */
  readonly sigma?: readonly number[] | Readonly<Record<string, readonly number[]>>;
}

export interface RowSketch {
  readonly loss?: number;
  readonly metric?: number;
  readonly gradientNorm?: number;
  readonly updateRatio?: number;
  readonly layers?: readonly LayerSketch[];
  readonly headIsPerStep?: boolean;
}

/** A healthy row of T timesteps but for what is sketched. */
export function row(step: number, length: number, sketch: RowSketch = {}): TelemetryRow {
  const { loss = 0.15, metric = loss, gradientNorm = 0.5, updateRatio = 0.002 } = sketch;
  return {
    step,
    time: step / 100,
    loss,
    metric,
    learningRate: 0.001,
    gradientNorm,
    clippedGradientNorm: gradientNorm,
    parameters: {
      "layers.0.W": { gradientNorm, updateRatio },
      "layers.0.b": { gradientNorm, updateRatio: 1e6 },
      "layers.0.p": null,
    },
    layers: (sketch.layers ?? [{}]).map((layer) => layerOf(layer, length, sketch.headIsPerStep ?? false)),
  };
}

function layerOf(sketch: LayerSketch, length: number, headIsPerStep: boolean): LayerTelemetry {
  const { decay = 1, saturation = 0.1, sigma } = sketch;
  const p50 = Float32Array.from(
    sketch.profile ?? Array.from({ length }, (_, t) => decay ** (length - 1 - t)),
  );
  const named = sigma === undefined ? { W: null } : Array.isArray(sigma) ? { W: sigma } : sigma;
  return {
    gradientNorm: { p10: p50.map((norm) => norm / 2), p50, p90: p50.map((norm) => norm * 2) },
    saturation: new Float32Array(length).fill(saturation),
    singularValues: Object.fromEntries(
      Object.entries(named).map(([name, values]) => [name, values && Float32Array.from(values)]),
    ),
    ...summarizeGradient(p50, headIsPerStep),
  };
}

export interface ContextSketch {
  readonly model?: Partial<ExperimentInput["model"]>;
  readonly training?: ExperimentInput["training"];
  readonly task?: ExperimentInput["task"];
  readonly length?: number;
  readonly steps?: number;
  readonly baseline?: { readonly loss: number; readonly metric: number };
  readonly metricName?: string;
}

/** A run on the adding problem (trivial loss 1/6) but for what is sketched, with a row for each of `rows`. */
export function context(
  sketch: ContextSketch,
  rows: readonly RowSketch[] | ((step: number) => RowSketch),
  rowCount = 100,
): DiagnosticContext {
  const { length = 100, steps = rowCount } = sketch;
  const experiment = experimentSchema.parse({
    task: sketch.task ?? { kind: "adding", length: Math.max(2, length) },
    model: { cell: "rnn", ...sketch.model },
    training: { steps, ...sketch.training },
  });
  const headIsPerStep = experiment.task.kind === "copy";
  const sketches =
    typeof rows === "function" ? Array.from({ length: rowCount }, (_, i) => rows(i + 1)) : rows;
  return {
    experiment,
    length,
    headIsPerStep,
    baseline: { loss: 1 / 6, metric: 1 / 6, reason: "always answering 1 costs 1/6", ...sketch.baseline },
    metricName: sketch.metricName ?? "mean squared error",
    steps,
    rows: sketches.map((sketched, i) => row(i + 1, length, { headIsPerStep, ...sketched })),
  };
}
