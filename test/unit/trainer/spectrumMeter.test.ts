import { afterAll, describe, expect, it } from "vitest";
import type { ModelSpec } from "../../../src/engine/engine.ts";
import { lyapunovTelemetry } from "../../../src/trainer/lyapunov.ts";
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

describe("SpectrumMeter.measureLyapunov", () => {
  it("gives in a worker what the walk gives on the spot, along the sequence it is given alone", async () => {
    const spec: ModelSpec = { ...smallSpec, layers: 2 };
    const all = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i * i));
    const inputs = all.subarray(20, 40);
    const [found, spectra] = await Promise.all([
      meter.measureLyapunov(spec, randomParameters(spec), inputs),
      meter.measure(spec, randomParameters(spec)),
    ]);
    expect(found).toEqual(lyapunovTelemetry(spec, randomParameters(spec), inputs.slice()));
    expect(found.map(({ exponents }) => exponents.length)).toEqual([6, 6]);
    expect(spectra).toEqual(spectraOf(spec, randomParameters(spec)));
    // The test set stays where it is.
    expect(all).toHaveLength(60);
  });

  it("rejects for what is not finite, naming it", async () => {
    const broken = randomParameters(smallSpec);
    broken.get("layers.0.M")!.data[0] = Number.NaN;
    await expect(meter.measureLyapunov(smallSpec, broken, new Float32Array(8))).rejects.toThrow(
      "layer 0: unit 0 is NaN at timestep 1",
    );
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
