import fc from "fast-check";
import { expect, test } from "vitest";
import { parameterShapes } from "../../../src/engine/parameters.ts";
import { switchParameterization } from "../../../src/engine/switchParameterization.ts";
import {
  assertSwitchable,
  clippingText,
  outcomeText,
  radiusAfterRefusal,
  switchPlan,
} from "../../../src/extension/switchPlan.ts";

test("counts what lies outside the band, and finds a radius that holds all", () => {
  const plan = switchPlan(Float32Array.of(2.1, 1.05, 0.95, 0.4), 1, 0.1);
  expect(plan).toMatchObject({ outside: 2, count: 4, holdingRadius: 1.2 });
  expect(plan.low).toBeCloseTo(0.4);
  expect(plan.high).toBeCloseTo(2.1);
  expect(plan.farthest).toBeCloseTo(1);
  expect(clippingText(plan, 1200, 1, 0.1)).toBe(
    "At step 1,200 the singular values of W run 0.40 … 2.10. The band 1 ± 0.1 would move 2 of 4 of them, by up to 1, which changes what the model computes. A band 1 ± 1.2 holds them all and changes nothing.",
  );
});

test("a value on the edge counts as outside: no σ of a spectral cell reaches it", () => {
  expect(switchPlan(Float32Array.of(1.5), 1, 0.5).outside).toBe(1);
  expect(() => switchPlan(new Float32Array(), 1, 0.1)).toThrow(RangeError);
});

test("the proposed radius always holds every value, with little room to spare", () => {
  const values = fc.array(fc.float({ min: 0, max: 8, noNaN: true }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(values, (list) => {
      const spectrum = Float32Array.from(list);
      const { holdingRadius } = switchPlan(spectrum, 1, 0.1);
      expect(switchPlan(spectrum, 1, holdingRadius).outside).toBe(0);
      const farthest = Math.max(...spectrum.map((value) => Math.abs(value - 1)));
      expect(holdingRadius).toBeLessThanOrEqual(Math.max(2e-6, farthest * 1.2));
    }),
    { seed: 7 },
  );
});

test("the outcome says from what to what, and by how much the function changed", () => {
  const outcome = {
    from: "rnn",
    to: "spectral",
    step: 500,
    sigma: [0.4, 2.1],
    clipped: 0,
    clippedCount: 0,
    change: 2e-6,
    changed: "outputs",
  } as const;
  expect(outcomeText("adding", outcome)).toBe(
    "adding: switched from rnn to spectral at step 500. σ ran 0.40 … 2.10, none was clipped; the outputs changed by 2e-6 relative.",
  );
  expect(outcomeText("adding", { ...outcome, changed: "W" })).toMatch(/the W changed by 2e-6 relative\.$/);
  expect(outcomeText("adding", { ...outcome, clippedCount: 3, clipped: 0.25 })).toContain(
    "3 were clipped, by up to 0.25",
  );
});

test("no radius is proposed that a trainer would not take", () => {
  const plan = switchPlan(Float32Array.of(14, 1), 1, 0.1);
  expect(plan.holdingRadius).toBe(14);
  expect(clippingText(plan, 1, 1, 0.1)).toMatch(
    /by up to 12\.9, .* No band around 1 .* \(radius 10 at most\)/,
  );
});

test("what a trainer refuses can be switched with the radius that is proposed then", () => {
  const spec = {
    cell: "rnn",
    inputSize: 1,
    hidden: 3,
    layers: 1,
    outputSize: 1,
    activation: "tanh",
    reflectors: [3, 3],
    radius: 0.1,
    center: 1,
    head: "regressLast",
  } as const;
  const parameters = new Map(
    parameterShapes(spec).map(({ name, shape }) => {
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      if (name === "layers.0.W") data.set([2.5, 0, 0, 0, 1, 0, 0, 0, 1e-7]);
      return [name, { shape, data }];
    }),
  );
  let reason = "";
  try {
    switchParameterization(spec, parameters, "spectral", {});
  } catch (error) {
    reason = (error as Error).message;
  }
  const radius = radiusAfterRefusal(reason, 1);
  expect(radius).toBe(1.6);
  const { report } = switchParameterization(spec, parameters, "spectral", { radius });
  expect(report.clippedCount).toBe(0);
  expect(radiusAfterRefusal("the model's cell is spectral already", 1)).toBeUndefined();
});

test("cells with gates are named as such", () => {
  expect(() => assertSwitchable("walk.sigmascope.json", "lstm")).toThrow(
    "walk.sigmascope.json has the cell lstm, whose gates have no such parameterization; only rnn, spectral and orthogonal can be switched",
  );
  expect(() => assertSwitchable("walk.sigmascope.json", "orthogonal")).not.toThrow();
});
