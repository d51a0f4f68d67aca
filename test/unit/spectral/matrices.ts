/** Small dense matrices for tests: plain, row-major, independent of the code under test. */
import { Matrix, QrDecomposition } from "ml-matrix";
import type { Random } from "../../../src/random.ts";

export function gaussian(count: number, random: Random): Float64Array {
  return Float64Array.from({ length: count }, () => random.normal());
}

export function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
}

/** A [rows, inner] times B [inner, columns]. */
export function multiply(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < inner; k++)
      for (let c = 0; c < columns; c++) out[r * columns + c]! += a[r * inner + k]! * b[k * columns + c]!;
  return out;
}

export function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: a.length }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!);
}

/** Largest absolute difference. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let farthest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= farthest)) farthest = difference;
  }
  return farthest;
}

/** max |QᵀQ − I|. */
export function orthogonalityError(q: Float64Array, n: number): number {
  return distance(multiply(transposed(q, n, n), q, n, n, n), identity(n));
}

/** A random orthogonal matrix with the determinant asked for, from the library's QR decomposition. */
export function orthogonal(n: number, random: Random, determinant: 1 | -1): Float64Array {
  const rows = Array.from({ length: n }, () => Array.from({ length: n }, () => random.normal()));
  const q = new QrDecomposition(new Matrix(rows)).orthogonalMatrix;
  if (sign(determinantOf(q.to2DArray())) !== determinant) q.mulColumn(0, -1);
  return Float64Array.from(q.to1DArray());
}

const sign = (x: number) => (x < 0 ? -1 : 1);

function determinantOf(rows: number[][]): number {
  const a = rows.map((row) => [...row]);
  let product = 1;
  for (let i = 0; i < a.length; i++) {
    let pivot = i;
    for (let r = i; r < a.length; r++) if (Math.abs(a[r]![i]!) > Math.abs(a[pivot]![i]!)) pivot = r;
    if (pivot !== i) {
      [a[i], a[pivot]] = [a[pivot]!, a[i]!];
      product = -product;
    }
    product *= a[i]![i]!;
    for (let r = i + 1; r < a.length; r++) {
      const factor = a[r]![i]! / a[i]![i]!;
      for (let c = i; c < a.length; c++) a[r]![c]! -= factor * a[i]![c]!;
    }
  }
  return product;
}

/** A diag(values) Bᵀ of [rows, columns] for random orthogonal A and B with these determinants. */
export function withSpectrum(
  values: readonly number[],
  rows: number,
  columns: number,
  random: Random,
  determinants: readonly [1 | -1, 1 | -1] = [1, 1],
): Float64Array {
  const sigma = new Float64Array(rows * columns);
  for (const [i, value] of values.entries()) sigma[i * columns + i] = value;
  const a = orthogonal(rows, random, determinants[0]);
  const b = orthogonal(columns, random, determinants[1]);
  return multiply(
    multiply(a, sigma, rows, rows, columns),
    transposed(b, columns, columns),
    rows,
    columns,
    columns,
  );
}

/**
 * Singular values, descending, by one-sided Jacobi rotations (Hestenes 1958): shares nothing with the library's
 * decomposition that the code under test uses.
 */
export function jacobiSingularValues(w: Float64Array, rows: number, columns: number): number[] {
  const wide = rows < columns;
  const [m, n] = wide ? [columns, rows] : [rows, columns];
  const a = wide ? transposed(w, rows, columns) : w.slice();
  for (let sweep = 0, rotated = true; rotated && sweep < 60; sweep++) {
    rotated = false;
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) {
        let [ii, jj, ij] = [0, 0, 0];
        for (let r = 0; r < m; r++) {
          const [x, y] = [a[r * n + i]!, a[r * n + j]!];
          ii += x * x;
          jj += y * y;
          ij += x * y;
        }
        if (Math.abs(ij) <= 1e-15 * Math.sqrt(ii * jj) || ij === 0) continue;
        rotated = true;
        const zeta = (jj - ii) / (2 * ij);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        for (let r = 0; r < m; r++) {
          const [x, y] = [a[r * n + i]!, a[r * n + j]!];
          a[r * n + i] = c * x - c * t * y;
          a[r * n + j] = c * t * x + c * y;
        }
      }
  }
  return Array.from({ length: n }, (_, c) => {
    let sum = 0;
    for (let r = 0; r < m; r++) sum += a[r * n + c]! ** 2;
    return Math.sqrt(sum);
  }).sort((x, y) => y - x);
}
