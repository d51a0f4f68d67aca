import { describe, expect, it } from "vitest";
import { capacityLog10 } from "../../../src/diagnostics/capacity.ts";

const factors = { head: 2, input: 3, layers: [{ input: 0.5, transition: 1 }], length: 100, margin: 1.5 };
const withNorm = (transition: number, length = 100) =>
  capacityLog10({ ...factors, layers: [{ input: 0.5, transition }], length });

describe("capacityLog10", () => {
  it("is the logarithm of the product: for ‖W‖ = 1 the sum over timesteps is T", () => {
    expect(capacityLog10(factors)).toBeCloseTo(Math.log10((2 * 3 * 0.5 * 100) / 1.5), 12);
  });

  it.each([0, 0.3, 0.99, 1 - 1e-12, 1 + 1e-12, 1.0001, 1.1, 3])("sums powers of ‖W‖ = %s", (norm) => {
    for (const length of [1, 2, 7, 100]) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += norm ** k;
      expect(withNorm(norm, length)).toBeCloseTo(Math.log10((2 * 3 * 0.5 * sum) / 1.5), 10);
    }
  });

  it("knows no largest number: the product itself would be 10^3010", () => {
    expect(withNorm(2, 10_000)).toBeCloseTo(10_000 * Math.log10(2) + Math.log10(2), 8);
  });

  it("multiplies over layers", () => {
    const both = { ...factors, layers: [factors.layers[0]!, { input: 4, transition: 0.5 }], length: 2 };
    expect(capacityLog10(both)).toBeCloseTo(Math.log10((2 * 3 * (0.5 * 2) * (4 * 1.5)) / 1.5), 12);
  });

  it("is infinite where most decisions are wrong or open, or unknown", () => {
    for (const margin of [0, -2, Number.NaN])
      expect(capacityLog10({ ...factors, margin })).toBe(Number.POSITIVE_INFINITY);
  });
});
