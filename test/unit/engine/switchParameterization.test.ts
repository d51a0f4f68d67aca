import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelSpec, TensorMap } from "../../../src/engine/engine.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { assertParameters } from "../../../src/engine/parameters.ts";
import { spectrumOf } from "../../../src/engine/singularValues.ts";
import { SwitchError, switchParameterization } from "../../../src/engine/switchParameterization.ts";
import { Random } from "../../../src/random.ts";
import { materializeOrthogonal } from "../../../src/spectral/orthogonal.ts";
import { distance, withSpectrum } from "../spectral/matrices.ts";
import { specOf } from "./specs.ts";

/** A model whose layers' W have these singular values. */
function rnnWith(spectra: readonly (readonly number[])[], seed = 1) {
  const n = spectra[0]!.length;
  const spec = specOf({ hidden: n, layers: spectra.length, reflectors: [1, 1] });
  const parameters = initializeParameters(spec, "glorot", seed);
  const random = new Random(seed, "spectra");
  for (const [layer, values] of spectra.entries())
    parameters
      .get(`layers.${layer}.W`)!
      .data.set(withSpectrum(values, n, n, random, [1, layer % 2 ? 1 : -1]));
  return { spec, parameters };
}

/** A spectral model in mid-training: random reflectors of any length and p. */
function trainedSpectral(changes: Partial<ModelSpec>, seed: number) {
  const spec = specOf({ cell: "spectral", ...changes });
  const parameters = initializeParameters(spec, "orthogonal", seed);
  const random = new Random(seed, "trained");
  for (const [name, { data }] of parameters)
    if (/\.[uvp]$/.test(name)) for (let i = 0; i < data.length; i++) data[i] = 2 * random.normal();
  return { spec, parameters };
}

const w = (parameters: TensorMap, layer = 0) => parameters.get(`layers.${layer}.W`)!.data;

