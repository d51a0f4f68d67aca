import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { medianSlope, mostPoints } from "../../../src/diagnostics/medianSlope.ts";
import { Random } from "../../../src/random.ts";

/** All slopes in order, and the one in the middle. */
function plain(x: Float64Array, y: Float64Array): number {
  const slopes: number[] = [];
  for (let i = 1; i < x.length; i++)
    for (let j = 0; j < i; j++) slopes.push((y[i]! - y[j]!) / (x[i]! - x[j]!));
  return slopes.sort((a, b) => a - b)[slopes.length >> 1]!;
}

const steps = (count: number) => Float64Array.from({ length: count }, (_, i) => i + Math.floor(i / 3));

describe("medianSlope", () => {
  it("is the median of all slopes, to the last bit", () => {
    const number = fc.oneof(fc.double({ min: -90, max: 90, noNaN: true }), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(fc.array(number, { minLength: 2, maxLength: mostPoints }), (values) => {
        const y = Float64Array.from(values);
        const x = steps(y.length);
        expect(medianSlope(x, y) === plain(x, y)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["a line", (i: number) => -0.25 * i],
    ["a flat line", () => 2],
    ["a bend", (i: number) => Math.abs(i - 80)],
    ["two levels", (i: number) => (i % 2) * 5],
    // Most slopes are of one kind in one part of the list, so that a sample may miss the median.
    ["a curve", (i: number) => 2 ** (i / 8)],
  ])("of 128 points: %s", (_, curve) => {
    const random = new Random(1, "slopes");
    for (const noise of [0, 1e-9, 1]) {
      const x = steps(mostPoints);
      const y = Float64Array.from(x, (_, i) => curve(i) + noise * random.normal());
      expect(medianSlope(x, y)).toBe(plain(x, y));
    }
  });
});
