import { describe, expect, it } from "vitest";
import type { Batch, ModelSpec, OptimizerSettings } from "../../../src/engine/engine.ts";
import { findNonFinite } from "../../../src/trainer/nonFinite.ts";
import { createReferenceEngine } from "../../reference/engine.ts";
import { randomParameters, smallSpec } from "./helpers.ts";

const optimizer: OptimizerSettings = { optimizer: "sgd", momentum: 0, weightDecay: 0, clipNorm: undefined };
const engine = createReferenceEngine();
const length = 30;

function modelOf(spec: ModelSpec, scaleOfW: number) {
  const parameters = randomParameters(spec);
  const w = parameters.get("layers.0.W")!.data;
  w.fill(0);
  for (let i = 0; i < spec.hidden; i++) w[i * spec.hidden + i] = scaleOfW;
  return engine.createModel(spec, optimizer, parameters);
}

function batchOf(spec: ModelSpec): Batch {
  const size = 4;
  const inputs = new Float32Array(size * length * spec.inputSize).fill(1);
  const targets =
    spec.head === "regressLast"
      ? new Float32Array(size * spec.outputSize)
      : new Int32Array(spec.head === "classifyEach" ? size * length : size);
  return { size, length, inputs, targets };
}

describe("findNonFinite", () => {
  it("finds nothing in a healthy model", () => {
    const spec: ModelSpec = { ...smallSpec, activation: "identity" };
    expect(findNonFinite(modelOf(spec, 0.9), batchOf(spec))).toBeUndefined();
  });

  it("finds the first timestep of an input that is not finite, for heads on the last and on each timestep", () => {
    for (const head of ["classifyLast", "classifyEach", "regressLast"] as const) {
      const spec: ModelSpec = { ...smallSpec, head };
      const batch = batchOf(spec);
      batch.inputs[(2 * length + 16) * spec.inputSize] = Number.NaN;
      expect(findNonFinite(modelOf(spec, 0.5), batch)).toEqual({
        timestep: 17,
        pass: "forward",
        layer: null,
      });
    }
  });

  it("finds where a growing state leaves the range of single precision", () => {
    const spec: ModelSpec = { ...smallSpec, activation: "identity" };
    const found = findNonFinite(modelOf(spec, 1e3), batchOf(spec));
    // h_t is about 1000^(t−1), and 3.4e38 is the largest single-precision number.
    expect(found?.pass).toBe("forward");
    expect(found?.timestep).toBeGreaterThanOrEqual(13);
    expect(found?.timestep).toBeLessThanOrEqual(15);
  });

  it("finds where a gradient overflows on its way back while the states stay finite", () => {
    const spec: ModelSpec = { ...smallSpec, activation: "identity", head: "regressLast" };
    const model = modelOf(spec, 1e3);
    const batch = { ...batchOf(spec), inputs: new Float32Array(4 * length * spec.inputSize) };
    const parameters = model.getParameters();
    parameters.get("layers.0.b")!.data.fill(0);
    batch.targets.fill(1);
    const quiet = engine.createModel(spec, optimizer, parameters);
    const found = findNonFinite(quiet, batch);
    // The gradient grows by 1000 per timestep going back from 30.
    expect(found?.pass).toBe("backward");
    expect(found?.layer).toBe(0);
    expect(found?.timestep).toBeGreaterThanOrEqual(17);
    expect(found?.timestep).toBeLessThanOrEqual(19);
  });
});
