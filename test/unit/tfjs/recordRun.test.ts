/** Runs recorded by a callback of plain TensorFlow.js: what stands in them, and that the model is left as it was. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { percentiles } from "../../../src/diagnostics/percentiles.ts";
import type { ModelSpec } from "../../../src/engine/engine.ts";
import { Random } from "../../../src/random.ts";
import { sendCommand } from "../../../src/runs/control.ts";
import { assertResumable } from "../../../src/runs/experimentOfRun.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";
import { openRun } from "../../../src/runs/store.ts";
import { recordRun, SpectralLSTM, SpectralRNN } from "../../../src/tfjs/index.ts";
import { type Doubles, evaluateWithGradients } from "../../reference/model.ts";
import { globalNorm } from "../../reference/optimizers.ts";
import { expectValues } from "../engine/agreement.ts";
import { seedWeights } from "./seededWeights.ts";

const folder = mkdtempSync(join(tmpdir(), "sigmascope-record-"));
const [size, length, d, n] = [6, 9, 2, 5];

seedWeights();
beforeAll(async () => {
  await tf.setBackend("cpu");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const random = new Random(3, "recorded batch");
const inputs = Float32Array.from({ length: size * length * d }, () => random.normal());
const targets = Float32Array.from({ length: size }, () => random.normal());
const x = () => tf.tensor3d(inputs, [size, length, d]);
const y = () => tf.tensor2d(targets, [size, 1]);

function compiled(layers: tf.layers.Layer[], options: Partial<tf.ModelCompileArgs> = {}) {
  const model = tf.sequential({ layers: [...layers, tf.layers.dense({ units: 1 })] });
  model.compile({ optimizer: tf.train.sgd(0.05), loss: "meanSquaredError", ...options });
  return model;
}

const inputShape = [length, d];

/** A weight of TensorFlow.js, [inputs, outputs], as ours, [outputs, inputs]. */
function turned(weight: tf.Tensor): Float64Array {
  return Float64Array.from((weight.rank === 2 ? tf.transpose(weight) : weight).dataSync());
}

const kinds = {
  SimpleRNN: {
    cell: "rnn",
    layer: () => tf.layers.simpleRNN({ units: n, inputShape }),
    recurrent: ([w]: tf.Tensor[]) => [["layers.0.W", turned(w!)]],
    transitions: ["W"],
  },
  SpectralRNN: {
    cell: "spectral",
    layer: () => new SpectralRNN({ units: n, inputShape, reflectors: [4, 2], radius: 0.2 }),
    recurrent: (weights: tf.Tensor[]) =>
      ["u", "v", "p"].map((name, i) => [`layers.0.${name}`, Float64Array.from(weights[i]!.dataSync())]),
    transitions: ["W"],
  },
  LSTM: {
    cell: "lstm",
    layer: () => tf.layers.lstm({ units: n, inputShape, recurrentActivation: "sigmoid" }),
    recurrent: ([w]: tf.Tensor[]) => [["layers.0.W", turned(w!)]],
    transitions: ["input", "forget", "cell", "output"],
  },
} as const;

describe("what is recorded of a step is what the reference computes", () => {
  for (const [name, kind] of Object.entries(kinds))
    it(name, async () => {
      const layer = kind.layer();
      const model = compiled([layer]);
      const [kernel, ...rest] = layer.getWeights();
      const bias = rest.pop()!;
      const [headKernel, headBias] = model.layers[1]!.getWeights();
      const spec: ModelSpec = {
        cell: kind.cell,
        inputSize: d,
        hidden: n,
        layers: 1,
        activation: "tanh",
        outputSize: 1,
        head: "regressLast",
        reflectors: [4, 2],
        radius: 0.2,
        center: 1,
      };
      const parameters: Doubles = new Map([
        ...(kind.recurrent(rest) as [string, Float64Array][]),
        ["layers.0.M", turned(kernel!)],
        ["layers.0.b", turned(bias)],
        ["head.W", turned(headKernel!)],
        ["head.b", turned(headBias!)],
      ]);
      const expected = evaluateWithGradients(spec, parameters, { size, length, inputs, targets });
      const callback = recordRun(model, { folder, name });
      const { numTensors } = tf.memory();
      await model.fit(x(), y(), {
        epochs: 3,
        batchSize: size,
        shuffle: false,
        callbacks: [callback],
        verbose: 0,
      });
      expect(tf.memory().numTensors).toBeLessThanOrEqual(numTensors + 2);

      const { record, rows, events, problems } = await openRun(callback.directory!);
      expect(problems).toEqual([]);
      expect(record).toMatchObject({
        name,
        state: "finished",
        step: 3,
        steps: 3,
        length,
        cell: kind.cell,
        experimentFile: null,
        metricName: "loss",
      });
      expect(record.engine.description).toMatch(/^TensorFlow\.js 4\..*cpu backend/);
      expect(record.parameterCount).toBe(model.countParams());
      expect(events.map(({ type }) => type)).toEqual(["started", "finished"]);
      expect(rows.map(({ step }) => step)).toEqual([1, 2, 3]);

      const [row] = rows;
      expectValues([row!.loss], [expected.loss], "loss");
      expectValues([row!.gradientNorm], [globalNorm(expected.gradients)], "gradient norm");
      expect(row!.learningRate).toBe(0.05);
      const { gradientNorm, saturation } = expected.layers[0]!;
      const { p10, p50, p90 } = percentiles(Float32Array.from(gradientNorm), size);
      const found = row!.layers[0]!;
      for (let t = 0; t < length; t++) {
        expectValues([found.gradientNorm.p50[t]!], [p50[t]!], `median at ${t}`);
        expectValues([found.gradientNorm.p10[t]!], [p10[t]!], `10th percentile at ${t}`);
        expectValues([found.gradientNorm.p90[t]!], [p90[t]!], `90th percentile at ${t}`);
        expect(found.saturation[t]).toBeCloseTo(saturation[t]!, 6);
      }
      expect(Object.keys(found.singularValues)).toEqual(kind.transitions);
      for (const values of Object.values(found.singularValues)) {
        expect(values).toHaveLength(n);
        expect([...values!].sort((a, b) => b - a)).toEqual([...values!]);
      }
      const measured = Object.entries(row!.parameters);
      expect(measured).toHaveLength(model.trainableWeights.length);
      for (const [weight, telemetry] of measured) {
        expect(telemetry!.gradientNorm, weight).toBeGreaterThan(0);
        // Plain gradient descent moves a weight by 0.05 of its gradient; biases start at zero.
        expect(telemetry!.updateRatio, weight).toBeGreaterThan(0);
      }
    });
});

