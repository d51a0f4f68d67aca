import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import {
  singularValueDecomposition,
  singularValues,
} from "../../../src/spectral/singularValueDecomposition.ts";
import {
  distance,
  gaussian,
  identity,
  jacobiSingularValues,
  multiply,
  transposed,
  withSpectrum,
} from "./matrices.ts";

const size = fc.integer({ min: 1, max: 14 });

function check(w: Float64Array, rows: number, columns: number) {
  const k = Math.min(rows, columns);
  const { values, left, right } = singularValueDecomposition(w, rows, columns);
  const scale = Math.max(values[0]!, Number.MIN_VALUE);
  const scaled = left.map((x, i) => x * (values[i % k]! / scale));
  const product = multiply(scaled, transposed(right, columns, k), rows, k, columns);
  expect(
    distance(
      product,
      w.map((x) => x / scale),
    ),
  ).toBeLessThan(1e-13);
  expect(distance(multiply(transposed(left, rows, k), left, k, rows, k), identity(k))).toBeLessThan(1e-13);
  expect(distance(multiply(transposed(right, columns, k), right, k, columns, k), identity(k))).toBeLessThan(
    1e-13,
  );
  expect(distance(singularValues(w, rows, columns), values) / scale).toBeLessThan(1e-13);
  for (let i = 0; i < k; i++) {
    expect(values[i]).toBeGreaterThanOrEqual(0);
    if (i > 0) expect(values[i]).toBeLessThanOrEqual(values[i - 1]!);
  }
  return values;
}

describe("singularValueDecomposition", () => {
  it("holds for clusters of values, singular matrices and any shape", () => {
    const cases = fc.tuple(size, size).chain(([rows, columns]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        values: fc.array(fc.constantFrom(0, 1, 1 + 1e-15, 1 + 1e-12, 0.5, 1e-8, 1e-16, 1e-20), {
          minLength: Math.min(rows, columns),
          maxLength: Math.min(rows, columns),
        }),
        seed: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(cases, ({ rows, columns, values, seed }) => {
        check(withSpectrum(values, rows, columns, new Random(seed)), rows, columns);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it("agrees with one-sided Jacobi on random matrices", () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (rows, columns, seed) => {
        const w = gaussian(rows * columns, new Random(seed));
        expect(distance(check(w, rows, columns), jacobiSingularValues(w, rows, columns))).toBeLessThan(1e-13);
      }),
      { seed: 2, numRuns: 50 },
    );
  });

  it("ends on entries whose squares underflow or overflow", () => {
    const random = new Random(3);
    const w = gaussian(20, random);
    for (const scale of [1e-300, 1e-320, 1e150, 1e290])
      expect(
        singularValues(
          w.map((x) => x * scale),
          5,
          4,
        ).every(Number.isFinite),
      ).toBe(true);
    const mixed = w.map((x, i) => x * (i % 3 === 0 ? 1e-300 : i % 3 === 1 ? 1e-170 : 1));
    check(mixed, 5, 4);
    check(new Float64Array(12), 4, 3);
    check(withSpectrum([1e-300, 1e-300, 0], 10, 3, random), 10, 3);
  });

  it("takes float32 and refuses what has no singular values", () => {
    expect([...singularValues(new Float32Array([3, 0, 0, -4]), 2, 2)]).toEqual([4, 3]);
    expect(() => singularValues(new Float32Array([1, Number.POSITIVE_INFINITY]), 1, 2)).toThrow(
      "Infinity at row 0, column 1",
    );
    expect(() => singularValues(new Float32Array(3), 2, 2)).toThrow("a 2 × 2 matrix takes 4 values, not 3");
  });
});
