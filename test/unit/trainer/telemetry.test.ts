/** What telemetry says, held against the reference model and an independent decomposition. */
import { SingularValueDecomposition } from "ml-matrix";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StepResult } from "../../../src/engine/engine.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { type ExperimentInput, experimentSchema } from "../../../src/experiment/schema.ts";
import { type Checkpoint, checkpointFile, readCheckpoint } from "../../../src/runs/checkpoint.ts";
import { openRun } from "../../../src/runs/store.ts";
import type { TelemetryRow } from "../../../src/runs/telemetry.ts";
import { loadTask } from "../../../src/tasks/loadTask.ts";
import { modelSpecOf, optimizerOf } from "../../../src/trainer/modelSpec.ts";
import { learningRateAt } from "../../../src/trainer/schedule.ts";
import { createReferenceEngine } from "../../reference/engine.ts";
import { orthogonalFrom, spectralMatrix } from "../../reference/householder.ts";
import { type Matrix as Rows, toRows } from "../../reference/matrix.ts";
import { Runs } from "./trainerProcess.ts";

const runs = new Runs();
afterAll(() => runs.dispose());

const steps = 12;
const models: Record<string, ExperimentInput["model"]> = {
  "a spectral cell with few reflectors": { cell: "spectral", hidden: 10, reflectors: [6, 4], radius: 0.2 },
  "an orthogonal cell": { cell: "orthogonal", hidden: 10, reflectors: 10 },
  "two layers of a relu rnn": { cell: "rnn", hidden: 10, layers: 2, activation: "relu" },
  "a gru": { cell: "gru", hidden: 6 },
};

function experimentOf(model: ExperimentInput["model"]) {
  return experimentSchema.parse({
    task: { kind: "adding", length: 15, testSize: 20 },
    model,
    training: {
      batch: 9,
      steps,
      learningRate: 0.02,
      learningRateDecay: 0.5,
      decaySteps: 10,
      clipNorm: 0.5,
      seed: 8,
    },
  });
}

async function trained(model: ExperimentInput["model"]) {
  const directory = runs.create(experimentOf(model));
  const trainer = runs.start(directory);
  expect(await trainer.end(), trainer.output).toBe(0);
  return { directory, rows: (await openRun(directory)).rows };
}

/** The same steps by the reference. */
async function referenceSteps(model: ExperimentInput["model"]): Promise<StepResult[]> {
  const experiment = experimentOf(model);
  const { training } = experiment;
  const places = { baseDirectory: ".", root: ".", allowOutside: false };
  const task = await loadTask(experiment.task, training.seed, places);
  const spec = modelSpecOf(experiment.model, task);
  const parameters = initializeParameters(spec, experiment.model.initialization, training.seed);
  const reference = createReferenceEngine().createModel(spec, optimizerOf(training), parameters);
  return Array.from({ length: steps }, (_, step) =>
    reference.trainStep(task.trainBatch(step, training.batch), learningRateAt(training, step), true),
  );
}

/** numpy's definition of a percentile. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = ((sorted.length - 1) * share) / 100;
  const below = Math.floor(place);
  return sorted[below]! + (place - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
}

function expectClose(found: number, expected: number, what: string): void {
  expect(Math.abs(found - expected), `${what}: ${found} for ${expected}`).toBeLessThanOrEqual(
    2e-3 * Math.abs(expected) + 1e-6,
  );
}

function expectRow(row: TelemetryRow, expected: StepResult): void {
  const at = `step ${row.step}`;
  for (const key of ["loss", "metric", "gradientNorm", "clippedGradientNorm"] as const)
    expectClose(row[key], expected[key], `${at} ${key}`);
  for (const { name, gradientNorm, updateRatio } of expected.probe!.parameters) {
    expectClose(row.parameters[name]!.gradientNorm, gradientNorm, `${at} gradient of ${name}`);
    // Adam's first steps of what starts at zero have no scale to be relative to.
    if (updateRatio < 10)
      expectClose(row.parameters[name]!.updateRatio, updateRatio, `${at} update of ${name}`);
  }
  const size = 9;
  for (const [index, { gradientNorm, saturation }] of expected.probe!.layers.entries()) {
    const layer = row.layers[index]!;
    for (let t = 0; t < 15; t++) {
      const norms = [...gradientNorm.subarray(t * size, (t + 1) * size)];
      for (const [name, share] of [
        ["p10", 10],
        ["p50", 50],
        ["p90", 90],
      ] as const)
        expectClose(
          layer.gradientNorm[name][t]!,
          percentile(norms, share),
          `${at} layer ${index} t ${t} ${name}`,
        );
      expect(Math.abs(layer.saturation[t]! - saturation[t]!)).toBeLessThan(0.5 / (size * 10));
    }
  }
}

/** The transition matrices of a checkpoint's layer by name, built from their definition. */
function transitions({ spec, parameters }: Checkpoint, layer: number): Record<string, Rows> {
  const n = spec.hidden;
  const values = (name: string) => parameters.get(`layers.${layer}.${name}`)!.data;
  const [m1, m2] = spec.reflectors;
  if (spec.cell === "spectral")
    return {
      W: spectralMatrix(toRows(values("u"), m1, n), toRows(values("v"), m2, n), [...values("p")], spec),
    };
  if (spec.cell === "orthogonal") return { W: orthogonalFrom(toRows(values("u"), m1, n)) };
  const gates = spec.cell === "gru" ? ["reset", "update", "candidate"] : ["W"];
  return Object.fromEntries(
    gates.map((gate, i) => [gate, toRows(values("W").subarray(i * n * n, (i + 1) * n * n), n, n)]),
  );
}

describe.each(Object.entries(models))("telemetry of %s", (_, model) => {
  let [directory, rows]: [string, readonly TelemetryRow[]] = ["", []];
  beforeAll(async () => {
    ({ directory, rows } = await trained(model));
  });

  it("is what the reference measures at every step", async () => {
    const expected = await referenceSteps(model);
    expect(rows).toHaveLength(steps);
    rows.forEach((row, i) => {
      expectRow(row, expected[i]!);
    });
  });

  it("ends with the singular values that the last checkpoint's matrices have", () => {
    const checkpoint = readCheckpoint(checkpointFile(directory, steps));
    const last = rows.at(-1)!;
    expect(last.step).toBe(steps);
    last.layers.forEach(({ singularValues }, layer) => {
      const matrices = transitions(checkpoint, layer);
      expect(Object.keys(singularValues)).toEqual(Object.keys(matrices));
      for (const [name, matrix] of Object.entries(matrices)) {
        const expected = new SingularValueDecomposition(matrix).diagonal.sort((x, y) => y - x);
        expect(singularValues[name]).toHaveLength(expected.length);
        expected.forEach((value, i) => {
          expect(Math.abs(singularValues[name]![i]! - value)).toBeLessThan(1e-4);
        });
        if (checkpoint.spec.cell === "spectral") {
          const { center, radius } = checkpoint.spec;
          expect(expected[0]).toBeLessThan(center + radius);
          expect(expected.at(-1)).toBeGreaterThan(center - radius);
          expect(expected[0]! - expected.at(-1)!).toBeGreaterThan(1e-3);
        }
      }
    });
  });
});
