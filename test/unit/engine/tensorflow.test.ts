/**
 * The TensorFlow.js engine on each backend: against the double-precision reference, and as the oracle of the fused
 * engine, whose formulas it does not share. Set SIGMASCOPE_TENSORFLOW_FOLDER for the native library to be among them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, Model, ModelSpec } from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { backendNames } from "../../../src/engine/tensorflow/backends.ts";
import { createTensorflowEngine } from "../../../src/engine/tensorflow/createTensorflowEngine.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import { Random } from "../../../src/random.ts";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../../../src/runs/checkpoint.ts";
import { tensorflowFolder } from "../../../src/tensorflowFolder.ts";
import {
  deepKinds,
  everyKind,
  instructiveBatch,
  randomBatch,
  randomParameters,
  randomShape,
  randomStates,
  specOf,
  symbolKinds,
  toDoubles,
} from "../../reference/cases.ts";
import { expectAgreement, expectTensors, expectValues } from "./agreement.ts";
import { describeTraining, expectSameStep, settingsTried } from "./trainingAgreement.ts";

const folder = tensorflowFolder();
const backends = backendNames.filter((name) => name !== "native" || folder !== undefined);
const limit = { batch: 9, length: 12, hidden: 10, inputSize: 7, outputSize: 6 };
const learningRate = 0.0005;

let fused: Engine;
let scratch: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "sigmascope-tensorflow-"));
  fused = await createFusedEngine({ threads: 2 });
});
afterAll(async () => {
  await fused.dispose();
  rmSync(scratch, { recursive: true });
});

/** Through a file, as a run would. */
function throughFile(checkpoint: Checkpoint): Checkpoint {
  const file = join(scratch, "checkpoint.safetensors");
  writeCheckpoint(file, checkpoint);
  return readCheckpoint(file);
}

function drawCase(seed: string, index: number, kind: Parameters<typeof specOf>[1]) {
  const random = new Random(7, seed, index);
  const shape = randomShape(random, limit);
  const spec = specOf(random, kind, shape);
  const parameters = randomParameters(random, spec);
  const batch = () => instructiveBatch(random, spec, toDoubles(parameters), shape.batch, shape.length);
  return { random, shape, spec, parameters, batch };
}

