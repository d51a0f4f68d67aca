import fc from "fast-check";
import { expect, test } from "vitest";
import { answerHeatMap } from "../../../src/detail/heatMap.ts";
import { LogNorms } from "../../../src/detail/logNorms.ts";

const norm = fc.oneof(
  { weight: 6, arbitrary: fc.float({ min: Math.fround(1e-30), max: Math.fround(1e10), noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY) },
);
const anyRows = fc
  .integer({ min: 1, max: 5 })
  .chain((length) =>
    fc.array(fc.array(norm, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 70 }),
  )
  .map((rows) => rows.map((row) => Float32Array.from(row)));

function filled(rows: readonly Float32Array[]): LogNorms {
  const norms = new LogNorms(rows[0]!.length);
  for (const row of rows) norms.add(row);
  return norms;
}

/** The mean of the logarithms, value by value; a zero counts as 1e-45 beside others. */
function meanDirectly(values: readonly number[]): number {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return Number.NaN;
  if (finite.every((value) => value === 0)) return Number.NEGATIVE_INFINITY;
  const logs = finite.map((value) => (value === 0 ? -45 : Math.log10(value)));
  return logs.reduce((sum, value) => sum + value, 0) / logs.length;
}

test("the mean over any rows is that of their logarithms", () => {
  // Without norms that are not finite: the mean of two means weighs them alike, whatever they leave out.
  const finite = anyRows.filter((rows) => rows.every((row) => row.every(Number.isFinite)));
  fc.assert(
    fc.property(finite, fc.nat(), fc.nat(), (rows, a, b) => {
      const from = a % rows.length;
      const to = from + 1 + (b % (rows.length - from));
      const means = new Float64Array(rows[0]!.length);
      filled(rows).meanOver(from, to, 0, means);
      means.forEach((mean, t) => {
        const direct = meanDirectly(rows.slice(from, to).map((row) => row[t]!));
        // Values of higher levels are kept as 32-bit floats.
        if (Number.isFinite(direct)) expect(Math.abs(mean - direct)).toBeLessThan(1e-4);
        else expect(mean).toBe(direct);
      });
    }),
    { seed: 11 },
  );
});

test("what is not finite takes no part", () => {
  const norms = filled([Float32Array.of(Number.NaN, 1), Float32Array.of(100, Number.POSITIVE_INFINITY)]);
  const means = new Float64Array(2);
  norms.meanOver(0, 2, 0, means);
  expect([...means]).toEqual([2, 0]);
  norms.meanOver(0, 1, 0, means);
  expect([...means]).toEqual([Number.NaN, 0]);
});

test("the extent leaves out the wildest values", () => {
  const rows = Array.from({ length: 1000 }, (_, i) =>
    Float32Array.of(i === 5 ? 1e30 : i === 6 ? 1e-30 : 10 ** (i % 3)),
  );
  expect(filled(rows).extent()).toEqual([0, 2]);
  expect(filled([Float32Array.of(0)]).extent()).toBeNull();
});

const request = { kind: "heatMap", layer: 0, steps: null, timesteps: null } as const;

test("with a pixel for every row and timestep the picture is the rows", () => {
  const rows = [1, 10, 100].map((scale) => Float32Array.of(scale, scale * 1000));
  const { values, width, height, steps, timesteps } = answerHeatMap(
    filled(rows),
    Float64Array.of(1, 2, 3),
    null,
    { ...request, width: 3, height: 10 },
  );
  expect([width, height, steps, timesteps]).toEqual([3, 2, [1, 3], [1, 2]]);
  expect([...values]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("between recorded steps a pixel shows the one before; before the first, nothing", () => {
  const rows = [Float32Array.of(1), Float32Array.of(100)];
  const { values } = answerHeatMap(filled(rows), Float64Array.of(10, 20), null, {
    ...request,
    steps: [0, 40],
    width: 8,
    height: 1,
  });
  expect([...values]).toEqual([Number.NaN, Number.NaN, 0, 0, 2, 2, 2, 2]);
});

test("one row fills the picture, and timesteps can be looked at alone", () => {
  const norms = filled([Float32Array.of(1, 10, 100)]);
  const { values, timesteps } = answerHeatMap(norms, Float64Array.of(7), [0, 2], {
    ...request,
    timesteps: [1.6, 3.4],
    width: 2,
    height: 5,
  });
  expect(timesteps).toEqual([2, 3]);
  expect([...values]).toEqual([1, 1, 2, 2]);
  const empty = answerHeatMap(new LogNorms(0), new Float64Array(), null, { ...request, width: 2, height: 2 });
  expect(empty.values).toHaveLength(0);
});
