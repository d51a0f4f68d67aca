import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, Model, OptimizerSettings } from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { experimentSchema } from "../../../src/experiment/schema.ts";
import { addingTask } from "../../../src/tasks/adding.ts";
import type { Task } from "../../../src/tasks/task.ts";
import { switchModel } from "../../../src/trainer/liveSwitch.ts";
import { smallSpec } from "./helpers.ts";

const optimizer: OptimizerSettings = {
  optimizer: "adam",
  momentum: 0.9,
  weightDecay: 0,
  clipNorm: undefined,
};
const trainedSteps = 3000;
const learningRate = 0.002;
const batchSize = 32;

let engine: Engine;
let task: Task;
beforeAll(async () => {
  engine = await createFusedEngine({ threads: 1 });
  const experiment = experimentSchema.parse({
    task: { kind: "adding", length: 12, testSize: 64 },
    model: { cell: "rnn" },
  });
  task = addingTask(experiment.task as Extract<typeof experiment.task, { kind: "adding" }>, 3);
});
afterAll(() => engine.dispose());

const spec = {
  ...smallSpec,
  cell: "rnn",
  hidden: 24,
  outputSize: 1,
  head: "regressLast",
  radius: 5,
} as const;

/** Trains on the task's batches from one step to another; the losses. */
function train(model: Model, from: number, to: number): number[] {
  return Array.from(
    { length: to - from },
    (_, i) => model.trainStep(task.trainBatch(from + i, batchSize), learningRate, false).loss,
  );
}

const recent = (step: number, count = 32) =>
  Array.from({ length: count }, (_, i) => task.trainBatch(step - count + i, batchSize));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the optimizer's state of new parameters", () => {
  it("lets the loss go on as before, from vanilla to SVD and back", () => {
    const rnn = engine.createModel(spec, optimizer, initializeParameters(spec, "orthogonal", 4));
    const before = train(rnn, 0, trainedSteps).slice(-100);
    // Trained well: what an optimizer that begins anew does is seen best there.
    expect(mean(before)).toBeLessThan(0.02);
    const settings = { radius: 5 };
    const step = trainedSteps;
    const anew = switchModel(engine, rnn, optimizer, "spectral", settings, task.test, []).model;
    const carried = switchModel(engine, rnn, optimizer, "spectral", settings, task.test, recent(step)).model;
    const after = train(carried, step, step + 100);
    expect(mean(after)).toBeLessThan(2 * mean(before));
    expect(Math.max(...after)).toBeLessThan(0.5 * Math.max(...train(anew, step, step + 100)));

    const back = switchModel(engine, carried, optimizer, "rnn", {}, task.test, recent(step + 100)).model;
    expect(mean(train(back, step + 100, step + 200))).toBeLessThan(2 * mean(before));
    for (const model of [rnn, anew, carried, back]) model.dispose();
  });

  it("is measured for what is new, and untouched for what passes through", () => {
    const rnn = engine.createModel(spec, optimizer, initializeParameters(spec, "orthogonal", 4));
    train(rnn, 0, 40);
    const old = rnn.getOptimizerState();
    const { model } = switchModel(engine, rnn, optimizer, "spectral", { radius: 5 }, task.test, recent(40));
    const state = model.getOptimizerState();
    for (const name of ["layers.0.M", "layers.0.b", "head.W", "head.b"])
      for (const kind of ["m", "v", "t"])
        expect(state.get(`${kind}.${name}`)).toEqual(old.get(`${kind}.${name}`));
    for (const name of ["layers.0.u", "layers.0.v", "layers.0.p"]) {
      expect(state.get(`t.${name}`)!.data[0]).toBe(40);
      expect(state.get(`v.${name}`)!.data.some((value) => value > 0)).toBe(true);
      expect(state.get(`v.${name}`)!.data.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
    }
    rnn.dispose();
    model.dispose();
  });
});
