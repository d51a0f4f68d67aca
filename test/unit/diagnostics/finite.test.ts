import { describe, expect, test } from "vitest";
import {
  firstNonFinite,
  firstNonFiniteGradient,
  firstNonFiniteTimestep,
} from "../../../src/diagnostics/finite.ts";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

describe("where NaN or an infinity began", () => {
  test("follows the order of the computation", () => {
    const profile = [nan, nan, infinity, 3, 1];
    expect(firstNonFinite(profile, "backward")).toEqual({ timestep: 3, value: infinity });
    expect(firstNonFinite(profile, "forward")).toEqual({ timestep: 1, value: nan });
    expect(firstNonFinite([1, 2], "backward")).toBeUndefined();
    expect(firstNonFinite([], "forward")).toBeUndefined();
  });

  test("looks at every sequence of a batch", () => {
    const norms = Float32Array.of(nan, nan, 1, infinity, 2, 3);
    expect(firstNonFinite(norms, "backward", 2)).toEqual({ timestep: 2, value: infinity });
  });

  test("goes from the last layer to the first", () => {
    const layers = [
      [1, nan, 1],
      [1, 2, 3],
    ];
    expect(firstNonFiniteGradient(layers)).toEqual({ layer: 0, timestep: 2, value: nan });
    expect(
      firstNonFiniteGradient([
        [nan, nan],
        [infinity, 1],
      ]),
    ).toEqual({
      layer: 1,
      timestep: 1,
      value: infinity,
    });
  });

  test("is found by asking for prefixes only", () => {
    for (const length of [1, 2, 7, 1000])
      for (const broken of [1, Math.ceil(length / 3), length]) {
        let asked = 0;
        const found = firstNonFiniteTimestep(length, (t) => {
          asked++;
          return t < broken;
        });
        expect(found).toBe(broken);
        expect(asked).toBeLessThanOrEqual(2 + Math.ceil(Math.log2(length)));
      }
    expect(firstNonFiniteTimestep(10, () => true)).toBeUndefined();
  });
});
