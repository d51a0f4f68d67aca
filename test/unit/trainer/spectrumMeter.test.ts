import { afterAll, describe, expect, it } from "vitest";
import type { ModelSpec } from "../../../src/engine/engine.ts";
import { spectraOf } from "../../../src/trainer/spectra.ts";
import { SpectrumMeter } from "../../../src/trainer/spectrumMeter.ts";
import { randomParameters, smallSpec } from "./helpers.ts";

const meter = new SpectrumMeter();
afterAll(() => meter.close());

describe("SpectrumMeter", () => {
  it("gives in a worker what a decomposition on the spot gives, for every layer and gate, in order", async () => {
    const specs: ModelSpec[] = [
      { ...smallSpec, layers: 2 },
      { ...smallSpec, cell: "lstm" },
      { ...smallSpec, cell: "gru", hidden: 9 },
    ];
    const measured = await Promise.all(specs.map((spec) => meter.measure(spec, randomParameters(spec))));
    expect(measured).toEqual(specs.map((spec) => spectraOf(spec, randomParameters(spec))));
    expect(measured.map((layers) => layers.map((layer) => Object.keys(layer)))).toEqual([
      [["W"], ["W"]],
      [["input", "forget", "cell", "output"]],
      [["reset", "update", "candidate"]],
    ]);
  });

  it("rejects for a matrix that is not finite, and goes on measuring", async () => {
    const broken = randomParameters(smallSpec);
    broken.get("layers.0.W")!.data[3] = Number.NaN;
    await expect(meter.measure(smallSpec, broken)).rejects.toThrow(/layers\.0\.W/);
    expect(await meter.measure(smallSpec, randomParameters(smallSpec))).toHaveLength(1);
  });
});

describe("spectraOf", () => {
  it("reads the σ of a spectral cell from its p: center + r tanh(p / 2), descending", () => {
    const spec: ModelSpec = { ...smallSpec, cell: "spectral" };
    const parameters = randomParameters(spec);
    parameters.get("layers.0.p")!.data.set([0, 2, -2, 1, -1, 30]);
    const [layer] = spectraOf(spec, parameters);
    const expected = [30, 2, 1, 0, -1, -2].map((p) => 1 + 0.1 * Math.tanh(p / 2));
    expect(layer!.W).toHaveLength(6);
    expected.forEach((value, i) => {
      expect(layer!.W![i]).toBeCloseTo(value, 6);
    });
  });
});
