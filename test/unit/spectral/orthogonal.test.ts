import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import {
  materializeOrthogonal,
  nearestOrthogonal,
  orthogonalFromMatrix,
  pullbackOrthogonal,
} from "../../../src/spectral/orthogonal.ts";
import { materialize, pullback } from "../../../src/spectral/spectral.ts";
import { distance, gaussian, identity, orthogonal, orthogonalityError, withSpectrum } from "./matrices.ts";

const shapes = fc
  .integer({ min: 1, max: 12 })
  .chain((n) => fc.record({ size: fc.constant(n), reflectors: fc.integer({ min: 1, max: n }) }));

describe("the orthogonal parameterization", () => {
  it("is the SVD parameterization with σ = 1 and V = I, matrix and gradient", () => {
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, seed) => {
        const { size: n, reflectors: m } = shape;
        const random = new Random(seed);
        const u = gaussian(m * n, random);
        const gradient = gaussian(n * n, random);
        const w = materializeOrthogonal(shape, u);
        expect(orthogonalityError(w, n)).toBeLessThan(1e-14);
        const spectral = { rows: n, columns: n, reflectors: [m, 1] as const, center: 1, radius: 0.1 };
        const parameters = { u, v: new Float64Array(n), p: new Float64Array(n) };
        expect(distance(w, materialize(spectral, parameters))).toBeLessThan(1e-15);
        expect(
          distance(pullbackOrthogonal(shape, u, gradient), pullback(spectral, parameters, gradient).u),
        ).toBeLessThan(1e-12);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("has a gradient that agrees with central differences", () => {
    const shape = { size: 6, reflectors: 6 };
    const random = new Random(2);
    const u = gaussian(36, random);
    const c = gaussian(36, random);
    const loss = (at: Float64Array) =>
      materializeOrthogonal(shape, at).reduce((sum, w, i) => sum + c[i]! * w, 0);
    const numeric = u.map((x, i) => (loss(u.with(i, x + 1e-5)) - loss(u.with(i, x - 1e-5))) / 2e-5);
    expect(distance(pullbackOrthogonal(shape, u, c), numeric)).toBeLessThan(1e-7);
    expect(() => pullbackOrthogonal(shape, u, new Float64Array(5))).toThrow("has 36 values, not 5");
  });

  it("finds the reflectors of orthogonal matrices, identity included", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.constantFrom(1, -1, 0), (n, seed, kind) => {
        const w = kind === 0 ? identity(n) : orthogonal(n, new Random(seed), kind === 1 ? 1 : -1);
        const { u, distance: off, relativeError } = orthogonalFromMatrix(w, { size: n, reflectors: n });
        expect(distance(materializeOrthogonal({ size: n, reflectors: n }, u), w)).toBeLessThan(1e-13);
        expect(off).toBeLessThan(1e-13);
        expect(relativeError).toBeLessThan(1e-13);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it("takes the nearest orthogonal matrix, and says how far that is", () => {
    const random = new Random(4);
    const w = withSpectrum([1.5, 1.1, 0.6, 0.2], 4, 4, random);
    const { matrix, distance: off } = nearestOrthogonal(w, 4);
    expect(off).toBeCloseTo(0.8, 12);
    expect(orthogonalityError(matrix, 4)).toBeLessThan(1e-14);
    const far = (q: Float64Array) => Math.hypot(...w.map((x, i) => x - q[i]!));
    expect(far(matrix)).toBeCloseTo(Math.hypot(0.5, 0.1, 0.4, 0.8), 10);
    const few = orthogonalFromMatrix(w, { size: 4, reflectors: 2 });
    expect(few.relativeError).toBeGreaterThan(0.01);
    expect(few.distance).toBeCloseTo(0.8, 12);
  });
});
