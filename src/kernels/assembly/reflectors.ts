/**
 * Products of Householder reflectors in compact WY form (Schreiber & Van Loan 1989):
 * H_1 H_2 ⋯ H_b = I − Yᵀ T Y, where the rows of Y are the reflectors' unit vectors and T is upper triangular.
 *
 * m reflectors are prepared in blocks of `blockRows(n, m)`. Block k begins at row k·b of Y, and since row i has i
 * leading zeros, the block acts on the last n − k·b coordinates only.
 */
import { gemm } from "./gemm";
import { mulAdd } from "./simd";

/** Rows of a block where there are several: enough for `gemm` to be efficient, few enough for T to be cheap. */
const BLOCK: i32 = 32;

/** Reflectors in a block. Few reflectors (m ≤ n/4) form one block, which spares products of n × n matrices. */
// @ts-expect-error: decorator
@inline
export function blockRows(n: i32, m: i32): i32 {
  return m <= BLOCK || 4 * m <= n ? m : BLOCK;
}

/** Floats from one row of T to the next: a multiple of four, so that rows are whole vectors. */
// @ts-expect-error: decorator
@inline
export function strideT(b: i32): i32 {
  return (b + 3) & ~3;
}

/** Bytes of the T matrices of all blocks of m reflectors; block k's is k · b · strideT(b) floats in. */
export function bytesT(n: i32, m: i32): i32 {
  const b = blockRows(n, m);
  return b == 0 ? 0 : ((m + b - 1) / b) * b * strideT(b) * 4;
}

/**
 * Fills Y [m, n] with unit rows (zero rows stay zero), `inverseNorm` [m] with 1/‖u_i‖ (0 for a zero row), and T.
 * The first i entries of row i count as zero whatever u holds there.
 * @param gram scratch for b · b floats.
 */
export function prepare(
  n: i32,
  m: i32,
  u: usize,
  Y: usize,
  inverseNorm: usize,
  T: usize,
  gram: usize,
  workspace: usize,
): void {
  for (let i = 0; i < m; i++) store<f32>(inverseNorm + (i << 2), normalize(n, i, u + ((i * n) << 2), Y + ((i * n) << 2)));
  const b = blockRows(n, m);
  for (let first = 0; first < m; first += b) {
    const rows = min(b, m - first);
    const length = n - first;
    const block = Y + ((first * n + first) << 2);
    gemm(0, 1, rows, rows, length, 1, block, n, block, n, 0, gram, rows, workspace);
    triangle(rows, gram, inverseNorm + (first << 2), T + ((first * strideT(b)) << 2), strideT(b));
  }
}

/** dst = src / ‖src‖ with the first `zeros` entries 0. @returns 1/‖src‖, or 0. */
function normalize(n: i32, zeros: i32, src: usize, dst: usize): f32 {
  let sum: f64 = 0;
  for (let i = zeros; i < n; i++) {
    const value = <f64>load<f32>(src + (i << 2));
    sum += value * value;
  }
  const inverse: f64 = sum == 0 ? 0 : 1 / sqrt(sum);
  memory.fill(dst, 0, zeros << 2);
  for (let i = zeros; i < n; i++) store<f32>(dst + (i << 2), <f32>(<f64>load<f32>(src + (i << 2)) * inverse));
  return <f32>min(inverse, <f64>f32.MAX_VALUE);
}

/**
 * T from the rows' inner products: its inverse is the strict upper triangle of Y Yᵀ with ½ on the diagonal, so row i is
 * 2(e_i − Σ_{l>i} ⟨y_i, y_l⟩ T_l), and zero for a zero reflector.
 */
function triangle(b: i32, gram: usize, inverseNorm: usize, T: usize, stride: i32): void {
  memory.fill(T, 0, (b * stride) << 2);
  for (let i = b - 1; i >= 0; i--) {
    if (load<f32>(inverseNorm + (i << 2)) == 0) continue;
    const row = T + ((i * stride) << 2);
    store<f32>(row + (i << 2), 2);
    for (let l = i + 1; l < b; l++) {
      const factor = f32x4.splat(-2 * load<f32>(gram + ((i * b + l) << 2)));
      const other = T + ((l * stride) << 2);
      for (let j = l & ~3; j < stride; j += 4) {
        const at = row + (j << 2);
        v128.store(at, mulAdd(factor, v128.load(other + (j << 2)), v128.load(at)));
      }
    }
  }
}

/**
 * X ← (I − Yᵀ T Y) X (or with Tᵀ, the inverse) for one block.
 * @param X [length, columns], `ldx` floats from row to row.
 * @param Y the block's first row at its first coordinate; `ldy` floats from row to row.
 * @param scratch 2 · rows · columns floats.
 */
export function applyLeft(
  transposed: i32,
  rows: i32,
  length: i32,
  columns: i32,
  Y: usize,
  ldy: i32,
  T: usize,
  ldt: i32,
  X: usize,
  ldx: i32,
  scratch: usize,
  workspace: usize,
): void {
  const projected = scratch + ((rows * columns) << 2);
  gemm(0, 0, rows, columns, length, 1, Y, ldy, X, ldx, 0, scratch, columns, workspace);
  gemm(transposed, 0, rows, columns, rows, 1, T, ldt, scratch, columns, 0, projected, columns, workspace);
  gemm(1, 0, length, columns, rows, -1, Y, ldy, projected, columns, 1, X, ldx, workspace);
}

/**
 * X ← X (I − Yᵀ T Y) (or with Tᵀ) for one block.
 * @param X [lines, length]; the other parameters as in `applyLeft`.
 * @param scratch 2 · rows · lines floats.
 */
export function applyRight(
  transposed: i32,
  rows: i32,
  length: i32,
  lines: i32,
  Y: usize,
  ldy: i32,
  T: usize,
  ldt: i32,
  X: usize,
  ldx: i32,
  scratch: usize,
  workspace: usize,
): void {
  const projected = scratch + ((rows * lines) << 2);
  gemm(0, 1, lines, rows, length, 1, X, ldx, Y, ldy, 0, scratch, rows, workspace);
  gemm(0, transposed, lines, rows, rows, 1, scratch, rows, T, ldt, 0, projected, rows, workspace);
  gemm(0, 0, lines, length, rows, -1, projected, rows, Y, ldy, 1, X, ldx, workspace);
}
