import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import { productColumns, unitReflectors } from "../../../src/spectral/householder.ts";
import {
  fromMatrix,
  materialize,
  OutsideBandError,
  pullback,
  type SpectralParameters,
  type SpectralShape,
  sigmaValues,
} from "../../../src/spectral/spectral.ts";
import {
  distance,
  gaussian,
  identity,
  jacobiSingularValues,
  multiply,
  orthogonal,
  orthogonalityError,
  transposed,
  withSpectrum,
} from "./matrices.ts";

const size = fc.integer({ min: 1, max: 12 });
const bands = fc.constantFrom(
  { center: 1, radius: 0.01 },
  { center: 1, radius: 0.5 },
  { center: 0, radius: 0.3 },
  { center: 0.1, radius: 0.3 },
  { center: -0.7, radius: 0.2 },
);

/** Any shape with any numbers of reflectors. */
const anyShape: fc.Arbitrary<SpectralShape> = fc
  .tuple(size, size, bands)
  .chain(([rows, columns, band]) =>
    fc
      .tuple(fc.integer({ min: 1, max: rows }), fc.integer({ min: 1, max: columns }))
      .map((reflectors) => ({ rows, columns, reflectors, ...band })),
  );

/** Any shape with full reflectors. */
const fullShape: fc.Arbitrary<SpectralShape> = fc
  .tuple(size, size, bands)
  .map(([rows, columns, band]) => ({ rows, columns, reflectors: [rows, columns] as const, ...band }));

const square = (n: number, center: number, radius: number): SpectralShape => ({
  rows: n,
  columns: n,
  reflectors: [n, n],
  center,
  radius,
});

function randomParameters(shape: SpectralShape, random: Random): SpectralParameters {
  const { rows, columns, reflectors } = shape;
  return {
    u: gaussian(reflectors[0] * rows, random),
    v: gaussian(reflectors[1] * columns, random),
    p: gaussian(Math.min(rows, columns), random).map((x) => 3 * x),
  };
}

const descendingMagnitudes = (values: Float64Array) => [...values.map(Math.abs)].sort((a, b) => b - a);

describe("materialize", () => {
  it("is U diag(σ) Vᵀ with orthogonal U and V, for any shape", () => {
    fc.assert(
      fc.property(anyShape, fc.nat(), (shape, seed) => {
        const { rows, columns, reflectors } = shape;
        const parameters = randomParameters(shape, new Random(seed));
        const u = productColumns(unitReflectors(parameters.u, reflectors[0], rows), rows);
        const v = productColumns(unitReflectors(parameters.v, reflectors[1], columns), columns);
        expect(orthogonalityError(u, rows)).toBeLessThan(1e-14);
        expect(orthogonalityError(v, columns)).toBeLessThan(1e-14);
        const sigma = new Float64Array(rows * columns);
        for (const [i, value] of sigmaValues(parameters.p, shape).entries()) sigma[i * columns + i] = value;
        const expected = multiply(
          multiply(u, sigma, rows, rows, columns),
          transposed(v, columns, columns),
          rows,
          columns,
          columns,
        );
        expect(distance(materialize(shape, parameters), expected)).toBeLessThan(1e-14);
      }),
      { seed: 11, numRuns: 80 },
    );
  });

  it("has exactly the stated singular values, by an independent decomposition", () => {
    fc.assert(
      fc.property(anyShape, fc.nat(), (shape, seed) => {
        const parameters = randomParameters(shape, new Random(seed));
        const found = jacobiSingularValues(materialize(shape, parameters), shape.rows, shape.columns);
        const stated = sigmaValues(parameters.p, shape);
        expect(distance(found, descendingMagnitudes(stated))).toBeLessThan(1e-13);
        for (const sigma of stated) expect(Math.abs(sigma - shape.center)).toBeLessThan(shape.radius);
      }),
      { seed: 12, numRuns: 80 },
    );
  });

  it("holds at n = 64 as at small sizes", () => {
    const shape = { ...square(64, 1, 0.1), reflectors: [64, 16] as const };
    const parameters = randomParameters(shape, new Random(13));
    const found = jacobiSingularValues(materialize(shape, parameters), 64, 64);
    expect(distance(found, descendingMagnitudes(sigmaValues(parameters.p, shape)))).toBeLessThan(1e-13);
  });

  it("refuses parameters of another shape", () => {
    const shape = square(3, 1, 0.1);
    const parameters = randomParameters(shape, new Random(1));
    expect(() => materialize(shape, { ...parameters, p: new Float64Array(2) })).toThrow(
      "has 3 values, not 2",
    );
    expect(() => materialize({ ...shape, radius: 0 }, parameters)).toThrow("above 0, not 0");
    expect(() => pullback(shape, parameters, new Float64Array(4))).toThrow("has 9 values, not 4");
  });
});

