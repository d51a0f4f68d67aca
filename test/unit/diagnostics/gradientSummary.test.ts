import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  gradientHalfLife,
  gradientReach,
  summarizeGradient,
} from "../../../src/diagnostics/gradientSummary.ts";

/** A profile that halves every `halfLife` timesteps going back, from 1 at T. */
function decaying(length: number, halfLife: number): Float32Array {
  return Float32Array.from({ length }, (_, t) => 2 ** (-(length - 1 - t) / halfLife));
}

describe("half-life", () => {
  test("is that of an exact decay or growth, at any length and scale", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 3000 }),
        fc.double({ min: 0.5, max: 500, noNaN: true }),
        fc.boolean(),
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        (length, size, grows, scale) => {
          const halfLife = grows ? -size : size;
          // Keep the growth within single precision.
          fc.pre(!grows || length / size < 60);
          const profile = decaying(length, halfLife).map((norm) => norm * scale);
          const found = gradientHalfLife(profile, false);
          // Short profiles of slow decay hold few digits of the slope.
          const changes = Math.min(length - 1, 80 * size) / size;
          expect(Math.abs(found / halfLife - 1)).toBeLessThan(1e-4 + 1e-6 / changes);
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  test("is not moved by a fifth of stray timesteps", () => {
    const profile = decaying(200, 8);
    for (let t = 0; t < 200; t += 5) profile[t] = t % 2 ? 1e4 : 1e-30;
    expect(gradientHalfLife(profile, false)).toBeCloseTo(8, 0);
  });

  test("of a long sequence comes from all of it", () => {
    expect(gradientHalfLife(decaying(20_000, 700), false)).toBeCloseTo(700, 0);
  });

  test("of a gradient that underflows is that of the part that is left", () => {
    const profile = decaying(20_000, 3);
    expect(profile[0]).toBe(0);
    expect(gradientHalfLife(profile, false)).toBeCloseTo(3, 3);
  });

  test("of a gradient that is gone after one timestep is far below a timestep, not NaN", () => {
    const found = gradientHalfLife([0, 0, 0, 2], false);
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(0.01);
    expect(gradientHalfLife([0, 0, 1e-20, 1], false)).toBeCloseTo(0.015, 3);
    expect(gradientHalfLife([1e-42, 1e-42, 1], false)).toBeLessThan(0.01);
  });

  test("is Infinity for a flat profile, rounding included", () => {
    expect(gradientHalfLife(new Float32Array(100).fill(0.3), false)).toBe(Number.POSITIVE_INFINITY);
    expect(gradientHalfLife([1, 1 + 1e-7, 1 - 1e-7, 1], false)).toBe(Number.POSITIVE_INFINITY);
  });

  test("is NaN where there is nothing to fit", () => {
    for (const profile of [[], [1], [0], [0, 0, 0], [Number.NaN, Number.NaN], [Number.NaN, 1]])
      expect(gradientHalfLife(profile, false)).toBeNaN();
  });

  test("leaves out what is not finite", () => {
    const profile = decaying(50, -2);
    profile.fill(Number.POSITIVE_INFINITY, 0, 10);
    profile[20] = Number.NaN;
    expect(gradientHalfLife(profile, false)).toBeCloseTo(-2, 3);
  });
});

describe("half-life with a head at every timestep", () => {
  /** The copy problem: a large gradient in the last ten timesteps, a small one everywhere. */
  function copyProfile(length: number, halfLife: number, floor: number): Float32Array {
    return Float32Array.from({ length }, (_, t) => {
      const back = Math.max(0, length - 10 - t);
      return floor * (1 + 0.1 * Math.sin(t)) + 2 ** (-back / halfLife);
    });
  }

  test("is that of the descent to the floor, which the whole profile would hide", () => {
    const profile = copyProfile(120, 3, 1e-4);
    const found = gradientHalfLife(profile, true);
    expect(found).toBeGreaterThan(2.5);
    expect(found).toBeLessThan(5);
    expect(gradientHalfLife(profile, false)).toBeGreaterThan(2 * found);
  });

  test("of a decay without a floor is the same as with a head at the end", () => {
    expect(gradientHalfLife(decaying(100, 4), true)).toBeCloseTo(4, 1);
  });

  test("is long for a profile without a descent, and negative for one that grows by summing", () => {
    expect(gradientHalfLife(copyProfile(120, 1e6, 1e-4), true)).toBeGreaterThan(1000);
    const summed = Float32Array.from({ length: 100 }, (_, t) => Math.sqrt(100 - t));
    expect(gradientHalfLife(summed, true)).toBeLessThan(-20);
  });
});

describe("reach", () => {
  test("counts the timesteps with at least 1 % of the last one's gradient", () => {
    expect(gradientReach(decaying(100, 4))).toBe(27); // 2^(−26/4) = 1.1 %, 2^(−27/4) = 0.93 %
    expect(gradientReach(new Float32Array(64).fill(2))).toBe(64);
    expect(gradientReach(decaying(64, -3))).toBe(64);
  });

  test("is 0 without a gradient at the end, and 1 for a single timestep", () => {
    expect(gradientReach([1, 1, 0])).toBe(0);
    expect(gradientReach([1, Number.NaN])).toBe(0);
    expect(gradientReach([])).toBe(0);
    expect(summarizeGradient([0.3], false)).toEqual({ halfLife: Number.NaN, reach: 1 });
  });
});