for (const backend of backends) {
  describe(`TensorFlow.js, ${backend} backend`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await createTensorflowEngine({ backend, folder: backend === "native" ? folder : undefined });
    });

    it("says what it computes with", () => {
      expect(engine.name).toBe("tensorflow");
      expect(engine.description).toMatch(/^TensorFlow\.js 4\.\d+\.\d+, /);
    });

    describe("agrees with the reference, and with the fused engine", () => {
      for (const [index, kind] of everyKind().entries()) {
        const { cell, activation, head, layers } = kind;
        it(`${cell} ${activation} ${head}, ${layers} layers`, () => {
          for (let round = 0; round < 3; round++) {
            const { spec, parameters, batch: draw } = drawCase("oracle", 3 * index + round, kind);
            const batch = draw();
            const settings = settingsTried[0]!;
            const model = engine.createModel(spec, settings, parameters);
            const other = fused.createModel(spec, settings, parameters);
            expectAgreement(model, spec, toDoubles(parameters), batch);
            expectAgreement(other, spec, toDoubles(parameters), batch, model);
            model.dispose();
            other.dispose();
          }
        });
      }
    });

    describe("agrees on feed-forward nets, and on symbols from states that are not zero", () => {
      for (const [index, kind] of [...deepKinds(), ...symbolKinds()].entries()) {
        const what = kind.net ?? `symbols, ${kind.embedding ?? "one-hot"}`;
        it(`${kind.cell} ${kind.activation}, ${kind.layers} layers, ${what}`, () => {
          for (let round = 0; round < 3; round++) {
            const { random, shape, spec, parameters } = drawCase("more", 3 * index + round, kind);
            const initial = kind.net || round === 0 ? undefined : randomStates(random, spec, shape.batch);
            const length = kind.net ? 1 : shape.length;
            const doubles = toDoubles(parameters);
            const batch = instructiveBatch(random, spec, doubles, shape.batch, length, initial);
            const settings = settingsTried[0]!;
            const model = engine.createModel(spec, settings, parameters);
            const other = fused.createModel(spec, settings, parameters);
            expectAgreement(model, spec, doubles, batch);
            expectAgreement(other, spec, doubles, batch, model);
            const [step, otherStep] = [model, other].map((each) => each.trainStep(batch, 0.01, true));
            expect(step!.final === undefined).toBe(initial === undefined);
            for (const name of ["h", "c"] as const)
              expectValues(step!.final?.[name] ?? [], otherStep!.final?.[name] ?? [], `final ${name}`);
            model.dispose();
            other.dispose();
          }
        });
      }
    });

    describe("ten steps from one checkpoint agree with the fused engine's", () => {
      for (const [index, kind] of everyKind().entries()) {
        const { cell, activation, head, layers } = kind;
        const settings = settingsTried[index % settingsTried.length]!;
        it(`${cell} ${activation} ${head}, ${layers} layers, ${settings.optimizer}`, () => {
          const { spec, parameters, batch } = drawCase("steps", index, kind);
          const batches = Array.from({ length: 10 }, batch);
          const start = throughFile({
            step: 0,
            spec,
            optimizer: settings,
            parameters,
            optimizerState: new Map(),
          });
          const model = engine.createModel(start.spec, settings, start.parameters, start.optimizerState);
          const other = fused.createModel(start.spec, settings, start.parameters, start.optimizerState);
          for (const [step, each] of batches.entries())
            expectSameStep(
              other.trainStep(each, learningRate, true),
              model.trainStep(each, learningRate, true),
              `step ${step}`,
            );
          expectTensors(other.getParameters(), toDoubles(model.getParameters()), "parameter");
          model.dispose();
          other.dispose();
        });
      }
    });

    describe("a checkpoint of one engine goes on in the other", () => {
      for (const cell of cellNames)
        for (const settings of [settingsTried[1]!, settingsTried[4]!, settingsTried[6]!])
          it(`${cell}, ${settings.optimizer}`, () => {
            const kind = { cell, activation: "tanh", head: "classifyLast", layers: 2 } as const;
            const { spec, parameters, batch } = drawCase("checkpoint", cellNames.indexOf(cell), kind);
            const batches = Array.from({ length: 10 }, batch);
            const expected = fused.createModel(spec, settings, parameters);
            for (const each of batches) expected.trainStep(each, learningRate, false);
            for (const [first, second] of [
              [fused, engine],
              [engine, fused],
            ] as const) {
              const before = first.createModel(spec, settings, parameters);
              for (const each of batches.slice(0, 5)) before.trainStep(each, learningRate, false);
              const saved = throughFile({
                step: 5,
                spec,
                optimizer: settings,
                parameters: before.getParameters(),
                optimizerState: before.getOptimizerState(),
              });
              const after = second.createModel(spec, settings, saved.parameters, saved.optimizerState);
              for (const each of batches.slice(5)) after.trainStep(each, learningRate, false);
              expectTensors(after.getParameters(), toDoubles(expected.getParameters()), "parameter");
              expect([...after.getOptimizerState().keys()]).toEqual([...expected.getOptimizerState().keys()]);
              before.dispose();
              after.dispose();
            }
            expected.dispose();
          });
    });

    it("refuses what does not fit, naming it", () => {
      const { spec, parameters, batch } = drawCase("refusals", 0, everyKind()[0]!);
      const settings = settingsTried[0]!;
      const wrong = new Map([["m.head.b", { shape: [99], data: new Float32Array(99) }]]);
      expect(() => engine.createModel(spec, settings, parameters, wrong)).toThrow(
        `optimizer state m.head.b has 99 values; expected ${spec.outputSize}`,
      );
      expect(() => engine.createModel(spec, settings, new Map())).toThrow(/parameter .* is missing/);
      const model = engine.createModel(spec, settings, parameters);
      const bad = { ...batch(), inputs: new Float32Array(3) };
      for (const use of ["gradients", "evaluate", "predict"] as const)
        expect(() => model[use](bad)).toThrow(/3 input values; expected/);
      model.dispose();
      model.dispose();
      expect(() => model.evaluate(batch())).toThrow("disposed of");
    });

    it("tells gradients apart that are smaller than the root of what a float32 holds", () => {
      const spec: ModelSpec = {
        ...drawCase("tiny", 0, { cell: "rnn", activation: "tanh", head: "regressLast", layers: 1 }).spec,
        hidden: 2,
        inputSize: 1,
        outputSize: 1,
      };
      const parameters = randomParameters(new Random(1, "tiny"), spec);
      // ∂L/∂h shrinks by 2^{-10} at each timestep, down to about 1e-36 of the last.
      parameters.get("layers.0.W")!.data.set([2 ** -10, 0, 0, 2 ** -10]);
      const length = 13;
      const batch = {
        size: 1,
        length,
        inputs: new Float32Array(length),
        targets: Float32Array.of(3),
      };
      const model = engine.createModel(spec, settingsTried[0]!, parameters);
      expectAgreement(model, spec, toDoubles(parameters), batch);
      expect(model.gradients(batch).layers[0]!.gradientNorm[0]).toBeGreaterThan(0);
      model.dispose();
    });

    describe("leaks no tensor", () => {
      for (const cell of cellNames)
        it(`${cell} over 1,000 steps`, () => {
          const kind = { cell, activation: "tanh", head: "classifyEach", layers: 2 } as const;
          const random = new Random(9, "leak", cell);
          const shape = {
            batch: 2,
            length: 3,
            hidden: 4,
            inputSize: 2,
            outputSize: 3,
            reflectors: [4, 2],
          } as const;
          const spec = specOf(random, kind, shape);
          const parameters = randomParameters(random, spec);
          const batch = randomBatch(random, spec, shape.batch, shape.length);
          const spoilt = { ...batch, inputs: batch.inputs.map(() => Number.NaN) };
          const atStart = tf.memory().numTensors;
          const model: Model = engine.createModel(spec, settingsTried[1]!, parameters);
          const { numTensors, numBytes } = tf.memory();
          for (let step = 0; step < 1000; step++) {
            model.trainStep(step % 10 === 9 ? spoilt : batch, learningRate, step % 2 === 0);
            if (step % 10 === 0) model.evaluate(batch);
            if (step % 10 === 1) model.predict(batch);
            if (step % 10 === 2) model.gradients(batch);
          }
          expect(tf.memory().numTensors).toBe(numTensors);
          expect(tf.memory().numBytes).toBe(numBytes);
          model.dispose();
          expect(tf.memory().numTensors).toBe(atStart);
        });
    });

    // The plain JavaScript backend takes the same operations as the others; once is enough.
    if (backend !== "cpu") describeTraining(() => [engine]);

    it("goes on with states that another model of the process has changed the backend for", async () => {
      const { spec, parameters, batch: draw } = drawCase("two backends", 1, everyKind()[3]!);
      const batch = draw();
      const second = await createTensorflowEngine({ backend: backend === "cpu" ? "wasm" : "cpu" });
      const settings = settingsTried[1]!;
      const models = [engine, second, engine].map((each) => each.createModel(spec, settings, parameters));
      for (let step = 0; step < 3; step++) {
        const losses = models.map((model) => model.trainStep(batch, learningRate, false).loss);
        for (const loss of losses) expectValues([loss], [losses[0]!], "loss");
      }
      for (const model of models) model.dispose();
    });
  });
}
