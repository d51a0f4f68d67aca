/** One factor of the SVD parameterization, U or V: how its prepared reflectors lie, and its gradient's last steps. */
import { gemm, gemmWorkspace } from "./gemm";
import { bytesT } from "./reflectors";

/** Bytes of `count` floats, kept a multiple of 16. */
// @ts-expect-error: decorator
@inline
export function floats(count: i32): i32 {
  return ((count + 3) & ~3) << 2;
}

/** Bytes of one factor's prepared reflectors: Y, inverse norms, T. */
// @ts-expect-error: decorator
@inline
export function factorBytes(n: i32, m: i32): i32 {
  return floats(m * n) + floats(m) + bytesT(n, m);
}

// @ts-expect-error: decorator
@inline
export function normsOf(n: i32, m: i32, factor: usize): usize {
  return factor + floats(m * n);
}

// @ts-expect-error: decorator
@inline
export function triangleOf(n: i32, m: i32, factor: usize): usize {
  return factor + floats(m * n) + floats(m);
}

/** Bytes of workspace of products whose sides are at most n. */
export function productBytes(n: i32): i32 {
  const size = max(n, 64);
  return (gemmWorkspace(size, size, size) + 15) & ~15;
}

/**
 * Rows `first` … `first` + `rows` − 1 of the gradient of u, a block of reflectors: R − tril(E, −1) Y, scaled from the
 * unit vectors to u.
 * @param E [rows, rows], R Yᵀ T; overwritten.
 * @param R [rows, n − first], overwritten.
 */
export function writeBlock(
  n: i32,
  m: i32,
  first: i32,
  rows: i32,
  factor: usize,
  E: usize,
  R: usize,
  gradient: usize,
  workspace: usize,
): void {
  const length = n - first;
  const Y = factor + ((first * n + first) << 2);
  for (let i = 0; i < rows; i++) memory.fill(E + ((i * rows + i) << 2), 0, (rows - i) << 2);
  gemm(0, 0, rows, length, rows, -1, E, rows, Y, n, 1, R, length, workspace);
  for (let i = 0; i < rows; i++) {
    writeRow(n, first + i, R + ((i * length) << 2), length, normsOf(n, m, factor), gradient);
  }
}

/** Row i of the gradient: `values` holds its last `length` entries; scaled from the unit vector to u. */
function writeRow(n: i32, i: i32, values: usize, length: i32, inverseNorms: usize, gradient: usize): void {
  const row = gradient + ((i * n) << 2);
  memory.fill(row, 0, n << 2);
  if (n - i == 1) return;
  const factor = load<f32>(inverseNorms + (i << 2));
  const from = values - ((n - length) << 2);
  for (let j = i; j < n; j++) store<f32>(row + (j << 2), factor * load<f32>(from + (j << 2)));
}
