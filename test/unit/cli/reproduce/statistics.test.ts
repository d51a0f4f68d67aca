import { describe, expect, it } from "vitest";
import { formatStatistics, statisticsOf } from "../../../../src/cli/reproduce/statistics.ts";

describe("statistics over seeds", () => {
  it("the deviation is the sample's, with n − 1 in the denominator", () => {
    const { count, mean, deviation } = statisticsOf([2, 4, 4, 4, 5, 5, 7, 9])!;
    expect([count, mean]).toEqual([8, 5]);
    expect(deviation).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  it("one value has no deviation, none has no mean", () => {
    expect(statisticsOf([3])).toEqual({ count: 1, mean: 3, deviation: null });
    expect(statisticsOf([])).toBeNull();
  });

  it("a gradient that never fades in one seed leaves a mean without a deviation", () => {
    expect(statisticsOf([3, Number.POSITIVE_INFINITY])).toEqual({
      count: 2,
      mean: Number.POSITIVE_INFINITY,
      deviation: null,
    });
  });

  it("the mean is written to the place of the deviation's second digit", () => {
    const text = (...values: number[]) => formatStatistics(statisticsOf(values));
    expect(text(0.001234, 0.001334)).toBe("0.001284 ± 0.000071");
    expect(text(12.3, 14.3)).toBe("13.3 ± 1.4");
    expect(text(1200, 1000)).toBe("1100 ± 141");
    expect(text(5, 5)).toBe("5 ± 0");
    expect(text(0.12345678)).toBe("0.1235");
    expect(text()).toBe("–");
    expect(text(Number.NaN, 1)).toBe("not a number");
  });

  it("scales to per cent", () => {
    expect(formatStatistics(statisticsOf([0.97, 0.98]), 100, "%")).toBe("97.50 ± 0.71 %");
    expect(formatStatistics(statisticsOf([0.9731]), 100, "%")).toBe("97.31 %");
  });
});
