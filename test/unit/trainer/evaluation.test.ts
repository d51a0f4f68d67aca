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

const task = { test: sequences, metricName: "accuracy" } as const;

describe("evaluation", () => {
  it("gives in batches, the last of them short, what one batch of everything gives", async () => {
    const model = createReferenceEngine().createModel(smallSpec, optimizer, randomParameters(smallSpec));
    const whole = model.evaluate(sequences);
    let asked = 0;
    const inBatches = await evaluateOn(model, task, 5, async () => {
      asked++;
      return true;
    });
    expect(inBatches?.loss).toBeCloseTo(whole.loss, 6);
    expect(inBatches?.metric).toBeCloseTo(whole.metric, 6);
    expect(asked).toBe(4);
  });

  it("gives up when told to", async () => {
    const model = createReferenceEngine().createModel(smallSpec, optimizer, randomParameters(smallSpec));
    expect(await evaluateOn(model, task, 5, async () => false)).toBeUndefined();
  });

  it("takes the windows of a stream one after the other, each where the one before it ended", async () => {
    const spec = { ...smallSpec, head: "classifyEach" } as const;
    const model = createReferenceEngine().createModel(spec, optimizer, randomParameters(spec));
    // 4 streams of 3 windows of 5 timesteps, against the same 4 streams of 15 timesteps at once.
    const streams = 4;
    const windows = 3;
    const size = streams * windows;
    const inputs = Float32Array.from({ length: size * 5 * 2 }, () => random.normal());
    const targets = Int32Array.from({ length: size * 5 }, () => random.below(3));
    const stitched = <T extends Float32Array | Int32Array>(values: T, each: number): number[] =>
      Array.from({ length: streams }, (_, stream) =>
        Array.from({ length: windows }, (_, window) => {
          const at = (window * streams + stream) * each;
          return [...values.subarray(at, at + each)];
        }),
      ).flat(2);
    const whole = model.evaluate({
      size: streams,
      length: 15,
      inputs: Float32Array.from(stitched(inputs, 10)),
      targets: Int32Array.from(stitched(targets, 5)),
    });
    const test = { size, length: 5, inputs, targets };
    const parts = await evaluateOn(
      model,
      { test, testStreams: streams, metricName: "perplexity" },
      64,
      async () => true,
    );
    expect(parts?.loss).toBeCloseTo(whole.loss, 6);
    expect(parts?.metric).toBeCloseTo(Math.exp(whole.loss), 5);
    const apart = await evaluateOn(model, { test, metricName: "accuracy" }, 64, async () => true);
    expect(Math.abs(apart!.loss - whole.loss)).toBeGreaterThan(1e-4);
  });

  it("slices targets of each timestep along with the inputs", () => {
    const each = { ...sequences, targets: Int32Array.from({ length: 23 * 5 }, (_, i) => i) };
    const slice = sliceSequences(each, 2, 4);
    expect(slice.size).toBe(2);
    expect([...slice.targets]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(slice.inputs[0]).toBe(sequences.inputs[20]);
  });
});
