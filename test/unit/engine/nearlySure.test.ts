import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine, ModelSpec } from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { Random } from "../../../src/random.ts";
import { randomBatch, randomParameters } from "../../reference/cases.ts";
import { createReferenceEngine } from "../../reference/engine.ts";

let fused: Engine;
beforeAll(async () => {
  fused = await createFusedEngine({ threads: 1 });
});
afterAll(() => fused.dispose());

it("a prediction that is nearly sure keeps all digits of its loss and gradient", () => {
  const random = new Random(6, "nearly sure");
  const spec: ModelSpec = {
    cell: "rnn",
    activation: "tanh",
    inputSize: 2,
    hidden: 4,
    layers: 1,
    outputSize: 3,
    head: "classifyLast",
    reflectors: [4, 4],
    radius: 0.1,
    center: 1,
  };
  const parameters = randomParameters(random, spec);
  // Logits apart by 20: p = 1 − 2e-9 or so, which in single precision is 1.
  parameters.get("head.b")!.data.set([20, 0, -1]);
  const batch = { ...randomBatch(random, spec, 8, 3), targets: new Int32Array(8) };
  const settings = { optimizer: "sgd", momentum: 0, weightDecay: 0, clipNorm: undefined } as const;
  const expected = createReferenceEngine().createModel(spec, settings, parameters).gradients(batch);
  const found = fused.createModel(spec, settings, parameters).gradients(batch);
  expect(expected.loss).toBeGreaterThan(0);
  expect(expected.loss).toBeLessThan(1e-6);
  expect(found.loss / expected.loss).toBeCloseTo(1, 4);
  for (const [name, { data }] of expected.gradients) {
    const largest = Math.max(...data.map(Math.abs));
    const values = found.gradients.get(name)!.data;
    data.forEach((value, i) => {
      expect(Math.abs(values[i]! - value), `${name}[${i}]`).toBeLessThanOrEqual(1e-4 * largest);
    });
  }
});
