/**
 * How closely an engine in single precision must agree with the double-precision reference.
 *
 * Within 1e-4 of a tensor's largest value, or of each gradient norm itself. Single precision cannot do better where
 * large terms cancel, so there the allowance is a few times what a change of the parameters in their last place does,
 * and 1e-6 of the global gradient norm.
 */
import { expect } from "vitest";
import type { Batch, LayerProbe, Model, ModelSpec, TensorMap } from "../../../src/engine/engine.ts";
import { Random } from "../../../src/random.ts";
import { toDoubles } from "../../reference/cases.ts";
import {
  type Doubles,
  evaluate,
  evaluateWithGradients,
  type GradientEvaluation,
} from "../../reference/model.ts";
import { globalNorm } from "../../reference/optimizers.ts";

/** About 840 units in the last place of a single. */
export const tolerance = 1e-4;

/** Multiple of what rounding the parameters does that rounding everything after them may do. */
const amplification = 16;

/** Share of the global gradient norm that may be left where terms cancel exactly. */
const cancellation = 1e-6;

const largest = (values: ArrayLike<number>) => {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(values[i]!));
  return result;
};

/** Gradients smaller than a single can hold vanish. */
const smallestNormal = 2 ** -126;

/** Every value within `tolerance` of the largest expected value, or within `absolute`. */
export function expectValues(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  absolute = 0,
): void {
  expect(found.length, `${what}: length`).toBe(expected.length);
  const allowed = Math.max(tolerance * largest(expected), absolute, smallestNormal);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    if (!(difference <= allowed))
      expect.fail(`${what}[${i}] is ${found[i]}; expected ${expected[i]} ± ${allowed}`);
  }
}

/** The same names in the same order, each with values that agree. */
export function expectTensors(
  found: TensorMap,
  expected: Doubles,
  what: string,
  absolute: (name: string) => number = () => 0,
): void {
  expect([...found.keys()], `${what}: names`).toEqual([...expected.keys()]);
  for (const [name, values] of expected)
    expectValues(found.get(name)!.data, values, `${what} ${name}`, absolute(name));
}

/** The reference on parameters that are each off by up to one unit in the last place of a single, twice. */
function perturbed(spec: ModelSpec, parameters: Doubles, batch: Batch): GradientEvaluation[] {
  return [1, 2].map((seed) => {
    const random = new Random(seed, "rounding");
    const moved = [...parameters].map(([name, values]): [string, Float64Array] => [
      name,
      // Reflectors of length 1 keep their sign, and zeros stay zero.
      values.map((value) => value * (1 + 2 ** -23 * (2 * random.uniform() - 1))),
    ]);
    return evaluateWithGradients(spec, new Map(moved), batch);
  });
}

/** What is compared of a pass forward and back. */
export type Truth = Pick<GradientEvaluation, "loss" | "gradients" | "layers">;

function asTruth({ loss, gradients, layers }: ReturnType<Model["gradients"]>): Truth {
  const doubles = ({ gradientNorm, saturation }: LayerProbe) => ({
    gradientNorm: Float64Array.from(gradientNorm),
    saturation: Float64Array.from(saturation),
  });
  return { loss, gradients: toDoubles(gradients), layers: layers.map(doubles) };
}

/**
 * Everything a model says of a batch without changing itself.
 * @param other another engine to hold it against in place of the reference.
 */
export function expectAgreement(
  model: Model,
  spec: ModelSpec,
  parameters: Doubles,
  batch: Batch,
  other?: Model,
): void {
  const exact = evaluateWithGradients(spec, parameters, batch);
  const expected = other ? asTruth(other.gradients(batch)) : exact;
  const others = perturbed(spec, parameters, batch);
  const found = model.gradients(batch);
  expectValues([found.loss], [expected.loss], "loss", 1e-6);
  const sensitivity = (of: (evaluation: Truth) => ArrayLike<number>) => {
    const values = of(exact);
    const changes = others.map((moved) => largest(Array.from(of(moved), (value, i) => value - values[i]!)));
    return amplification * Math.max(...changes);
  };
  const cancelled = cancellation * globalNorm(expected.gradients);
  expectTensors(found.gradients, expected.gradients, "gradient", (name) =>
    Math.max(
      cancelled,
      sensitivity(({ gradients }) => gradients.get(name)!),
    ),
  );
  const small = cancellation * Math.max(...expected.layers.map(({ gradientNorm }) => largest(gradientNorm)));
  expectProbes(found.layers, expected, (layer, i) => {
    // With one unit the paths through W and through the layer above can cancel exactly; with more, norms far below the
    // largest must still agree to 1 % (1 − h² of a saturated unit has no more digits).
    const norm = expected.layers[layer]!.gradientNorm[i]!;
    const rounding = spec.hidden === 1 ? small : Math.min(small, 0.01 * norm);
    return Math.max(
      rounding,
      sensitivity(({ layers }) => layers[layer]!.gradientNorm.subarray(i, i + 1)),
    );
  });
  expectEvaluation(model, spec, parameters, batch);
}

/** Each norm within `tolerance` of itself, since charts show them on a logarithmic scale. */
export function expectProbes(
  found: readonly LayerProbe[],
  { layers }: Pick<Truth, "layers">,
  absolute: (layer: number, index: number) => number = () => 0,
): void {
  expect(found.length, "layers").toBe(layers.length);
  for (const [layer, { gradientNorm, saturation }] of layers.entries()) {
    const probe = found[layer]!;
    expect(probe.gradientNorm.length, `layer ${layer}: norms`).toBe(gradientNorm.length);
    for (const [i, norm] of gradientNorm.entries())
      expectValues([probe.gradientNorm[i]!], [norm], `layer ${layer}: norm ${i}`, absolute(layer, i));
    expect(probe.saturation.length, `layer ${layer}: saturation`).toBe(saturation.length);
    for (const [t, share] of saturation.entries())
      expect(probe.saturation[t], `layer ${layer}: saturation at ${t}`).toBeCloseTo(share, 6);
  }
}

/** The forward pass alone: loss, metric and outputs. */
export function expectEvaluation(model: Model, spec: ModelSpec, parameters: Doubles, batch: Batch): void {
  const expected = evaluate(spec, parameters, batch);
  const { loss, metric, final } = model.evaluate(batch);
  expectValues([loss], [expected.loss], "evaluate(): loss", 1e-6);
  expectValues([metric], [expected.metric], "evaluate(): metric", 1e-6);
  expectValues(model.predict(batch), expected.outputs, "predict()");
  expect(final !== undefined, "final states are told where the batch has initial ones").toBe(
    batch.initial !== undefined,
  );
  if (!final) return;
  const states = (kind: "h" | "c") =>
    expected.final.flatMap((layer) => layer.flatMap((state) => state[kind] ?? []));
  expectValues(final.h, states("h"), "final h");
  expectValues(final.c ?? [], states("c"), "final c");
}

/** The same bits. */
export function expectSameBits(found: TensorMap, expected: TensorMap, what: string): void {
  expect([...found.keys()], `${what}: names`).toEqual([...expected.keys()]);
  for (const [name, { shape, data }] of expected) {
    expect(found.get(name)!.shape, `${what} ${name}: shape`).toEqual(shape);
    const bits = (values: Float32Array) => Buffer.from(values.slice().buffer);
    expect(bits(found.get(name)!.data).equals(bits(data)), `${what} ${name}: same bits`).toBe(true);
  }
}
