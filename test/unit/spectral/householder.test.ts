import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import {
  applyProduct,
  applyTransposedProduct,
  productColumns,
  reflectorsOf,
  unitReflectors,
} from "../../../src/spectral/householder.ts";
import { distance, gaussian, identity, multiply, orthogonal, orthogonalityError } from "./matrices.ts";

const shapes = fc
  .integer({ min: 1, max: 14 })
  .chain((n) => fc.record({ n: fc.constant(n), m: fc.integer({ min: 1, max: n }), seed: fc.nat() }));

/** H_{n−i} as the definition has it: I − 2uuᵀ/‖u‖² on the last n − i coordinates. */
function reflectorMatrix(row: Float64Array, i: number): Float64Array {
  const n = row.length;
  const h = identity(n);
  let square = 0;
  for (let r = i; r < n; r++) square += row[r]! ** 2;
  if (square === 0) return h;
  for (let r = i; r < n; r++) for (let c = i; c < n; c++) h[r * n + c]! -= (2 * row[r]! * row[c]!) / square;
  return h;
}

describe("Householder products", () => {
  it("is orthogonal to rounding, for any shape", () => {
    fc.assert(
      fc.property(shapes, ({ n, m, seed }) => {
        const q = productColumns(unitReflectors(gaussian(m * n, new Random(seed)), m, n), n);
        expect(orthogonalityError(q, n)).toBeLessThan(1e-14);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it("multiplies the reflectors in the order H_n(row 0) · H_{n−1}(row 1) ⋯, ignoring what is left of the diagonal", () => {
    fc.assert(
      fc.property(shapes, ({ n, m, seed }) => {
        const u = gaussian(m * n, new Random(seed));
        let expected = identity(n);
        for (let i = 0; i < m; i++)
          expected = multiply(expected, reflectorMatrix(u.subarray(i * n, (i + 1) * n), i), n, n, n);
        expect(distance(productColumns(unitReflectors(u, m, n), n), expected)).toBeLessThan(1e-13);
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  it("applies Q and Qᵀ to a block as products with the matrix do", () => {
    const [n, m, columns] = [7, 4, 3];
    const random = new Random(3);
    const unit = unitReflectors(gaussian(m * n, random), m, n);
    const x = gaussian(n * columns, random);
    const turned = x.slice();
    applyProduct(unit, turned, columns);
    expect(distance(turned, multiply(productColumns(unit, n), x, n, n, columns))).toBeLessThan(1e-14);
    applyTransposedProduct(unit, turned, columns);
    expect(distance(turned, x)).toBeLessThan(1e-14);
  });

  it("takes a zero row as the identity and a row of length 1 as the sign −1", () => {
    expect([...productColumns(unitReflectors(new Float64Array(9), 3, 3), 3)]).toEqual([...identity(3)]);
    const sign = new Float64Array([0, 0, 0, 0, 0, 0, 0, 0, 1e-3]);
    expect([...productColumns(unitReflectors(sign, 3, 3), 3)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, -1]);
  });

  it("does not depend on the length of a reflector, however small or large", () => {
    const u = gaussian(12, new Random(4));
    const q = productColumns(unitReflectors(u, 3, 4), 4);
    for (const scale of [1e-300, 1e-20, 1e200]) {
      const scaled = productColumns(
        unitReflectors(
          u.map((value) => value * scale),
          3,
          4,
        ),
        4,
      );
      expect(distance(q, scaled)).toBeLessThan(1e-14);
    }
  });

  it("refuses a number of reflectors or values that does not fit", () => {
    expect(() => unitReflectors(new Float64Array(12), 4, 3)).toThrow("must be 1 … 3, not 4");
    expect(() => unitReflectors(new Float64Array(0), 0, 3)).toThrow("must be 1 … 3, not 0");
    expect(() => unitReflectors(new Float64Array(5), 2, 3)).toThrow("take 6 values, not 5");
  });
});

describe("reflectorsOf", () => {
  it("finds the reflectors of any orthogonal matrix, both determinants, each of length 1", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.nat(), fc.boolean(), (n, seed, negative) => {
        const q = orthogonal(n, new Random(seed), negative ? -1 : 1);
        const unit = unitReflectors(reflectorsOf(q, n, n, n), n, n);
        expect(distance(productColumns(unit, n), q)).toBeLessThan(1e-13);
        for (let i = 0; i < n - 1; i++) expect(unit.norms[i]).toBeCloseTo(1, 12);
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  it("leaves no reflector at zero, where it could not be trained, not even for the identity", () => {
    for (let n = 2; n <= 9; n++) {
      const unit = unitReflectors(reflectorsOf(identity(n), n, n, n), n, n);
      expect([...unit.norms.subarray(0, n - 1)]).toEqual(new Array(n - 1).fill(1));
      expect(distance(productColumns(unit, n), identity(n))).toBe(0);
    }
  });

  it("matches as many columns as there are reflectors", () => {
    const [n, m] = [8, 3];
    const q = orthogonal(n, new Random(6), 1);
    const product = productColumns(unitReflectors(reflectorsOf(q, n, n, m), m, n), n);
    for (let r = 0; r < n; r++)
      expect(distance(product.subarray(r * n, r * n + m), q.subarray(r * n, r * n + m))).toBeLessThan(1e-14);
  });

  it("gives the QR decomposition with a positive diagonal of a matrix that is not orthogonal", () => {
    const n = 6;
    const a = gaussian(n * n, new Random(7));
    const r = a.slice();
    applyTransposedProduct(unitReflectors(reflectorsOf(a, n, n, n), n, n), r, n);
    for (let i = 0; i < n; i++) {
      expect(r[i * n + i]).toBeGreaterThan(0);
      for (let j = 0; j < i; j++) expect(Math.abs(r[i * n + j]!)).toBeLessThan(1e-13);
    }
  });
});
