import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelSpec } from "../../../src/engine/engine.ts";
import { isRecorded, measuresSpectrum, spectrumInterval, stride } from "../../../src/trainer/cadence.ts";

const spec: ModelSpec = {
  cell: "rnn",
  inputSize: 2,
  hidden: 64,
  layers: 1,
  activation: "tanh",
  outputSize: 1,
  head: "regressLast",
  reflectors: [16, 16],
  radius: 0.1,
  center: 1,
};

function recordedSteps(steps: number, cadence: "auto" | number): number[] {
  return Array.from({ length: steps }, (_, i) => i + 1).filter((step) => isRecorded(step, cadence));
}

describe("telemetry cadence", () => {
  it("auto: a thousand rows at every step, then a thousand at every 2nd, 4th, 8th …", () => {
    const steps = recordedSteps(20_000, "auto");
    const gaps = steps.map((step, i) => step - (steps[i - 1] ?? 0));
    expect(gaps.slice(0, 1000).every((gap) => gap === 1)).toBe(true);
    expect(gaps.slice(1000, 2000).every((gap) => gap === 2)).toBe(true);
    expect(gaps.slice(2000, 3000).every((gap) => gap === 4)).toBe(true);
    expect(gaps.slice(3000, 4000).every((gap) => gap === 8)).toBe(true);
  });

  it("auto: a run of a million steps stays near ten thousand rows", () => {
    expect(recordedSteps(1_000_000, "auto").length).toBeGreaterThan(9_000);
    expect(recordedSteps(1_000_000, "auto").length).toBeLessThan(11_000);
  });

  it("a number k: the first step and every k-th", () => {
    expect(recordedSteps(35, 10)).toEqual([1, 10, 20, 30]);
    expect(recordedSteps(4, 1)).toEqual([1, 2, 3, 4]);
  });

  it("the step before a recorded one, by its stride, is recorded or is the start", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5_000_000 }), (step) => {
        fc.pre(isRecorded(step, "auto"));
        expect(isRecorded(step - stride(step, "auto"), "auto")).toBe(true);
      }),
      { seed: 7 },
    );
  });
});

describe("spectrum cadence", () => {
  it("spectral and orthogonal cells, whose singular values are known, measure every row", () => {
    expect(spectrumInterval({ ...spec, cell: "spectral" }, 1, 1)).toBe(1);
    expect(spectrumInterval({ ...spec, cell: "orthogonal" }, 1, 1)).toBe(1);
  });

  it("measures a dense matrix less often the more its SVD costs beside a step", () => {
    const small = spectrumInterval(spec, 32, 200);
    const wide = spectrumInterval({ ...spec, hidden: 512 }, 32, 200);
    const short = spectrumInterval({ ...spec, hidden: 512 }, 32, 8);
    expect(small).toBeLessThan(wide);
    expect(wide).toBeLessThan(short);
  });

  it("measures the first recorded step of every interval, and the first of all", () => {
    const measured = (interval: number, cadence: "auto" | number) =>
      Array.from({ length: 40 }, (_, i) => i + 1).filter((step) => measuresSpectrum(step, cadence, interval));
    expect(measured(16, "auto")).toEqual([1, 16, 32]);
    expect(measured(16, 10)).toEqual([1, 20, 40]);
    expect(measured(4, 10)).toEqual([1, 10, 20, 30, 40]);
  });

  it("never leaves more than one interval and one stride between two measured rows", () => {
    for (const interval of [1, 8, 64, 512]) {
      let last = 1;
      for (let step = 2; step <= 20_000; step++) {
        if (!measuresSpectrum(step, "auto", interval)) continue;
        expect(step - last).toBeLessThan(interval + 2 * stride(step, "auto"));
        last = step;
      }
      expect(20_000 - last).toBeLessThan(interval + 16);
    }
  });
});
