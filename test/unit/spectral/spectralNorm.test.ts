import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../../../src/random.ts";
import { spectralNorm } from "../../../src/spectral/spectralNorm.ts";
import { gaussian, jacobiSingularValues } from "./matrices.ts";

test("is the largest singular value of a matrix of any shape and scale", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(1, 1e-200, 1e200),
      fc.nat(),
      (rows, columns, scale, seed) => {
        const matrix = gaussian(rows * columns, new Random(seed));
        const expected = jacobiSingularValues(matrix, rows, columns)[0]!;
        const found = spectralNorm(
          matrix.map((value) => value * scale),
          rows,
          columns,
        );
        expect(found / scale / expected).toBeCloseTo(1, 12);
      },
    ),
    { numRuns: 100 },
  );
  expect(spectralNorm(new Float32Array(6), 2, 3)).toBe(0);
});

test("refuses what is not finite, and another length, by name", () => {
  expect(() => spectralNorm(Float32Array.of(1, Number.NaN, 3, 4, 5, 6), 2, 3)).toThrow(
    "NaN at row 0, column 1",
  );
  expect(() => spectralNorm(Float32Array.of(1, 2, Number.POSITIVE_INFINITY), 3, 1)).toThrow(
    "Infinity at row 2",
  );
  expect(() => spectralNorm(new Float32Array(5), 2, 3)).toThrow("takes 6 values, not 5");
});
