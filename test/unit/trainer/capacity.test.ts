/** The capacity of models whose outputs are known, and in the records of real runs. */
import { afterAll, describe, expect, it } from "vitest";
import type { ModelSpec, TensorMap } from "../../../src/engine/engine.ts";
import { Random } from "../../../src/random.ts";
import { readEvents } from "../../../src/runs/events.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";
import type { Task } from "../../../src/tasks/task.ts";
import { capacityOf } from "../../../src/trainer/capacity.ts";
import { createReferenceEngine } from "../../reference/engine.ts";
import { randomParameters, smallSpec } from "./helpers.ts";
import { Runs, tinyExperiment } from "./trainerProcess.ts";

const runs = new Runs();
afterAll(() => runs.dispose());

const engine = createReferenceEngine();
const optimizer = { optimizer: "sgd", momentum: 0, weightDecay: 0, clipNorm: undefined } as const;
const modelOf = (spec: ModelSpec, parameters: TensorMap) => engine.createModel(spec, optimizer, parameters);

function taskOf(spec: ModelSpec, size: number, length: number): Task {
  const random = new Random(6, spec.cell);
  const inputs = Float32Array.from({ length: size * length * spec.inputSize }, () => random.normal());
  const decisions = spec.head === "classifyEach" ? size * length : size;
  const targets = Int32Array.from({ length: decisions }, () => random.below(spec.outputSize));
  return { length, test: { size, length, inputs, targets } } as unknown as Task;
}

const go = async () => {};

describe("capacityOf", () => {
  it("bounds the outputs of any model without biases, and is as its parts say", async () => {
    for (const cell of ["rnn", "spectral", "orthogonal"] as const)
      for (const activation of ["tanh", "relu", "leakyRelu", "identity"] as const)
        for (const head of ["classifyLast", "classifyEach"] as const) {
          const spec: ModelSpec = { ...smallSpec, cell, activation, head, layers: 2 };
          const parameters = randomParameters(spec, 7, 0.6);
          for (const [name, { data }] of parameters) if (name.endsWith(".b")) data.fill(0);
          const task = taskOf(spec, 30, 9);
          const model = modelOf(spec, parameters);
          const found = (await capacityOf(model, task, go))!;
          const logits = model.predict({ ...task.test, targets: task.test.targets });
          let largest = 0;
          const margins: number[] = [];
          task.test.targets.forEach((right, i) => {
            const row = [...logits.subarray(3 * i, 3 * i + 3)];
            largest = Math.max(largest, Math.hypot(...row));
            margins.push(row[right]! - Math.max(...row.filter((_, k) => k !== right)));
          });
          margins.sort((a, b) => a - b);
          const middle = margins.length / 2;
          expect(found.margin).toBeCloseTo((margins[middle - 1]! + margins[middle]!) / 2, 6);
          if (cell === "orthogonal") expect(found.spectralNorm).toBe(1);
          if (found.margin > 0) {
            const bound = 10 ** found.log10 * found.margin;
            expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
          } else expect(found.log10).toBe(Number.POSITIVE_INFINITY);
        }
  });

  it("is met with equality by one unit that adds up its inputs", async () => {
    const spec: ModelSpec = {
      ...smallSpec,
      hidden: 1,
      inputSize: 1,
      outputSize: 2,
      activation: "identity",
      reflectors: [1, 1],
    };
    const tensor = (shape: number[], ...values: number[]) => ({ shape, data: Float32Array.from(values) });
    const parameters: TensorMap = new Map([
      ["layers.0.W", tensor([1, 1], 0.5)],
      ["layers.0.M", tensor([1, 1], 3)],
      ["layers.0.b", tensor([1], 0)],
      ["head.W", tensor([2, 1], 4, 0)],
      ["head.b", tensor([2], 0, 0)],
    ]);
    const test = { size: 1, length: 3, inputs: Float32Array.of(2, 2, 2), targets: Int32Array.of(0) };
    const found = await capacityOf(modelOf(spec, parameters), { length: 3, test } as unknown as Task, go);
    // h_T = 3 · 2 · (1 + ½ + ¼) = 10.5: the logits are 42 and 0, and so is the margin 42.
    expect(found).toEqual({ log10: expect.closeTo(0, 7), margin: 42, spectralNorm: expect.closeTo(0.5, 7) });
  });

  it("is not defined for gated cells, regression and feed-forward nets", async () => {
    for (const change of [{ cell: "lstm" }, { cell: "gru" }, { head: "regressLast" }] as const) {
      const spec: ModelSpec = { ...smallSpec, ...change };
      expect(await capacityOf(modelOf(spec, randomParameters(spec)), taskOf(spec, 4, 3), go)).toBeNull();
    }
  });
});

describe("a finished run", () => {
  it("has its capacity in run.json: a number for a classifier, null for regression", async () => {
    const copy = { kind: "copy", delay: 5, copyLength: 2, testSize: 20 } as const;
    const directory = runs.create({ ...tinyExperiment, task: copy });
    const trainer = runs.start(directory);
    expect(await trainer.end(), trainer.output).toBe(0);
    const { capacity } = readRunRecord(directory);
    expect(capacity!.margin).toEqual(expect.any(Number));
    expect(capacity!.log10).toEqual(expect.any(Number));
    expect(capacity!.spectralNorm).toBeLessThan(1.3);
    expect(capacity!.spectralNorm).toBeGreaterThan(0.7);
    expect(readEvents(directory).events.some(({ type }) => type === "error")).toBe(false);
    const adding = runs.create(tinyExperiment);
    expect(await runs.start(adding).end()).toBe(0);
    expect(readRunRecord(adding).capacity).toBeNull();
  });
});
