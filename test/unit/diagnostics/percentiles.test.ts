import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { percentiles } from "../../../src/diagnostics/percentiles.ts";
import { median } from "../../../src/diagnostics/select.ts";

/** The definition, by a full sort. */
function bySorting(values: readonly number[], share: number): number {
  const sorted = Float32Array.from(values).sort();
  const place = ((sorted.length - 1) * share) / 100;
  const low = sorted[Math.floor(place)]!;
  const high = sorted[Math.ceil(place)]!;
  return Math.fround(low === high ? low : low + (place % 1) * (high - low));
}

describe("percentiles over the batch", () => {
  test("are those of a sorted row, at each timestep", () => {
    const norms = fc.array(fc.float({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 70 });
    fc.assert(
      fc.property(norms, norms, (a, b) => {
        const batch = Math.min(a.length, b.length);
        const rows = [a.slice(0, batch), b.slice(0, batch)];
        const { p10, p50, p90 } = percentiles(Float32Array.from(rows.flat()), batch);
        rows.forEach((row, t) => {
          expect(Math.abs(p10[t]! - bySorting(row, 10))).toBeLessThanOrEqual(1e-6 * Math.max(...row));
          expect(Math.abs(p50[t]! - bySorting(row, 50))).toBeLessThanOrEqual(1e-6 * Math.max(...row));
          expect(Math.abs(p90[t]! - bySorting(row, 90))).toBeLessThanOrEqual(1e-6 * Math.max(...row));
        });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("leave the input as it is", () => {
    const norms = Float32Array.of(3, 1, 2, 6, 5, 4);
    percentiles(norms, 3);
    expect([...norms]).toEqual([3, 1, 2, 6, 5, 4]);
  });

  test("a batch of one has its value in all three", () => {
    const { p10, p50, p90 } = percentiles(Float32Array.of(4, 0, 1e-40), 1);
    for (const values of [p10, p50, p90]) expect([...values]).toEqual([...Float32Array.of(4, 0, 1e-40)]);
  });

  test("a few broken sequences show in p90 and leave the median readable, whatever sign their NaN has", () => {
    const negativeNaN = new Float32Array(Int32Array.of(0xffc00000 | 0).buffer)[0]!;
    const norms = Float32Array.of(1, Number.NaN, 2, negativeNaN, 3, 4, 5, 6, 7, Number.POSITIVE_INFINITY);
    const { p10, p50, p90 } = percentiles(norms, 10);
    expect(p10[0]).toBeCloseTo(1.9);
    expect(p50[0]).toBeCloseTo(5.5);
    expect(p90[0]).toBeNaN();
  });

  test("many equal values, ascending and descending rows", () => {
    const ascending = Float32Array.from({ length: 65_536 }, (_, i) => i);
    expect(percentiles(ascending, 65_536).p50[0]).toBeCloseTo(32_767.5);
    expect(percentiles(ascending.toReversed(), 65_536).p10[0]).toBeCloseTo(6553.5);
    expect(percentiles(new Float32Array(65_536).fill(7), 65_536).p90[0]).toBe(7);
  });

  test("refuse values that do not fill rows", () => {
    expect(() => percentiles(new Float32Array(7), 3)).toThrow("7 values do not fill rows of 3");
    expect(() => percentiles(new Float32Array(6), 0)).toThrow("rows of 0");
  });
});

test("the median leaves NaN out and averages the middle two", () => {
  expect(median([5, Number.NaN, 1, 3, 2])).toBe(2.5);
  expect(median([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1])).toBe(Number.POSITIVE_INFINITY);
  expect(median([Number.NaN])).toBeNaN();
});
