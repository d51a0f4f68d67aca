import { describe, expect, it } from "vitest";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { singularValues, spectrumOf } from "../../../src/engine/singularValues.ts";
import { switchParameterization } from "../../../src/engine/switchParameterization.ts";
import { distance, jacobiSingularValues } from "../spectral/matrices.ts";
import { specOf } from "./specs.ts";

describe("spectrumOf", () => {
  it("names the spectrum of each gate of each layer, as an independent decomposition finds it", () => {
    const spec = specOf({ cell: "lstm", hidden: 6 });
    const parameters = initializeParameters(spec, "glorot", 1);
    const spectra = spectrumOf(spec, parameters);
    expect(spectra).toHaveLength(2);
    for (const [layer, spectrum] of spectra.entries()) {
      expect(Object.keys(spectrum)).toEqual(["input", "forget", "cell", "output"]);
      const w = Float64Array.from(parameters.get(`layers.${layer}.W`)!.data);
      for (const [gate, values] of Object.values(spectrum).entries())
        expect(
          distance(values, jacobiSingularValues(w.subarray(36 * gate, 36 * (gate + 1)), 6, 6)),
        ).toBeLessThan(1e-12);
    }
    const gru = specOf({ cell: "gru" });
    expect(Object.keys(spectrumOf(gru, initializeParameters(gru, "glorot", 1))[0]!)).toEqual([
      "reset",
      "update",
      "candidate",
    ]);
  });

  it("knows spectral values from p, in descending order and as magnitudes", () => {
    const spec = specOf({ cell: "spectral", center: 0, radius: 0.5 });
    const parameters = initializeParameters(spec, "orthogonal", 1);
    for (const layer of [0, 1]) parameters.get(`layers.${layer}.p`)!.data.set([-3, 1, 0.5, 2, -1, 0, 0, 4]);
    const dense = switchParameterization(spec, parameters, "rnn");
    const known = spectrumOf(spec, parameters)[1]!.W!;
    expect(distance(known, spectrumOf(dense.spec, dense.parameters)[1]!.W!)).toBeLessThan(1e-7);
    expect(known[0]).toBeCloseTo(0.5 * Math.tanh(2), 12);
  });

  it("gives ones for orthogonal cells", () => {
    const spec = specOf({ cell: "orthogonal" });
    expect([...spectrumOf(spec, initializeParameters(spec, "orthogonal", 1))[0]!.W!]).toEqual(
      new Array(8).fill(1),
    );
  });

  it("names the matrix that is not finite or missing", () => {
    const spec = specOf({ cell: "gru" });
    const parameters = initializeParameters(spec, "orthogonal", 1);
    parameters.get("layers.1.W")!.data[64 + 9] = Number.POSITIVE_INFINITY;
    expect(() => spectrumOf(spec, parameters)).toThrow(
      "layers.1.W (update): the matrix has Infinity at row 1, column 1",
    );
    parameters.delete("layers.0.W");
    expect(() => spectrumOf(spec, parameters)).toThrow("parameter layers.0.W is missing");
  });
});

describe("singularValues", () => {
  it("takes rectangular float32 matrices", () => {
    expect(distance(singularValues(new Float32Array([3, 0, 0, 0, 4, 0]), 2, 3), [4, 3])).toBeLessThan(1e-15);
  });
});
