import { describe, expect, it } from "vitest";
import type { Batch, ModelSpec, OptimizerSettings } from "../../../src/engine/engine.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { Random } from "../../../src/random.ts";
import { switchModel } from "../../../src/trainer/liveSwitch.ts";
import { createReferenceEngine } from "../../reference/engine.ts";
import { smallSpec } from "./helpers.ts";

const optimizer: OptimizerSettings = {
  optimizer: "adam",
  momentum: 0.9,
  weightDecay: 0,
  clipNorm: undefined,
};
const engine = createReferenceEngine();
const random = new Random(11);
const batch: Batch = {
  size: 8,
  length: 12,
  inputs: Float32Array.from({ length: 8 * 12 * 2 }, () => random.normal()),
  targets: Int32Array.from({ length: 8 }, () => random.below(3)),
};

function trained(spec: ModelSpec, steps = 3) {
  const model = engine.createModel(spec, optimizer, initializeParameters(spec, "orthogonal", 4));
  for (let step = 0; step < steps; step++) model.trainStep(batch, 0.01, false);
  return model;
}

describe("switchModel", () => {
  it("keeps the outputs from rnn to spectral and back", () => {
    const rnn = trained(smallSpec);
    const spectral = switchModel(engine, rnn, optimizer, "spectral", { radius: 0.5 }, batch);
    expect(spectral.model.spec).toMatchObject({ cell: "spectral", radius: 0.5, reflectors: [6, 6] });
    expect(spectral.report.clippedCount).toBe(0);
    expect(spectral.functionChange).toBeLessThan(1e-5);
    const back = switchModel(engine, spectral.model, optimizer, "rnn", {}, batch);
    expect(back.model.spec.cell).toBe("rnn");
    expect(back.functionChange).toBeLessThan(1e-5);
    const [before, after] = [rnn.predict(batch), back.model.predict(batch)];
    before.forEach((value, i) => {
      expect(after[i]).toBeCloseTo(value, 4);
    });
  });

  it("goes on with the optimizer's state of what passes through, and from zero for what is new", () => {
    const rnn = trained(smallSpec);
    const before = rnn.getOptimizerState();
    const { model } = switchModel(engine, rnn, optimizer, "spectral", { radius: 0.5 }, batch);
    const after = model.getOptimizerState();
    for (const name of ["layers.0.M", "layers.0.b", "head.W", "head.b"])
      for (const kind of ["m", "v", "t"])
        expect(after.get(`${kind}.${name}`)?.data, `${kind}.${name}`).toEqual(
          before.get(`${kind}.${name}`)?.data,
        );
    expect(before.get("t.layers.0.M")?.data[0]).toBe(3);
    for (const name of ["layers.0.u", "layers.0.v", "layers.0.p"]) {
      expect(after.get(`t.${name}`)?.data[0]).toBe(0);
      expect(after.get(`m.${name}`)?.data.every((value) => value === 0)).toBe(true);
    }
    expect([...after.keys()].some((name) => name.endsWith("layers.0.W"))).toBe(false);
  });

  it("drops the state of the orthogonal cell's u, whose name and shape a spectral cell shares", () => {
    const orthogonal = trained({ ...smallSpec, cell: "orthogonal" });
    const { model } = switchModel(engine, orthogonal, optimizer, "spectral", {}, batch);
    expect(model.getOptimizerState().get("t.layers.0.u")?.data[0]).toBe(0);
    expect(model.getOptimizerState().get("t.layers.0.b")?.data[0]).toBe(3);
  });

  it("refuses a spectrum outside the band, and moves it when told to", () => {
    const parameters = initializeParameters(smallSpec, "orthogonal", 4);
    const w = parameters.get("layers.0.W")!.data;
    for (let i = 0; i < w.length; i++) w[i]! *= 1.5;
    const rnn = engine.createModel(smallSpec, optimizer, parameters);
    expect(() => switchModel(engine, rnn, optimizer, "spectral", { radius: 0.1 }, batch)).toThrow(
      /6 of 6 singular values lie outside the band \(0\.9, 1\.1\)/,
    );
    const clipped = switchModel(engine, rnn, optimizer, "spectral", { radius: 0.1, clip: true }, batch);
    expect(clipped.report.clippedCount).toBe(6);
    expect(clipped.report.clipped).toBeCloseTo(0.4, 4);
    expect(clipped.functionChange).toBeGreaterThan(1e-4);
  });

  it("takes no outputs for the same that are not numbers, also where finite ones follow them", () => {
    const parameters = initializeParameters(smallSpec, "orthogonal", 4);
    // The first of three classes: every sequence's outputs are NaN, x, y.
    parameters.get("head.b")!.data[0] = Number.NaN;
    const rnn = engine.createModel(smallSpec, optimizer, parameters);
    expect(() => switchModel(engine, rnn, optimizer, "spectral", { radius: 0.5 }, batch)).toThrow(
      "cannot tell whether a switch to spectral would change the model: its outputs are not finite",
    );
    const { functionChange } = switchModel(engine, rnn, optimizer, "spectral", { clip: true }, batch);
    expect(functionChange).toBeNaN();
  });

  it("refuses gates, and the parameterization that the model has", () => {
    expect(() =>
      switchModel(engine, trained({ ...smallSpec, cell: "gru" }), optimizer, "spectral", {}, batch),
    ).toThrow(/a gru model cannot be switched/);
    expect(() => switchModel(engine, trained(smallSpec), optimizer, "rnn", {}, batch)).toThrow(/rnn already/);
  });
});