function refusalOf(attempt: () => unknown): SwitchError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SwitchError) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("switchParameterization", () => {
  it("rnn → spectral → rnn keeps W of every layer, for any size and spectrum in the band", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(1e6), (n, seed) => {
        const random = new Random(seed, "test");
        const spectrum = () => Array.from({ length: n }, () => 0.75 + 0.5 * random.uniform());
        const { spec, parameters } = rnnWith([spectrum(), spectrum()], seed);
        const spectral = switchParameterization(spec, parameters, "spectral", { radius: 0.3 });
        expect(spectral.spec).toEqual({ ...spec, cell: "spectral", radius: 0.3, reflectors: [n, n] });
        assertParameters(spectral.spec, spectral.parameters);
        expect(spectral.report).toMatchObject({ clipped: 0, clippedCount: 0 });
        expect(spectral.report.representationError).toBeLessThan(2e-6);
        const back = switchParameterization(spectral.spec, spectral.parameters, "rnn");
        assertParameters(back.spec, back.parameters);
        for (const layer of [0, 1])
          expect(distance(w(back.parameters, layer), w(parameters, layer))).toBeLessThan(3e-6);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it("keeps the function: states of the switched model follow those of the first to 1e-4", () => {
    const { spec, parameters } = rnnWith([[1.05, 1.02, 1, 1, 0.98, 0.96]]);
    const switched = switchParameterization(spec, parameters, "spectral");
    const back = switchParameterization(switched.spec, switched.parameters, "rnn");
    const run = (matrix: Float32Array) => {
      let h = Float64Array.from([1, -1, 0.5, 0, 0.2, -0.3]);
      for (let t = 0; t < 200; t++)
        h = h.map((_, r) => Math.tanh(h.reduce((sum, x, c) => sum + matrix[6 * r + c]! * x, 0)));
      return h;
    };
    const states = run(w(parameters));
    expect(distance(run(w(back.parameters)), states) / Math.max(...states.map(Math.abs))).toBeLessThan(1e-4);
  });

  it("passes every other tensor through as it is, in the order of the new spec", () => {
    const { spec, parameters } = rnnWith([[1, 1, 1]]);
    const { parameters: switched } = switchParameterization(spec, parameters, "spectral");
    expect([...switched.keys()]).toEqual([
      "layers.0.u",
      "layers.0.v",
      "layers.0.p",
      "layers.0.M",
      "layers.0.b",
      "head.W",
      "head.b",
    ]);
    for (const name of ["layers.0.M", "layers.0.b", "head.W", "head.b"])
      expect(switched.get(name)).toBe(parameters.get(name));
  });

  it("spectral → rnn → spectral keeps the spectrum, with few reflectors to start from and σ near the edge", () => {
    const { spec, parameters } = trainedSpectral({ hidden: 10, reflectors: [3, 5], radius: 0.05 }, 2);
    parameters.get("layers.0.p")!.data.set([14, -14, 9]);
    const rnn = switchParameterization(spec, parameters, "rnn");
    expect(rnn.spec.cell).toBe("rnn");
    expect(rnn.report.representationError).toBeLessThan(1e-7);
    const [before, during] = [spectrumOf(spec, parameters), spectrumOf(rnn.spec, rnn.parameters)];
    const back = switchParameterization(rnn.spec, rnn.parameters, "spectral");
    const after = spectrumOf(back.spec, back.parameters);
    for (const layer of [0, 1]) {
      expect(distance(during[layer]!.W!, before[layer]!.W!)).toBeLessThan(1e-6);
      expect(distance(after[layer]!.W!, before[layer]!.W!)).toBeLessThan(2e-6);
    }
    expect(back.spec.reflectors).toEqual([10, 10]);
  });

  it("orthogonal → rnn and orthogonal → spectral keep W", () => {
    const spec = specOf({ cell: "orthogonal", reflectors: [5, 1] });
    const parameters = initializeParameters(spec, "orthogonal", 3);
    const expected = materializeOrthogonal(
      { size: 8, reflectors: 5 },
      Float64Array.from(parameters.get("layers.1.u")!.data),
    );
    const rnn = switchParameterization(spec, parameters, "rnn");
    expect(distance(w(rnn.parameters, 1), expected)).toBeLessThan(1e-7);
    expect(rnn.report.sigma[0]).toBeCloseTo(1, 12);
    const spectral = switchParameterization(spec, parameters, "spectral", { reflectors: 8, radius: 0.02 });
    const back = switchParameterization(spectral.spec, spectral.parameters, "rnn");
    expect(distance(w(back.parameters, 1), expected)).toBeLessThan(3e-6);
  });

  it("refuses a spectrum outside the band, and says what it would do", () => {
    const { spec, parameters } = rnnWith([
      [1.5, 1, 0.9],
      [1.2, 1.1, 0.2],
    ]);
    const refusal = refusalOf(() => switchParameterization(spec, parameters, "spectral", { radius: 0.15 }));
    expect(refusal.message).toContain("3 of 6 singular values lie outside the band (0.85, 1.15)");
    expect(refusal.message).toContain("they range from 0.200000 to 1.50000");
    expect(refusal.report?.clippedCount).toBe(3);
    expect(refusal.report?.clipped).toBeCloseTo(0.65, 6);
    expect(refusal.report?.sigma[0]).toBeCloseTo(0.2, 6);
    expect(refusal.report?.sigma[1]).toBeCloseTo(1.5, 6);
    // The second layer's values move by 0.05, 0 and 0.65; W moves as far, since U and V stay.
    expect(refusal.report?.representationError).toBeCloseTo(
      Math.hypot(0.05, 0.65) / Math.hypot(1.2, 1.1, 0.2),
      4,
    );
  });

  it("clips on request, into the band and no farther than it must", () => {
    const { spec, parameters } = rnnWith([[1.5, 1, 0.9, 0.2]]);
    const {
      spec: target,
      parameters: clipped,
      report,
    } = switchParameterization(spec, parameters, "spectral", {
      radius: 0.15,
      clip: true,
    });
    const [spectrum] = spectrumOf(target, clipped);
    expect(distance(spectrum!.W!, [1.15, 1, 0.9, 0.85])).toBeLessThan(3e-6);
    expect(report.clippedCount).toBe(2);
    expect(report.clipped).toBeCloseTo(0.65, 6);
  });

  it("takes values at the band's edge for inside, to rounding, and counts them", () => {
    const { spec, parameters } = rnnWith([[1.1, 1, 0.9]]);
    const {
      report,
      spec: target,
      parameters: switched,
    } = switchParameterization(spec, parameters, "spectral", {
      radius: 0.1,
    });
    expect(report.clipped).toBeLessThan(1e-6);
    expect(report.representationError).toBeLessThan(1e-5);
    expect(distance(spectrumOf(target, switched)[0]!.W!, [1.1, 1, 0.9])).toBeLessThan(3e-6);
  });

  it("refuses reflectors too few for W, unless a changed W is accepted", () => {
    const { spec, parameters } = rnnWith([[1.05, 1.02, 1, 0.97, 0.95]]);
    const few = { reflectors: [2, 3] as const };
    const refusal = refusalOf(() => switchParameterization(spec, parameters, "spectral", few));
    expect(refusal.message).toMatch(
      /with 2 and 3 reflectors W can only be matched to a relative error of \d\.\d+; use 5/,
    );
    expect(refusal.report?.clippedCount).toBe(0);
    const { report, spec: target } = switchParameterization(spec, parameters, "spectral", {
      ...few,
      clip: true,
    });
    expect(report.representationError).toBe(refusal.report?.representationError);
    expect(report.representationError).toBeGreaterThan(0.1);
    expect(target.reflectors).toEqual([2, 3]);
  });

  it("refuses gated cells, the cell the model has, and options out of range", () => {
    for (const cell of ["lstm", "gru"] as const) {
      const spec = specOf({ cell });
      const parameters = initializeParameters(spec, "orthogonal", 1);
      const refusal = refusalOf(() => switchParameterization(spec, parameters, "spectral"));
      expect(refusal.message).toContain(`a ${cell} model cannot be switched to spectral`);
      expect(refusal.report).toBeUndefined();
    }
    const { spec, parameters } = rnnWith([[1, 1]]);
    const refused = (to: "spectral" | "rnn", options = {}) =>
      refusalOf(() => switchParameterization(spec, parameters, to, options)).message;
    expect(refused("rnn")).toBe("the model's cell is rnn already");
    const spectral = switchParameterization(spec, parameters, "spectral");
    expect(() => switchParameterization(spectral.spec, spectral.parameters, "spectral")).toThrow(
      "is spectral already",
    );
    expect(refused("spectral", { reflectors: 3 })).toContain("from 1 to the hidden size 2, not 3");
    expect(refused("spectral", { reflectors: [1, 0] })).toContain("not 0");
    expect(refused("spectral", { radius: 0 })).toContain("the radius must be above 0, not 0");
    expect(refused("spectral", { center: -1 })).toContain("the center must be 0 or above, not -1");
  });

  it("refuses parameters that are missing or not finite, naming them", () => {
    const { spec, parameters } = rnnWith([[1, 1]]);
    w(parameters)[3] = Number.NaN;
    expect(refusalOf(() => switchParameterization(spec, parameters, "spectral")).message).toContain(
      "layers.0.W has NaN at row 1, column 1",
    );
    parameters.delete("layers.0.M");
    expect(() => switchParameterization(spec, parameters, "spectral")).toThrow(
      "parameter layers.0.M is missing",
    );
  });
});
