import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bandReport, nearestP, pOf, sigmaDerivative, sigmaOf } from "../../../src/spectral/sigma.ts";

const band = fc.record({
  center: fc.double({ min: 0, max: 2, noNaN: true }),
  radius: fc.double({ min: 0.001, max: 1, noNaN: true }),
});
const p = fc.double({ min: -15, max: 15, noNaN: true });

describe("σ(p)", () => {
  it("is 2r (sigmoid(p) − ½) + σ*, with its derivative", () => {
    fc.assert(
      fc.property(p, band, (p, band) => {
        const by = (x: number) => 2 * band.radius * (1 / (1 + Math.exp(-x)) - 0.5) + band.center;
        expect(Math.abs(sigmaOf(p, band) - by(p))).toBeLessThan(1e-15 + 1e-15 * by(p));
        const slope = (by(p + 1e-4) - by(p - 1e-4)) / 2e-4;
        expect(Math.abs(sigmaDerivative(p, band) - slope)).toBeLessThan(1e-8 * band.radius + 1e-11);
      }),
      { seed: 1 },
    );
  });

  it("starts at the center and saturates inside the band without overflow", () => {
    expect(sigmaOf(0, { center: 1, radius: 0.1 })).toBe(1);
    expect(sigmaDerivative(0, { center: 1, radius: 0.1 })).toBe(0.05);
    expect(sigmaOf(-1e4, { center: 1, radius: 0.25 })).toBe(0.75);
    expect(sigmaDerivative(-1e4, { center: 1, radius: 0.25 })).toBe(0);
  });

  it("has pOf as its inverse", () => {
    fc.assert(
      fc.property(p, band, (p, band) => {
        const inverse = pOf(sigmaOf(p, band), band);
        expect(inverse).toBeDefined();
        expect(Math.abs(sigmaOf(inverse ?? Number.NaN, band) - sigmaOf(p, band))).toBeLessThan(1e-14);
      }),
      { seed: 2 },
    );
  });

  it("reaches no value at the edge or outside; the nearest p is then ±12, so that float32 training goes on", () => {
    const band = { center: 1, radius: 0.5 };
    for (const sigma of [1.5, 0.5, 7, -3, Number.POSITIVE_INFINITY]) expect(pOf(sigma, band)).toBeUndefined();
    expect(nearestP(1.5, band)).toBe(12);
    expect(nearestP(-3, band)).toBe(-12);
    expect(nearestP(1, band)).toBe(0);
    const slope = Math.fround(
      Math.fround(1 / (1 + Math.exp(-12))) * (1 - Math.fround(1 / (1 + Math.exp(-12)))),
    );
    expect(slope / sigmaDerivative(12, { center: 1, radius: 0.5 })).toBeCloseTo(1, 1);
  });
});

describe("bandReport", () => {
  it("counts what lies outside and says how far", () => {
    const report = bandReport(new Float64Array([2, 1.5, 1, 0.25]), { center: 1, radius: 0.5 });
    expect(report).toEqual({ count: 4, sigma: [0.25, 2], outside: 3, distance: 0.5 });
  });
});