describe("pullback", () => {
  it("agrees with central differences to 1e-6 relative, for any shape", () => {
    fc.assert(
      fc.property(anyShape, fc.nat(), (shape, seed) => {
        const random = new Random(seed);
        const parameters = randomParameters(shape, random);
        // L(W) = Σ C ⊙ W + ½ Σ D ⊙ W²: its gradient at W is C + D ⊙ W.
        const c = gaussian(shape.rows * shape.columns, random);
        const d = gaussian(shape.rows * shape.columns, random);
        const loss = (theta: SpectralParameters) =>
          materialize(shape, theta).reduce((sum, w, i) => sum + c[i]! * w + (d[i]! * w * w) / 2, 0);
        const gradient = materialize(shape, parameters).map((w, i) => c[i]! + d[i]! * w);
        const found = pullback(shape, parameters, gradient);
        for (const name of ["u", "v", "p"] as const) {
          const values = parameters[name];
          const numeric = values.map((value, i) => {
            const h = 1e-5;
            const at = (x: number) => loss({ ...parameters, [name]: values.with(i, x) });
            return (8 * (at(value + h) - at(value - h)) - (at(value + 2 * h) - at(value - 2 * h))) / (12 * h);
          });
          const scale = Math.max(1e-3, ...numeric.map(Math.abs));
          expect(distance(found[name], numeric) / scale).toBeLessThan(1e-6);
        }
      }),
      { seed: 21, numRuns: 60 },
    );
  });

  it("gives the sign H_1, zero reflectors and what is left of the diagonal no gradient", () => {
    const shape = square(4, 1, 0.2);
    const random = new Random(22);
    const parameters = randomParameters(shape, random);
    parameters.u.fill(0, 4, 8);
    const { u, v } = pullback(shape, parameters, gaussian(16, random));
    for (const gradient of [u, v])
      for (let i = 0; i < 4; i++)
        expect([...gradient.subarray(4 * i, i === 3 ? 16 : 4 * i + i)].every((x) => x === 0)).toBe(true);
    expect([...u.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    expect(u.subarray(0, 4).every((x) => x !== 0)).toBe(true);
  });

  it("gives each reflector a gradient orthogonal to it, since its length does not matter", () => {
    const shape = square(6, 1, 0.2);
    const random = new Random(23);
    const parameters = randomParameters(shape, random);
    const { u } = pullback(shape, parameters, gaussian(36, random));
    for (let i = 0; i < 6; i++) {
      let dot = 0;
      for (let j = i; j < 6; j++) dot += u[6 * i + j]! * parameters.u[6 * i + j]!;
      expect(Math.abs(dot)).toBeLessThan(1e-12);
    }
  });
});

describe("fromMatrix", () => {
  it("reproduces materialize(θ), for any shape with full reflectors", () => {
    fc.assert(
      fc.property(fullShape, fc.nat(), (shape, seed) => {
        const w = materialize(shape, randomParameters(shape, new Random(seed)));
        // A band around zero holds −σ as well as σ; the inverse picks σ ≥ 0, which is inside too.
        const { parameters, report } = fromMatrix(w, shape);
        expect(distance(materialize(shape, parameters), w)).toBeLessThan(1e-12);
        expect(report.relativeError).toBeLessThan(1e-12);
      }),
      { seed: 31, numRuns: 80 },
    );
  });

  it("reproduces any matrix with its spectrum in the band: both determinants, repeated values, any shape", () => {
    const sign = fc.constantFrom(1 as const, -1 as const);
    const spectra = fc.tuple(size, size).chain(([rows, columns]) => {
      const k = Math.min(rows, columns);
      const value = fc.oneof(
        fc.constantFrom(1, 1, 0.8, 1 + 1e-12, 1 + 1e-15, 0.6 + 1e-9),
        fc.double({ min: 0.55, max: 1.45, noNaN: true }),
      );
      return fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        values: fc.array(value, { minLength: k, maxLength: k }),
        signs: fc.tuple(sign, sign),
        seed: fc.nat(),
      });
    });
    fc.assert(
      fc.property(spectra, ({ rows, columns, values, signs, seed }) => {
        const w = withSpectrum(values, rows, columns, new Random(seed), signs);
        const shape = { rows, columns, reflectors: [rows, columns] as const, center: 1, radius: 0.5 };
        const { parameters, report } = fromMatrix(w, shape);
        expect(distance(materialize(shape, parameters), w)).toBeLessThan(1e-10);
        expect(
          distance(
            [...sigmaValues(parameters.p, shape)],
            [...values].sort((a, b) => b - a),
          ),
        ).toBeLessThan(1e-12);
        expect(report).toMatchObject({ outside: 0, distance: 0, count: values.length });
      }),
      { seed: 32, numRuns: 150 },
    );
  });

  it("reproduces the identity, its negative, reflections and permutations, at every size", () => {
    const random = new Random(33);
    for (let n = 1; n <= 10; n++) {
      const permutation = new Float64Array(n * n);
      for (const [r, c] of random.permutation(n).entries()) permutation[r * n + c] = 1;
      const reflection = identity(n);
      reflection[0] = -1;
      const cases = [
        identity(n),
        identity(n).map((x) => -x),
        reflection,
        permutation,
        permutation.map((x) => -x),
      ];
      for (const w of cases) {
        const { parameters } = fromMatrix(w, square(n, 1, 0.01));
        expect(distance(materialize(square(n, 1, 0.01), parameters), w)).toBeLessThan(1e-13);
        expect(distance(parameters.p, new Float64Array(n))).toBeLessThan(1e-10);
      }
    }
  });

  it("reproduces singular and zero matrices where the band holds zero", () => {
    const random = new Random(34);
    const shape = square(6, 0, 0.5);
    for (const values of [
      [0.3, 0.2, 0.2, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [1e-9, 1e-12, 1e-18, 1e-30, 0, 0],
    ]) {
      const w = withSpectrum(values, 6, 6, random);
      const { parameters, report } = fromMatrix(w, shape);
      expect(distance(materialize(shape, parameters), w)).toBeLessThan(1e-14);
      expect(report.outside).toBe(0);
    }
  });

  it("reproduces an orthogonal matrix of either determinant at n = 64", () => {
    for (const determinant of [1, -1] as const) {
      const w = orthogonal(64, new Random(35), determinant);
      const { parameters } = fromMatrix(w, square(64, 1, 0.05));
      expect(distance(materialize(square(64, 1, 0.05), parameters), w)).toBeLessThan(1e-12);
    }
  });

  it("leaves every reflector trainable: the identity's gradient reaches all of U and V", () => {
    const n = 5;
    const shape = square(n, 1, 0.1);
    const { parameters } = fromMatrix(identity(n), shape);
    const { u, v } = pullback(shape, parameters, gaussian(n * n, new Random(36)));
    for (const gradient of [u, v])
      for (let i = 0; i < n - 1; i++)
        expect(Math.max(...gradient.subarray(i * n, (i + 1) * n).map(Math.abs))).toBeGreaterThan(1e-3);
  });

  it("keeps values near the band's edge exactly while p can express them", () => {
    const shape = square(3, 1, 0.1);
    const parameters = { ...randomParameters(shape, new Random(37)), p: new Float64Array([18, 0, -18]) };
    const w = materialize(shape, parameters);
    const inverse = fromMatrix(w, shape);
    expect(inverse.report.outside).toBe(0);
    expect(distance(materialize(shape, inverse.parameters), w)).toBeLessThan(1e-13);
  });

  it("reports values outside the band: how many and how far", () => {
    const w = withSpectrum([1.4, 1.2, 1, 0.95, 0.7], 5, 5, new Random(38));
    const attempt = () => fromMatrix(w, square(5, 1, 0.1));
    expect(attempt).toThrow(OutsideBandError);
    expect(attempt).toThrow(
      "3 of 5 singular values lie outside the band (0.9, 1.1) or at its edge, the farthest by 0.300: they range from 0.700000 to 1.40000",
    );
    try {
      attempt();
    } catch (error) {
      const { report } = error as OutsideBandError;
      expect(report.outside).toBe(3);
      expect(report.distance).toBeCloseTo(0.3, 12);
      expect(report.sigma[0]).toBeCloseTo(0.7, 12);
      expect(report.sigma[1]).toBeCloseTo(1.4, 12);
    }
  });

  it("clips on request: values outside go just inside the edge, the rest of W is kept", () => {
    const values = [1.4, 1.2, 1, 0.95, 0.7];
    const w = withSpectrum(values, 5, 5, new Random(39), [1, -1]);
    const shape = square(5, 1, 0.1);
    const { parameters, report } = fromMatrix(w, shape, { clip: true });
    const sigma = [...sigmaValues(parameters.p, shape)];
    expect(distance(sigma, [1.1, 1.1, 1, 0.95, 0.9])).toBeLessThan(2e-6);
    for (const value of sigma) expect(Math.abs(value - 1)).toBeLessThan(0.1);
    expect(parameters.p.every((p) => Math.abs(p) <= 12)).toBe(true);
    expect(report.outside).toBe(3);
    // The singular vectors stay: only Σ moves, so the distance is that of the values.
    const moved = Math.hypot(0.3, 0.1, 0.2) / Math.hypot(...values);
    expect(report.relativeError).toBeCloseTo(moved, 4);
  });

  it("counts a value exactly at the open band's edge as out of reach, at distance 0", () => {
    const shape = square(4, 0.5, 0.5);
    expect(() => fromMatrix(identity(4), shape)).toThrow("4 of 4 singular values");
    const { parameters, report } = fromMatrix(identity(4), shape, { clip: true });
    expect(report).toMatchObject({ outside: 4, distance: 0 });
    expect(report.relativeError).toBeLessThan(1e-5);
    expect(parameters.p.every((p) => p === 12)).toBe(true);
  });

  it("does the best it can with fewer reflectors and says how near that is", () => {
    const n = 8;
    const w = withSpectrum([1.3, 1.2, 1.1, 1, 1, 0.9, 0.8, 0.7], n, n, new Random(40));
    const errors = [1, 3, 5, 7, 8].map((m) => {
      const shape = { ...square(n, 1, 0.5), reflectors: [m, m] as const };
      const { parameters, report } = fromMatrix(w, shape);
      const product = materialize(shape, parameters);
      const norm = Math.hypot(...w);
      expect(report.relativeError).toBeCloseTo(Math.hypot(...w.map((x, i) => x - product[i]!)) / norm, 12);
      return report.relativeError;
    });
    expect(errors[0]).toBeGreaterThan(0.3);
    expect(errors.at(-1)).toBeLessThan(1e-13);
    // A matrix that few reflectors do express is still found: the identity needs none.
    const few = { ...square(n, 1, 0.5), reflectors: [3, 3] as const };
    expect(fromMatrix(identity(n), few).report.relativeError).toBeLessThan(1e-13);
  });

  it("refuses matrices of another size or with entries that are not finite", () => {
    expect(() => fromMatrix(new Float64Array(8), square(3, 1, 0.1))).toThrow("takes 9 values, not 8");
    const w = identity(3);
    w[5] = Number.NaN;
    expect(() => fromMatrix(w, square(3, 1, 0.1))).toThrow("NaN at row 1, column 2");
  });
});
