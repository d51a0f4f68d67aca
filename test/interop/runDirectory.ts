/**
 * Our side of the exchange of run directories with Python.
 *
 * `write FOLDER`: a run directory, and the values in it as JSON. `read FOLDER`: checks what Python wrote there against
 * the JSON beside it. Exits with an error at the first difference.
 */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveExperiment } from "../../src/experiment/resolveExperiment.ts";
import { experimentSchema } from "../../src/experiment/schema.ts";
import { checkpointFile, writeCheckpoint } from "../../src/runs/checkpoint.ts";
import { appendEvent } from "../../src/runs/events.ts";
import { toJson } from "../../src/runs/jsonNumbers.ts";
import { createRun, runFile } from "../../src/runs/runDirectory.ts";
import { readSafetensors } from "../../src/runs/safetensors.ts";
import type { TelemetryRow, TelemetryShape } from "../../src/runs/telemetry.ts";
import { readTelemetry } from "../../src/runs/telemetryReader.ts";
import { TelemetryWriter } from "../../src/runs/telemetryWriter.ts";

const shape: TelemetryShape = {
  layers: 2,
  transitions: ["input", "forget"],
  parameters: ["layers.0.W", "head.b"],
};

function rowOf(step: number): TelemetryRow {
  const list = (size: number, scale: number) =>
    Float32Array.from({ length: size }, (_, i) => scale * step + i / 4);
  const layer = (index: number) => ({
    gradientNorm: { p10: list(6, 1), p50: list(6, 2), p90: list(6, 3) },
    saturation: list(6, 0.125),
    singularValues: { input: step % 2 === 0 ? null : list(4, index + 1), forget: list(4, 5) },
    halfLife: step === 3 ? Number.POSITIVE_INFINITY : -step,
    reach: step,
  });
  return {
    step,
    time: step / 8,
    loss: 1 / step,
    metric: step === 4 ? Number.NaN : 0.5,
    learningRate: 0.001,
    gradientNorm: 3 * step,
    clippedGradientNorm: 2 * step,
    parameters: {
      "layers.0.W": step > 4 ? null : { gradientNorm: step, updateRatio: 0.25 },
      "head.b": { gradientNorm: 0.5, updateRatio: 0.125 * step },
    },
    layers: [layer(0), layer(1)],
  };
}

/** A run that was killed while it wrote, resumed, and finished. */
function writeRun(folder: string): void {
  const experiment = experimentSchema.parse({ task: { kind: "adding" }, model: { cell: "lstm" } });
  const resolved = resolveExperiment(experiment, { file: "interop.sigmascope.json" });
  const made = createRun(folder, resolved, { experimentFile: null, name: "interop" });
  const run = join(folder, "run");
  renameSync(made, run);
  const file = runFile(run, "telemetry");
  const first = TelemetryWriter.open(file, shape, { runId: "interop" });
  for (const step of [1, 2, 3, 4, 5]) first.append({ ...rowOf(step), loss: step < 4 ? 1 / step : -1 });
  first.flush();
  first.append(rowOf(6));
  first.flush();
  writeFileSync(join(folder, "killed.arrows"), readFileSync(file).subarray(0, -100));
  appendFileSync(file, "the beginning of a batch");
  const second = TelemetryWriter.open(file, shape, { runId: "interop", resumeAfterStep: 3 });
  for (const step of [4, 5]) second.append(rowOf(step));
  second.flush();
  writeFileSync(join(folder, "running.arrows"), readFileSync(file));
  second.append(rowOf(6));
  second.close();
  const evaluation = { time: new Date().toISOString(), step: 6, type: "evaluation" } as const;
  appendEvent(run, { ...evaluation, loss: Number.NaN, metric: 0.5 });
  writeCheckpoint(checkpointFile(run, 6), {
    step: 6,
    spec: {
      ...{ cell: "lstm", inputSize: 2, hidden: 3, layers: 1, activation: "tanh", outputSize: 1 },
      ...{ head: "regressLast", reflectors: [3, 3], radius: 0.1, center: 1 },
    },
    optimizer: { optimizer: "adam", momentum: 0.9, weightDecay: 0, clipNorm: undefined },
    parameters: new Map([
      ["layers.0.W", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["head.b", { shape: [1], data: Float32Array.of(-0.5) }],
    ]),
    optimizerState: new Map([["t.head.b", { shape: [], data: Float32Array.of(6) }]]),
  });
  const rows = [1, 2, 3, 4, 5, 6].map(rowOf);
  writeFileSync(join(folder, "expected.json"), toJson(rows.map(plainRow)));
}

/** A row by the names of its columns, lists as arrays. */
function plainRow(row: TelemetryRow): Record<string, unknown> {
  const { parameters, layers, ...plain } = row;
  const columns: Record<string, unknown> = { ...plain };
  for (const [name, value] of Object.entries(parameters)) {
    columns[`parameter.${name}.gradientNorm`] = value?.gradientNorm ?? null;
    columns[`parameter.${name}.updateRatio`] = value?.updateRatio ?? null;
  }
  for (const [i, layer] of layers.entries()) {
    for (const [percentile, norms] of Object.entries(layer.gradientNorm))
      columns[`layer.${i}.gradientNorm.${percentile}`] = [...norms];
    columns[`layer.${i}.saturation`] = [...layer.saturation];
    for (const [transition, values] of Object.entries(layer.singularValues))
      columns[`layer.${i}.singularValues.${transition}`] = values === null ? null : [...values];
    columns[`layer.${i}.halfLife`] = layer.halfLife;
    columns[`layer.${i}.reach`] = layer.reach;
  }
  return columns;
}

function readTheirs(folder: string): void {
  const expected: unknown = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  const { rows, complete, torn, damage } = readTelemetry(join(folder, "telemetry.arrows"));
  assert.deepEqual([complete, torn, damage], [true, false, null]);
  const { tensors, metadata } = readSafetensors(join(folder, "tensors.safetensors"));
  const plainTensors = Object.fromEntries(
    [...tensors].map(([name, { shape, data }]) => [name, { shape, values: Array.from(data, Number) }]),
  );
  const found = { rows: rows.map(plainRow), tensors: plainTensors, metadata };
  assert.deepEqual(JSON.parse(toJson(found)), expected);
  console.log(`read ${rows.length} rows and ${tensors.size} tensors written by Python`);
}

const [action, folder] = process.argv.slice(2);
assert(folder !== undefined && (action === "write" || action === "read"), "write FOLDER or read FOLDER");
if (action === "write") {
  mkdirSync(folder, { recursive: true });
  writeRun(folder);
} else readTheirs(folder);
