/** The sampled softmax: whom it takes in, that it is right in the mean, and that both engines mean the same by it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, OptimizerSettings } from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { candidatesOf } from "../../../src/engine/sampledSoftmax.ts";
import { createTensorflowEngine } from "../../../src/engine/tensorflow/createTensorflowEngine.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import { Random } from "../../../src/random.ts";
import { randomBatch, randomParameters, randomStates, specOf, toDoubles } from "../../reference/cases.ts";
import { expectSameBits, expectTensors, expectValues } from "./agreement.ts";

const all: OptimizerSettings = { optimizer: "adam", momentum: 0, weightDecay: 0, clipNorm: undefined };
const vocabulary = 40;

let engines: Engine[] = [];
beforeAll(async () => {
  engines = [
    await createFusedEngine({ threads: 2 }),
    await createTensorflowEngine({ backend: "wasm", folder: undefined }),
  ];
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
});

function drawCase(name: string, cell: (typeof cellNames)[number], embedding: "tied" | "free") {
  const random = new Random(11, name, cell);
  const shape = {
    batch: 5,
    length: 4,
    hidden: 7,
    inputSize: 1,
    outputSize: vocabulary,
    reflectors: [3, 2],
  } as const;
  const kind = { cell, activation: "tanh", head: "classifyEach", layers: 1, vocabulary, embedding } as const;
  const spec = specOf(random, kind, shape);
  const parameters = randomParameters(random, spec);
  const initial = randomStates(random, spec, shape.batch);
  const batch = { ...randomBatch(random, spec, shape.batch, shape.length), initial };
  return { spec, parameters, batch };
}

describe("candidates", () => {
  const targets = Int32Array.of(3, 39, 3, 0, 17);

  it("hold every target, as many classes as asked, in order, and the same ones again for the same step", () => {
    const { classes, shift, targets: indices } = candidatesOf({ outputSize: vocabulary }, targets, 12, 5);
    expect(classes.length).toBe(12);
    expect([...classes]).toEqual([...new Set(classes)].sort((a, b) => a - b));
    expect(Array.from(indices, (index) => classes[index])).toEqual([...targets]);
    const own = new Set(targets);
    for (const [i, each] of classes.entries())
      expect(shift[i]).toBe(own.has(each) ? 0 : Math.fround(-Math.log(8 / 36)));
    expect(candidatesOf({ outputSize: vocabulary }, targets, 12, 5).classes).toEqual(classes);
    expect(candidatesOf({ outputSize: vocabulary }, targets, 12, 6).classes).not.toEqual(classes);
  });

  it("are refused where the targets are too many", () => {
    expect(() => candidatesOf({ outputSize: vocabulary }, targets, 3, 0)).toThrow(
      "a softmax over 3 classes cannot hold the 4 different ones among a batch's targets",
    );
  });

  it("have the sum of exponentials over all classes as the mean of theirs", () => {
    const random = new Random(12);
    const exponentials = Float64Array.from({ length: vocabulary }, () => Math.exp(random.normal()));
    const expected = exponentials.reduce((sum, value) => sum + value, 0);
    const draws = 4000;
    let mean = 0;
    for (let step = 0; step < draws; step++) {
      const { classes, shift } = candidatesOf({ outputSize: vocabulary }, targets, 12, step);
      for (const [i, each] of classes.entries()) mean += (exponentials[each]! * Math.exp(shift[i]!)) / draws;
    }
    // A draw's standard deviation is about a quarter of the sum; of their mean, 1/60 of that.
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.02);
  });
});

describe("training with a sampled softmax", () => {
  for (const cell of cellNames)
    for (const embedding of ["tied", "free"] as const) {
      it(`${cell}, ${embedding}: over every class it is the softmax itself`, () => {
        const { spec, parameters, batch } = drawCase("whole", cell, embedding);
        for (const engine of engines) {
          const sampled = engine.createModel(spec, { ...all, sampledSoftmax: vocabulary }, parameters);
          const plain = engine.createModel(spec, all, parameters);
          const [a, b] = [sampled.gradients(batch), plain.gradients(batch)];
          expect(a.loss).toBe(b.loss);
          expectTensors(a.gradients, toDoubles(b.gradients), "gradient");
          sampled.dispose();
          plain.dispose();
        }
      });

      it(`${cell}, ${embedding}: both engines take the same steps, and evaluate over all classes`, () => {
        const { spec, parameters, batch } = drawCase("some", cell, embedding);
        const settings = { ...all, sampledSoftmax: 25 };
        const [fused, oracle] = engines.map((engine) => engine.createModel(spec, settings, parameters));
        const plain = engines[0]!.createModel(spec, all, parameters);
        expect(fused!.evaluate(batch)).toEqual(plain.evaluate(batch));
        for (let step = 0; step < 3; step++) {
          const [a, b] = [fused!.gradients(batch), oracle!.gradients(batch)];
          expect(a.loss).not.toBe(plain.gradients(batch).loss);
          expectValues([a.loss], [b.loss], "loss");
          expectTensors(a.gradients, toDoubles(b.gradients), "gradient", () => 1e-6);
          const [c, d] = [fused!.trainStep(batch, 0.001, true), oracle!.trainStep(batch, 0.001, true)];
          expectValues([c.loss, c.metric], [d.loss, d.metric], "step", 1e-6);
          expectTensors(fused!.getParameters(), toDoubles(oracle!.getParameters()), "parameters", () => 2e-4);
        }
        const again = engines[0]!.createModel(
          spec,
          settings,
          fused!.getParameters(),
          fused!.getOptimizerState(),
        );
        again.trainStep(batch, 0.001, false);
        fused!.trainStep(batch, 0.001, false);
        expectSameBits(
          again.getParameters(),
          fused!.getParameters(),
          "a resumed model draws the same classes",
        );
        for (const model of [fused!, oracle!, plain, again]) model.dispose();
      });
    }
});
