/** A finished run as large as the panels are made for, written through the run directory's own writers. */
import { experimentSchema } from "../src/experiment/schema.ts";
import { createRun, runFile } from "../src/runs/runDirectory.ts";
import { readRunRecord, writeRunRecord } from "../src/runs/runRecord.ts";
import type { TelemetryRow, TelemetryShape } from "../src/runs/telemetry.ts";
import { TelemetryWriter } from "../src/runs/telemetryWriter.ts";

export interface LargeRun {
  /** Recorded rows. */
  readonly rows: number;
  /** T. */
  readonly length: number;
  /** n. */
  readonly hidden: number;
  /** A trainer writes twice a second. */
  readonly rowsPerBatch: number;
}

/** What every row of these runs holds. */
const shape: TelemetryShape = {
  layers: 1,
  transitions: ["W"],
  parameters: ["layers.0.u", "layers.0.v", "layers.0.p", "layers.0.M", "layers.0.b", "head.W", "head.b"],
};

/** @returns the run's directory in `root`. */
export function writeLargeRun(root: string, large: LargeRun): string {
  const { rows, length } = large;
  const { directory, writer } = writeRows(root, large, rows);
  writer.close();
  writeRunRecord(directory, {
    ...readRunRecord(directory),
    state: "finished",
    step: rows,
    steps: rows,
    length,
    loss: 0.1,
    halfLife: 60,
    reach: length,
    sigma: [0.9, 1.1],
  });
  return directory;
}

/** A run in training: see `growLargeRun`. */
export interface GrowingRun {
  readonly directory: string;
  /** Ends the training. */
  stop(): void;
}

/**
 * A run that already has rows and goes on, written as a trainer writes it: rows are flushed twice a second, and
 * `run.json` is replaced once a second.
 *
 * @param rowsPerSecond recorded while it grows.
 */
export function growLargeRun(root: string, large: LargeRun, rowsPerSecond: number): GrowingRun {
  const { rows, length, hidden } = large;
  // Twice as many rows are to come as there are.
  const steps = 3 * rows;
  const { directory, writer } = writeRows(root, large, steps);
  let step = rows;
  const tell = (state: "running" | "stopped") =>
    writeRunRecord(directory, {
      ...readRunRecord(directory),
      state,
      pid: process.pid,
      heartbeat: new Date().toISOString(),
      step,
      steps,
      length,
      loss: 0.1,
      halfLife: 60,
      reach: length,
      sigma: [0.9, 1.1],
      stepsPerSecond: rowsPerSecond,
    });
  tell("running");
  const timers = [
    setInterval(() => {
      writer.append(rowOf(++step, steps, length, hidden));
    }, 1000 / rowsPerSecond),
    setInterval(() => writer.flush(), 500),
    setInterval(() => tell("running"), 1000),
  ];
  return {
    directory,
    stop() {
      for (const timer of timers) clearInterval(timer);
      writer.close();
      tell("stopped");
    },
  };
}

/** @param steps that the whole training has. */
function writeRows(root: string, { rows, length, hidden, rowsPerBatch }: LargeRun, steps: number) {
  const experiment = experimentSchema.parse({
    task: { kind: "adding", length: Math.max(2, length) },
    model: { cell: "spectral", hidden },
    training: { steps },
  });
  const directory = createRun(root, experiment, { experimentFile: null, name: "large" });
  const writer = TelemetryWriter.open(runFile(directory, "telemetry"), shape, { runId: "large" });
  for (let i = 0; i < rows; i++) {
    writer.append(rowOf(i + 1, steps, length, hidden));
    if ((i + 1) % rowsPerBatch === 0) writer.flush();
  }
  writer.flush();
  return { directory, writer };
}

/** A gradient that decays ever more slowly, with a spike now and then. */
function rowOf(step: number, steps: number, length: number, hidden: number): TelemetryRow {
  const halfLife = 20 + (200 * step) / steps;
  const scale = step % 997 === 0 ? 100 : 1 + 0.2 * Math.sin(step);
  const p50 = Float32Array.from({ length }, (_, i) => scale * 2 ** ((i + 1 - length) / halfLife));
  return {
    step,
    time: step / 50,
    loss: 0.2 * Math.exp(-step / steps) + 0.02 * Math.sin(step * 1.7),
    metric: 0.2,
    learningRate: 0.001,
    gradientNorm: scale,
    clippedGradientNorm: Math.min(1, scale),
    parameters: Object.fromEntries(
      shape.parameters.map((name) => [name, { gradientNorm: scale, updateRatio: 1e-3 }]),
    ),
    layers: [
      {
        gradientNorm: { p10: p50.map((norm) => norm / 2), p50, p90: p50.map((norm) => norm * 2) },
        saturation: new Float32Array(length).fill(0.1),
        singularValues: {
          W: Float32Array.from(
            { length: hidden },
            (_, i) => 1 + 0.1 * (1 - (2 * i) / hidden) * (step / steps),
          ),
        },
        halfLife,
        reach: length,
      },
    ],
  };
}