it("leaves the model as it was, and does not change what it learns", async () => {
  const fits = [false, true].map(() =>
    compiled([
      new SpectralLSTM({
        units: n,
        inputShape,
        seed: 5,
        recurrentActivation: "sigmoid",
        returnSequences: true,
      }),
      tf.layers.lstm({ units: n, recurrentInitializer: tf.initializers.glorotNormal({ seed: 2 }) }),
    ]),
  );
  for (const [i, weight] of fits[0]!.getWeights().entries()) if (i >= 0) fits[1]!.weights[i]!.write(weight);
  const callback = recordRun(fits[1]!, { folder, cadence: 2 });
  for (const [i, model] of fits.entries())
    await model.fit(x(), y(), {
      epochs: 4,
      batchSize: 4,
      shuffle: false,
      verbose: 0,
      ...(i === 1 ? { callbacks: [callback] } : {}),
    });
  for (const [i, weight] of fits[0]!.getWeights().entries())
    expect(fits[1]!.getWeights()[i]!.dataSync(), `weight ${i}`).toEqual(weight.dataSync());
  const { rows, record } = await openRun(callback.directory!);
  expect(record).toMatchObject({ step: 8, cell: "lstm", state: "finished" });
  expect(rows.map(({ step }) => step)).toEqual([1, 2, 4, 6, 8]);
  expect(rows[0]!.layers).toHaveLength(2);
  expect(rows[0]!.layers[0]!.singularValues.forget).toHaveLength(n);
  await fits[1]!.fit(x(), y(), { epochs: 1, verbose: 0 });
  expect((await openRun(callback.directory!)).rows).toHaveLength(5);
});

it("records accuracy, evaluations, and what a gated layer of TensorFlow.js does", async () => {
  const model = tf.sequential({
    layers: [tf.layers.gru({ units: n, inputShape }), tf.layers.dense({ units: 2, activation: "softmax" })],
  });
  model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  const classes = tf.oneHot(tf.tensor1d([0, 1, 0, 1, 1, 0], "int32"), 2);
  const callback = recordRun(model, {
    folder,
    baseline: { loss: Math.log(2), metric: 0.5, reason: "each class is as frequent" },
  });
  await model.fit(x(), classes, {
    epochs: 2,
    batchSize: 4,
    validationData: [x(), classes],
    callbacks: [callback],
    verbose: 0,
  });
  const { record, rows, events, experiment } = await openRun(callback.directory!);
  expect(record).toMatchObject({ metricName: "accuracy", cell: "gru", step: 4, baseline: { metric: 0.5 } });
  expect(record.testMetric).toBeGreaterThanOrEqual(0);
  expect(events.filter(({ type }) => type === "evaluation").map(({ step }) => step)).toEqual([2, 4]);
  expect(Object.keys(rows[0]!.layers[0]!.singularValues)).toEqual(["update", "reset", "candidate"]);
  expect(experiment).toMatchObject({ task: { kind: "external" }, training: { optimizer: "adam", batch: 4 } });
});

