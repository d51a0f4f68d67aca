import { describe, expect, it } from "vitest";
import { trainingSchema } from "../../../src/experiment/schema.ts";
import { isDue, learningRateAt, scheduleOf } from "../../../src/trainer/schedule.ts";

const endless = { kind: "adding", trainSize: undefined } as const;
const finite = { kind: "digits", trainSize: 1000 } as const;

describe("schedule", () => {
  it("takes 1000 steps, a tenth of them between evaluations and checkpoints, when nothing is said", () => {
    expect(scheduleOf(trainingSchema.parse({}), endless)).toEqual({
      steps: 1000,
      evaluateEvery: 100,
      checkpointEvery: 100,
    });
  });

  it("turns epochs into the steps that see every training sequence", () => {
    expect(scheduleOf(trainingSchema.parse({ epochs: 3, batch: 64 }), finite).steps).toBe(47);
  });

  it("refuses epochs where the training set has no end, and steps beside epochs", () => {
    expect(() => scheduleOf(trainingSchema.parse({ epochs: 3 }), endless)).toThrow(
      /epochs is 3.*adding.*steps/,
    );
    expect(() => scheduleOf(trainingSchema.parse({ epochs: 3, steps: 5 }), finite)).toThrow(/both/);
  });

  it("keeps the intervals given, and never lets a default be 0", () => {
    const schedule = scheduleOf(trainingSchema.parse({ steps: 4, evaluateEvery: 3 }), endless);
    expect(schedule).toEqual({ steps: 4, evaluateEvery: 3, checkpointEvery: 1 });
  });

  it("multiplies the learning rate by the decay once every decaySteps, continuously", () => {
    const training = trainingSchema.parse({ learningRate: 0.1, learningRateDecay: 0.25, decaySteps: 10 });
    expect(learningRateAt(training, 0)).toBe(0.1);
    expect(learningRateAt(training, 5)).toBeCloseTo(0.05, 12);
    expect(learningRateAt(training, 10)).toBeCloseTo(0.025, 12);
  });

  it("is due at every multiple and at the last step", () => {
    expect([1, 2, 3, 4, 5, 6, 7].filter((step) => isDue(step, 3, 7))).toEqual([3, 6, 7]);
  });
});
