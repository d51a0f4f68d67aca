/** Lyapunov exponents in the telemetry of real runs. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { lyapunovOf } from "../../../src/engine/lyapunov.ts";
import { type ExperimentInput, experimentSchema } from "../../../src/experiment/schema.ts";
import { checkpointFile, readCheckpoint } from "../../../src/runs/checkpoint.ts";
import { readRunRecord, writeRunRecord } from "../../../src/runs/runRecord.ts";
import { openRun } from "../../../src/runs/store.ts";
import { loadTask } from "../../../src/tasks/loadTask.ts";
import { Runs, tinyExperiment } from "./trainerProcess.ts";

const runs = new Runs();
afterAll(() => runs.dispose());

async function trained(input: ExperimentInput) {
  const experiment = experimentSchema.parse(input);
  const directory = runs.create(experiment);
  const trainer = runs.start(directory);
  expect(await trainer.end(), trainer.output).toBe(0);
  return { directory, experiment, rows: (await openRun(directory)).rows };
}

describe("a run's Lyapunov exponents", () => {
  it.each([
    ["spectral", { cell: "spectral", hidden: 8, reflectors: 8, radius: 0.3 }],
    ["two layers of relu", { cell: "rnn", hidden: 40, layers: 2, activation: "relu" }],
    ["gru", { cell: "gru", hidden: 6 }],
  ] as const)(
    "are measured at their cadence and at the last row, which shows the saved model: %s",
    async (_, model) => {
      const { directory, rows, experiment } = await trained({
        ...tinyExperiment,
        model,
        telemetry: { cadence: 3, lyapunov: 20 },
      });
      const measured = rows.filter(({ layers }) => layers[0]!.lyapunov);
      expect(rows).toHaveLength(21);
      // The first row, the first at or after 20 and 40, and the last.
      expect(measured.map(({ step }) => step)).toEqual([1, 21, 42, 60]);
      const checkpoint = readCheckpoint(checkpointFile(directory, 60));
      const task = await loadTask(experiment.task, 3, { baseDirectory: ".", root: ".", allowOutside: false });
      const inputs = task.test.inputs.slice(0, task.length * task.inputSize);
      const expected = lyapunovOf(checkpoint.spec, checkpoint.parameters, inputs);
      for (const [layer, { exponents, expectedTop }] of expected.entries()) {
        const found = rows.at(-1)!.layers[layer]!;
        // The leading ones of as many as asked for are those of all, up to what a finite time leaves open.
        expect(found.lyapunov).toHaveLength(Math.min(32, exponents.length));
        if (exponents.length <= 32) expect(found.lyapunov).toEqual(Float32Array.from(exponents));
        else expect(Math.abs(found.lyapunov![0]! - exponents[0]!)).toBeLessThan(0.1);
        expect(found.lyapunovExpected).toBe(expectedTop);
      }
    },
  );

  it("are the same to the bit in a run that was stopped and resumed", async () => {
    const experiment = experimentSchema.parse({
      ...tinyExperiment,
      model: { cell: "rnn", hidden: 8 },
      training: { ...tinyExperiment.training, checkpointEvery: 25 },
      telemetry: { lyapunov: 7 },
    });
    const whole = runs.create(experiment);
    expect(await runs.start(whole).end()).toBe(0);
    const resumed = runs.create(experiment);
    expect(await runs.start(resumed).end()).toBe(0);
    // As a trainer leaves it that was killed after step 50: rows go further than the newest checkpoint.
    rmSync(checkpointFile(resumed, 60));
    writeRunRecord(resumed, { ...readRunRecord(resumed), state: "stopped" });
    expect(await runs.start(resumed, "--resume").end()).toBe(0);
    const [expected, found] = [(await openRun(whole)).rows, (await openRun(resumed)).rows];
    expect(found.map(({ layers }) => layers)).toEqual(expected.map(({ layers }) => layers));
    expect(found.filter(({ layers }) => layers[0]!.lyapunov)).toHaveLength(10);
  });

  it("have no columns in a feed-forward net, which has no recurrence", async () => {
    const points = Array.from({ length: 30 }, (_, i) => `${i % 7},${i % 3},${i % 5},${i % 2}`);
    writeFileSync(join(runs.root, "points.csv"), points.join("\n"));
    const { rows, directory } = await trained({
      task: { kind: "csv", train: "points.csv", inputSize: 3 },
      model: { cell: "spectral", net: "mlp", layers: 3, hidden: 4 },
      training: { steps: 3, batch: 8 },
      telemetry: { lyapunov: 1 },
    });
    expect(rows).toHaveLength(3);
    expect("lyapunov" in rows[0]!.layers[0]!).toBe(false);
    expect(readRunRecord(directory).capacity).toBeNull();
  });

  it("are absent where nobody asked for them", async () => {
    const { rows } = await trained(tinyExperiment);
    expect(rows.some(({ layers }) => "lyapunov" in layers[0]!)).toBe(false);
  });
});