it("a loss that is not finite is a finding, and the rest of the fit is recorded", async () => {
  const model = compiled([tf.layers.simpleRNN({ units: n, inputShape })]);
  const callback = recordRun(model, { folder });
  const spoilt = tf.tensor3d(
    inputs.map((value, i) => (i === 7 ? Number.NaN : value)),
    [size, length, d],
  );
  await model.fit(spoilt, y(), { epochs: 3, batchSize: size, callbacks: [callback], verbose: 0 });
  const { record, rows } = await openRun(callback.directory!);
  expect(record).toMatchObject({ state: "finished", step: 3 });
  expect(rows.map(({ loss }) => loss)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(record.findings.map(({ rule }) => rule)).toContain("non-finite");
});

it("a recording that fails ends by itself, and not the fit", async () => {
  const model = compiled([tf.layers.simpleRNN({ units: n, inputShape })]);
  const callback = recordRun(model, { folder });
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  let moved = false;
  const history = await model.fit(x(), y(), {
    epochs: 4,
    batchSize: size,
    verbose: 0,
    callbacks: [
      callback,
      new tf.CustomCallback({
        onBatchBegin: () => {
          if (moved || !callback.directory) return;
          // Folders where files should be written.
          moved = true;
          rmSync(join(callback.directory, "run.json"));
          mkdirSync(join(callback.directory, "run.json"));
          sendCommand(callback.directory, { command: "checkpoint" });
          rmSync(join(callback.directory, "events.jsonl"));
          mkdirSync(join(callback.directory, "events.jsonl"));
        },
      }),
    ],
  });
  expect(history.epoch).toHaveLength(4);
  expect(said).toHaveBeenCalledWith(expect.stringContaining(`${callback.directory} is no longer recorded`));
  said.mockRestore();
});

describe("commands", () => {
  /** Begins a fit that goes on until it is stopped. */
  function endless() {
    const model = compiled([tf.layers.simpleRNN({ units: n, inputShape })]);
    const callback = recordRun(model, { folder });
    const training = model.fit(x(), y(), { epochs: 100_000, callbacks: [callback], verbose: 0 });
    return { callback, model, training };
  }
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((settle) => setTimeout(settle, 20));
  };

  it("pause, continue and stop are obeyed, others refused", async () => {
    const { callback, training } = endless();
    await until(() => callback.directory !== undefined && readRunRecord(callback.directory).step > 0);
    const directory = callback.directory!;
    sendCommand(directory, { command: "pause" });
    await until(() => readRunRecord(directory).state === "paused");
    const { step } = readRunRecord(directory);
    sendCommand(directory, { command: "checkpoint" });
    sendCommand(directory, { command: "continue" });
    await until(() => readRunRecord(directory).step > step);
    sendCommand(directory, { command: "stop" });
    await training;
    const { record, events } = await openRun(directory);
    expect(record.state).toBe("stopped");
    expect(record.step).toBeLessThan(100_000);
    await expect(assertResumable(directory)).rejects.toThrow(
      /was recorded by TensorFlow\.js.*alone can go on/,
    );
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["paused", "refused", "continued", "stopped"]),
    );
  });

  it("a fit that fails can say so", async () => {
    const { callback, model, training } = endless();
    await until(() => callback.directory !== undefined);
    callback.fail(new Error("the data ran out"));
    model.stopTraining = true;
    await training;
    expect(readRunRecord(callback.directory!)).toMatchObject({ state: "failed", reason: "the data ran out" });
  });
});

describe("refuses, before anything is written", () => {
  const untouched = mkdtempSync(join(tmpdir(), "sigmascope-refused-"));
  afterAll(() => rmSync(untouched, { recursive: true, force: true }));

  it("a model that was not compiled", () => {
    const model = tf.sequential({ layers: [tf.layers.simpleRNN({ units: 2, inputShape })] });
    expect(() => recordRun(model, { folder: untouched })).toThrow("not compiled");
  });

  it("a model without recurrent layers, naming those it has", () => {
    const model = compiled([tf.layers.flatten({ inputShape, name: "flat" })]);
    expect(() => recordRun(model, { folder: untouched })).toThrow(/none of the layers.*flat \(Flatten\)/);
  });

  it("layers of two kinds, unless one is named", () => {
    const model = compiled([
      tf.layers.lstm({ units: 2, inputShape, returnSequences: true, name: "below" }),
      tf.layers.gru({ units: 2, name: "above" }),
    ]);
    expect(() => recordRun(model, { folder: untouched })).toThrow("below (lstm), above (gru)");
    expect(() => recordRun(model, { folder: untouched, layers: ["above"] })).not.toThrow();
    expect(() => recordRun(model, { folder: untouched, layers: ["beside"] })).toThrow('no layer "beside"');
  });

  it("and a second fit of one callback", async () => {
    const model = compiled([tf.layers.simpleRNN({ units: 2, inputShape })]);
    const callback = recordRun(model, { folder });
    const train = () => model.fit(x(), y(), { epochs: 1, callbacks: [callback], verbose: 0 });
    await train();
    await expect(train()).rejects.toThrow("make one for each fit");
    expect(existsSync(callback.directory!)).toBe(true);
    expect(readdirSync(untouched)).toEqual([]);
  });
});
