/** From a step's measurements to telemetry rows, in order, some of which wait for what is measured elsewhere. */
import { summarizeGradient } from "../diagnostics/gradientSummary.ts";
import { percentiles } from "../diagnostics/percentiles.ts";
import type { LayerProbe, ParameterProbe, StepResult } from "../engine/engine.ts";
import type { LayerTelemetry, ParameterTelemetry, TelemetryRow, TelemetryShape } from "../runs/telemetry.ts";
import type { Lyapunov } from "./lyapunov.ts";
import type { Spectra } from "./spectra.ts";

export interface Measurement {
  /** Steps finished. */
  readonly step: number;
  /** Seconds of training. */
  readonly time: number;
  readonly learningRate: number;
  /** With its probe. */
  readonly result: StepResult;
  /** B. */
  readonly batchSize: number;
  /** null: this row does not measure them. */
  readonly spectra: Spectra | Promise<Spectra> | null;
  /** One entry a layer; null or absent: this row does not measure them. */
  readonly lyapunov?: Promise<readonly Lyapunov[]> | null;
}

interface Entry {
  readonly row: TelemetryRow;
  readonly spectra: Part<Spectra>;
  readonly lyapunov: Part<readonly Lyapunov[]>;
}

/** A part of a row that may be on its way. */
class Part<Value> {
  /** undefined while it is being measured; null: it was not measured, or could not be. */
  value: Value | null | undefined;
  /** Why it could not be measured. */
  problem: string | undefined;
  readonly waiting: Promise<void> | undefined;

  constructor(measured: Value | Promise<Value> | null) {
    if (!(measured instanceof Promise)) {
      this.value = measured;
      return;
    }
    this.waiting = measured.then(
      (value) => {
        this.value = value;
      },
      (error: unknown) => {
        this.problem = error instanceof Error ? error.message : String(error);
        this.value = null;
      },
    );
  }
}

export interface RecorderOptions {
  readonly shape: TelemetryShape;
  /** The loss has a term at every timestep. */
  readonly headIsPerStep: boolean;
  /** Takes rows in the order of their steps; called from `record`, `release` and `settle` only. */
  readonly take: (row: TelemetryRow) => void;
  /** Told when something could not be measured; its row is then written without. */
  readonly report: (message: string) => void;
}

/** Rows in memory until those before them are complete. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #queue: Entry[] = [];

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Rows that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Adds a row; passes it on at once when nothing has to be waited for. */
  record(measurement: Measurement): void {
    this.#queue.push({
      row: rowOf(measurement, this.#options),
      spectra: new Part(measurement.spectra),
      lyapunov: new Part(measurement.lyapunov ?? null),
    });
    this.release();
  }

  /** Passes on the rows that are complete and have none before them that is not. */
  release(): void {
    for (;;) {
      const entry = this.#queue[0];
      if (!entry) return;
      const { row, spectra, lyapunov } = entry;
      if (spectra.value === undefined || lyapunov.value === undefined) return;
      this.#queue.shift();
      this.#reportProblem("singular values", row.step, spectra.problem);
      this.#reportProblem("Lyapunov exponents", row.step, lyapunov.problem);
      this.#options.take(withMeasured(row, spectra.value, lyapunov.value, this.#options.shape));
    }
  }

  #reportProblem(what: string, step: number, problem: string | undefined): void {
    if (problem !== undefined)
      this.#options.report(`the ${what} at step ${step} could not be measured: ${problem}`);
  }

  /** Waits for every row and passes it on. */
  async settle(): Promise<void> {
    await Promise.all(this.#queue.flatMap(({ spectra, lyapunov }) => [spectra.waiting, lyapunov.waiting]));
    this.release();
  }
}

function rowOf(measurement: Measurement, { shape, headIsPerStep }: RecorderOptions): TelemetryRow {
  const { step, time, learningRate, result, batchSize } = measurement;
  const { loss, metric, gradientNorm, clippedGradientNorm, probe } = result;
  if (!probe) throw new Error(`step ${step} is recorded, but was not probed`);
  return {
    step,
    time,
    loss,
    metric,
    learningRate,
    gradientNorm,
    clippedGradientNorm,
    parameters: parametersOf(probe.parameters, shape.parameters),
    layers: probe.layers.map((layer) => layerOf(layer, batchSize, headIsPerStep)),
  };
}

function parametersOf(
  probes: readonly ParameterProbe[],
  names: readonly string[],
): Record<string, ParameterTelemetry | null> {
  const row: Record<string, ParameterTelemetry | null> = Object.fromEntries(
    names.map((name) => [name, null]),
  );
  for (const { name, gradientNorm, updateRatio } of probes) row[name] = { gradientNorm, updateRatio };
  return row;
}

function layerOf(probe: LayerProbe, batchSize: number, headIsPerStep: boolean): LayerTelemetry {
  const gradientNorm = percentiles(probe.gradientNorm, batchSize);
  return {
    gradientNorm,
    saturation: probe.saturation,
    singularValues: {},
    ...summarizeGradient(gradientNorm.p50, headIsPerStep),
  };
}

function withMeasured(
  row: TelemetryRow,
  spectra: Spectra | null,
  lyapunov: readonly Lyapunov[] | null,
  shape: TelemetryShape,
): TelemetryRow {
  return {
    ...row,
    layers: row.layers.map((layer, index) => ({
      ...layer,
      singularValues: Object.fromEntries(
        shape.transitions.map((name) => [name, spectra?.[index]?.[name] ?? null]),
      ),
      ...(shape.lyapunov
        ? {
            lyapunov: lyapunov?.[index]?.exponents ?? null,
            lyapunovExpected: lyapunov?.[index]?.expected ?? null,
          }
        : {}),
    })),
  };
}
