/** The reference as an engine: what the trainer's tests rely on. */
import { describe, expect, it } from "vitest";
import type { OptimizerSettings, TensorMap } from "../../../src/engine/engine.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import { Random } from "../../../src/random.ts";
import { randomBatch, randomParameters, specOf } from "../../reference/cases.ts";
import { createReferenceEngine } from "../../reference/engine.ts";

const shape = { batch: 4, length: 5, hidden: 6, inputSize: 3, outputSize: 4, reflectors: [6, 2] } as const;
const settings: OptimizerSettings = { optimizer: "adam", momentum: 0, weightDecay: 0.01, clipNorm: 1 };

function caseOf(cell: (typeof cellNames)[number]) {
  const random = new Random(1, "reference engine", cell);
  const spec = specOf(random, { cell, activation: "tanh", head: "classifyLast", layers: 2 }, shape);
  const parameters = randomParameters(random, spec);
  return { spec, parameters, batch: randomBatch(random, spec, shape.batch, shape.length) };
}

const plain = (tensors: TensorMap) =>
  [...tensors].map(([name, tensor]) => [name, tensor.shape, [...tensor.data]]);

describe("the reference engine", () => {
  for (const cell of cellNames) {
    it(`${cell}: learns a batch by heart`, () => {
      const { spec, parameters, batch } = caseOf(cell);
      const model = createReferenceEngine().createModel(spec, settings, parameters);
      expect(plain(model.getParameters())).toEqual(plain(parameters));
      const first = model.trainStep(batch, 0.02, false);
      for (let step = 0; step < 150; step++) model.trainStep(batch, 0.02, false);
      expect(model.evaluate(batch).loss).toBeLessThan(0.2 * first.loss);
      expect(model.evaluate(batch).metric).toBe(1);
    });

    it(`${cell}: with single storage, goes on bit for bit from its parameters and state`, () => {
      const { spec, parameters, batch } = caseOf(cell);
      const engine = createReferenceEngine({ storage: "single" });
      const whole = engine.createModel(spec, settings, parameters);
      for (let step = 0; step < 3; step++) whole.trainStep(batch, 0.01, false);
      const resumed = engine.createModel(spec, settings, whole.getParameters(), whole.getOptimizerState());
      for (let step = 0; step < 3; step++)
        expect(resumed.trainStep(batch, 0.01, true)).toEqual(whole.trainStep(batch, 0.01, true));
      expect(plain(resumed.getParameters())).toEqual(plain(whole.getParameters()));
      expect(plain(resumed.getOptimizerState())).toEqual(plain(whole.getOptimizerState()));
    });

    it(`${cell}: a loss that is not finite changes nothing`, () => {
      const { spec, parameters, batch } = caseOf(cell);
      const model = createReferenceEngine().createModel(spec, settings, parameters);
      const inputs = batch.inputs.slice().fill(Number.NaN, 0, 1);
      const result = model.trainStep({ ...batch, inputs }, 0.01, true);
      expect(result.finite).toBe(false);
      expect(result.probe!.parameters.every(({ updateRatio }) => updateRatio === 0)).toBe(true);
      expect(plain(model.getParameters())).toEqual(plain(parameters));
      expect([...model.getOptimizerState().values()].every(({ data }) => data.every((v) => v === 0))).toBe(
        true,
      );
    });
  }
});
