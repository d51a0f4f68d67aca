import { describe, expect, it } from "vitest";
import type { Batch, OptimizerSettings } from "../../../src/engine/engine.ts";
import { Random } from "../../../src/random.ts";
import { evaluateOn, sliceSequences } from "../../../src/trainer/evaluation.ts";
import { createReferenceEngine } from "../../reference/engine.ts";
import { randomParameters, smallSpec } from "./helpers.ts";

const optimizer: OptimizerSettings = { optimizer: "sgd", momentum: 0, weightDecay: 0, clipNorm: undefined };
const random = new Random(3);
const sequences: Batch = {
  size: 23,
  length: 5,
  inputs: Float32Array.from({ length: 23 * 5 * 2 }, () => random.normal()),
  targets: Int32Array.from({ length: 23 }, () => random.below(3)),
};

describe("evaluation", () => {
  it("gives in batches, the last of them short, what one batch of everything gives", async () => {
    const model = createReferenceEngine().createModel(smallSpec, optimizer, randomParameters(smallSpec));
    const whole = model.evaluate(sequences);
    let asked = 0;
    const inBatches = await evaluateOn(model, sequences, 5, async () => {
      asked++;
      return true;
    });
    expect(inBatches?.loss).toBeCloseTo(whole.loss, 6);
    expect(inBatches?.metric).toBeCloseTo(whole.metric, 6);
    expect(asked).toBe(4);
  });

  it("gives up when told to", async () => {
    const model = createReferenceEngine().createModel(smallSpec, optimizer, randomParameters(smallSpec));
    expect(await evaluateOn(model, sequences, 5, async () => false)).toBeUndefined();
  });

  it("slices targets of each timestep along with the inputs", () => {
    const each = { ...sequences, targets: Int32Array.from({ length: 23 * 5 }, (_, i) => i) };
    const slice = sliceSequences(each, 2, 4);
    expect(slice.size).toBe(2);
    expect([...slice.targets]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(slice.inputs[0]).toBe(sequences.inputs[20]);
  });
});
