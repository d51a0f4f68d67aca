/** The reference's backpropagation against central finite differences of its own loss. */
import { describe, expect, it } from "vitest";
import type { Batch, ModelSpec } from "../../../src/engine/engine.ts";
import { isDeep, parameterShapes } from "../../../src/engine/parameters.ts";
import { Random } from "../../../src/random.ts";
import {
  deepKinds,
  everyKind,
  randomBatch,
  randomParameters,
  randomShape,
  randomStates,
  specOf,
  symbolKinds,
  toDoubles,
} from "../../reference/cases.ts";
import { type Doubles, evaluate, evaluateWithGradients } from "../../reference/model.ts";

/**
 * At the kink of relu there is no derivative to agree on, and a case can sit on it exactly (n = 1, W = −1, h_{t−1} = b).
 * With this seed none does.
 */
const seed = 20;

const halfWidth = 1e-6;
/** Entries tried in each tensor; small tensors are tried whole. */
const tried = 10;

/**
 * |difference| allowed, relative to the largest gradient of the tensor or to a hundredth of the loss (whose rounding,
 * divided by the width, is the error of the finite difference), whichever is larger.
 */
const tolerance = 1e-6;

function entries(random: Random, size: number): number[] {
  return Array.from(random.permutation(size).slice(0, tried));
}

function expectClose(found: number, expected: number, largest: number, loss: number, what: string) {
  expect(Math.abs(found - expected) / Math.max(largest, 0.01 * Math.max(1, loss)), what).toBeLessThan(
    tolerance,
  );
}

/** Entries of a parameter that are trained: reflector rows only from their diagonal on, and never H_1. */
function isTrained(spec: ModelSpec, name: string, index: number): boolean {
  if (!name.endsWith(".u") && !name.endsWith(".v")) return true;
  const [, columns = 1] = parameterShapes(spec).find((shape) => shape.name === name)!.shape;
  const row = Math.floor(index / columns);
  return index % columns >= row && row < columns - 1;
}

function checkParameters(random: Random, spec: ModelSpec, parameters: Doubles, batch: Batch) {
  const { loss, gradients } = evaluateWithGradients(spec, parameters, batch);
  expect([...gradients.keys()]).toEqual([...parameters.keys()]);
  for (const [name, values] of parameters) {
    const gradient = gradients.get(name)!;
    const largest = Math.max(...gradient.map(Math.abs));
    for (const k of entries(random, values.length)) {
      if (!isTrained(spec, name, k)) {
        expect(gradient[k], `${name}[${k}] is not trained`).toBe(0);
        continue;
      }
      const lossAt = (offset: number) => {
        const moved = new Map(parameters).set(name, values.slice());
        moved.get(name)![k]! += offset;
        return evaluate(spec, moved, batch).loss;
      };
      const difference = (lossAt(halfWidth) - lossAt(-halfWidth)) / (2 * halfWidth);
      expectClose(gradient[k]!, difference, largest, loss, `${name}[${k}]`);
    }
  }
}

function checkStates(random: Random, spec: ModelSpec, parameters: Doubles, batch: Batch) {
  const { loss, stateGradients, layers } = evaluateWithGradients(spec, parameters, batch);
  for (let layer = 0; layer < spec.layers; layer++)
    for (const [s, gradient] of stateGradients[layer]!.entries())
      for (const [t, row] of gradient.entries()) {
        const norm = Math.hypot(...row);
        const profile = isDeep(spec) ? layers[0]! : layers[layer]!;
        const at = isDeep(spec) ? layer : t;
        expect(profile.gradientNorm[at * batch.size + s]).toBeCloseTo(norm, 12);
        const k = random.below(spec.hidden);
        // The batch's loss is the mean of the sequences' own losses, hence the factor B.
        const lossAt = (offset: number) =>
          batch.size *
          evaluate(spec, parameters, batch, (sequence, ofLayer, timestep, h) =>
            sequence === s && ofLayer === layer && timestep === t
              ? h.map((value, unit) => (unit === k ? value + offset : value))
              : h,
          ).loss;
        const difference = (lossAt(halfWidth) - lossAt(-halfWidth)) / (2 * halfWidth);
        expectClose(row[k]!, difference, norm, loss, `layer ${layer}, sequence ${s}, h_${t + 1}[${k}]`);
      }
}

describe("reference gradients agree with finite differences", () => {
  for (const [index, kind] of everyKind().entries()) {
    const { cell, activation, head, layers } = kind;
    it(`${cell} ${activation} ${head}, ${layers} layers`, () => {
      for (let round = 0; round < 2; round++) {
        const random = new Random(seed + round, "reference gradients", index);
        const shape = randomShape(random, { batch: 3, length: 5, hidden: 7, inputSize: 9, outputSize: 4 });
        const spec = specOf(random, kind, shape);
        const parameters = toDoubles(randomParameters(random, spec));
        const batch = randomBatch(random, spec, shape.batch, shape.length);
        checkParameters(random, spec, parameters, batch);
        checkStates(random, spec, parameters, batch);
      }
    });
  }

  for (const [index, kind] of deepKinds().entries())
    it(`${kind.net} of ${kind.cell} ${kind.activation}, ${kind.layers} layers`, () => {
      const random = new Random(seed, "reference gradients, deep", index);
      const shape = randomShape(random, { batch: 3, length: 1, hidden: 6, inputSize: 9, outputSize: 4 });
      const spec = specOf(random, kind, shape);
      const parameters = toDoubles(randomParameters(random, spec));
      const batch = randomBatch(random, spec, shape.batch, 1);
      checkParameters(random, spec, parameters, batch);
      checkStates(random, spec, parameters, batch);
    });

  for (const [index, kind] of symbolKinds().entries())
    it(`${kind.cell} of symbols, ${kind.embedding ?? "one-hot"}, from states that are not zero`, () => {
      const random = new Random(seed, "reference gradients, symbols", index);
      const shape = randomShape(random, { batch: 3, length: 5, hidden: 6, inputSize: 1, outputSize: 4 });
      const spec = specOf(random, kind, shape);
      const parameters = toDoubles(randomParameters(random, spec));
      const initial = randomStates(random, spec, shape.batch);
      const batch = { ...randomBatch(random, spec, shape.batch, shape.length), initial };
      checkParameters(random, spec, parameters, batch);
      checkStates(random, spec, parameters, batch);
    });
});
