/**
 * The gradient of the SVD parameterization W = U diag(σ) Vᵀ (Zhang, Lei & Dhillon 2018) with blocked Householder products.
 *
 * W is [rows, columns], and Σ has its min(rows, columns) values on the diagonal. u is [m₁, rows] and v [m₂, columns],
 * row-major. Row i holds a reflector of length n − i (n = rows or columns), right-aligned; what stands in its first i
 * entries counts as zero. U = H(row 0) H(row 1) ⋯ H(row m₁ − 1) with H = I − 2uuᵀ/‖u‖², and I where u = 0;
 * V likewise from v. m₂ = 0 means V = I, and sigma = 0 means σ ≡ 1: the orthogonal cell.
 *
 * Gradient. Let G = ∂L/∂W, and S = G Wᵀ − W Gᵀ for u (Gᵀ W − Wᵀ G for v), a skew matrix. Differentiating one
 * reflector and using H_i u_i = −u_i, the terms along u_i cancel and there remains
 *
 *   ∂L/∂u_i = (2/‖u_i‖²) P_iᵀ S P_i u_i,   P_i = H_1 ⋯ H_{i−1}.
 *
 * For a block of b reflectors in the form I − Yᵀ T Y, the columns 2 P_i y_i are those of Yᵀ T, so with R = −Tᵀ Y S
 * (row i is 2 (S P_i y_i)ᵀ) and E = R Yᵀ T, the gradients for unit rows are R − tril(E, −1) Y. The next block sees
 * S ← S + Yᵀ Q − Qᵀ Y with Q = R − ½ E Y: all of it matrix products, O(n² m) in total for a square W.
 */
import { floats, triangleOf, writeBlock } from "./factor";
import { gemm } from "./gemm";
import { applyLeft, applyRight, blockRows, strideT } from "./reflectors";

/** Bytes of the temporaries that the widest block needs: five of b × n with n the longer side, three of b × b. */
export function blockBytes(rows: i32, columns: i32, m1: i32, m2: i32): i32 {
  const b = max(blockRows(rows, m1), blockRows(columns, m2));
  return 5 * floats(b * max(rows, columns)) + 3 * floats(b * b);
}

/** Floats of S, or of a copy of G, whichever is larger; a factor of one block needs no S. */
export function squareFloats(rows: i32, columns: i32, m1: i32, m2: i32): i32 {
  let most = rows * columns;
  if (blockRows(rows, m1) < m1) most = max(most, rows * rows);
  if (blockRows(columns, m2) < m2) most = max(most, columns * columns);
  return most;
}

/**
 * Gradient of one factor's reflectors. `transposed` 0: U, S = G Wᵀ − W Gᵀ; 1: V, S = Gᵀ W − Wᵀ G.
 * @param n side of W that the factor acts on; `other`, the other one.
 * @param ld columns of W and G.
 */
export function pullFactor(
  transposed: i32,
  n: i32,
  other: i32,
  ld: i32,
  m: i32,
  factor: usize,
  W: usize,
  G: usize,
  gradient: usize,
  square: usize,
  scratch: usize,
  workspace: usize,
): void {
  if (m == 0) return;
  const b = blockRows(n, m);
  const single = b == m;
  const inner = floats(b * max(n, other));
  // [Y; Q; −Y] lie one behind the other, so that S's update is one product of [Y; Q] and [Q; −Y].
  const stack = scratch;
  const product = stack + 3 * inner;
  const R = product + inner;
  const RYt = R + inner;
  const E = RYt + floats(b * b);
  if (!single) {
    gemm(transposed, 1 - transposed, n, n, other, 1, G, ld, W, ld, 0, square, n, workspace);
    skew(n, square);
  }
  for (let first = 0; first < m; first += b) {
    const rows = min(b, m - first);
    const length = n - first;
    const corner = (first * n + first) << 2;
    const Y = factor + corner;
    const T = triangleOf(n, m, factor) + ((first * strideT(b)) << 2);
    const S = square + corner;
    if (single) {
      // Y S = (Y G) Wᵀ − (Y W) Gᵀ, without S itself.
      gemm(0, transposed, rows, other, n, 1, Y, n, G, ld, 0, R, other, workspace);
      gemm(0, 1 - transposed, rows, n, other, 1, R, other, W, ld, 0, product, n, workspace);
      gemm(0, transposed, rows, other, n, 1, Y, n, W, ld, 0, R, other, workspace);
      gemm(0, 1 - transposed, rows, n, other, -1, R, other, G, ld, 1, product, n, workspace);
    } else {
      gemm(0, 0, rows, length, length, 1, Y, n, S, n, 0, product, length, workspace);
    }
    gemm(1, 0, rows, length, rows, -1, T, strideT(b), product, length, 0, R, length, workspace);
    gemm(0, 1, rows, rows, length, 1, R, length, Y, n, 0, RYt, rows, workspace);
    gemm(0, 0, rows, rows, rows, 1, RYt, rows, T, strideT(b), 0, E, rows, workspace);
    if (first + rows < m) advance(rows, length, n, Y, R, E, S, stack, workspace);
    writeBlock(n, m, first, rows, factor, E, R, gradient, workspace);
  }
}

/** S ← S + Yᵀ Q − Qᵀ Y with Q = R − ½ E Y, for the coordinates that the next block acts on. */
function advance(
  rows: i32,
  length: i32,
  n: i32,
  Y: usize,
  R: usize,
  E: usize,
  S: usize,
  stack: usize,
  workspace: usize,
): void {
  const bytes = (rows * length) << 2;
  const Q = stack + bytes;
  const negative = Q + bytes;
  for (let i = 0; i < rows; i++) {
    memory.copy(stack + ((i * length) << 2), Y + ((i * n) << 2), length << 2);
  }
  for (let i = 0; i < rows * length; i++) store<f32>(negative + (i << 2), -load<f32>(stack + (i << 2)));
  memory.copy(Q, R, bytes);
  gemm(0, 0, rows, length, rows, -0.5, E, rows, Y, n, 1, Q, length, workspace);
  const rest = length - rows;
  const skip = rows << 2;
  gemm(1, 0, rest, rest, 2 * rows, 1, stack + skip, length, Q + skip, length, 1, S + ((rows * n + rows) << 2), n, workspace);
}

/** K ← K − Kᵀ, tile by tile so that the transposed accesses stay in the cache. */
function skew(n: i32, K: usize): void {
  for (let top = 0; top < n; top += 16) {
    for (let left = 0; left <= top; left += 16) {
      const bottom = min(top + 16, n);
      for (let i = top; i < bottom; i++) {
        const right = min(left + 16, i + 1);
        for (let j = left; j < right; j++) {
          const lower = K + ((i * n + j) << 2);
          const upper = K + ((j * n + i) << 2);
          const difference = load<f32>(lower) - load<f32>(upper);
          store<f32>(lower, difference);
          store<f32>(upper, -difference);
        }
      }
    }
  }
}

/** ∂L/∂σ = diag(Uᵀ G V). */
export function pullSigma(
  rows: i32,
  columns: i32,
  m1: i32,
  m2: i32,
  U: usize,
  V: usize,
  G: usize,
  dSigma: usize,
  square: usize,
  scratch: usize,
  workspace: usize,
): void {
  memory.copy(square, G, (rows * columns) << 2);
  const b1 = blockRows(rows, m1);
  for (let first = 0; first < m1; first += b1) {
    const count = min(b1, m1 - first);
    const T = triangleOf(rows, m1, U) + ((first * strideT(b1)) << 2);
    const Y = U + ((first * rows + first) << 2);
    const X = square + ((first * columns) << 2);
    applyLeft(1, count, rows - first, columns, Y, rows, T, strideT(b1), X, columns, scratch, workspace);
  }
  const b2 = blockRows(columns, m2);
  for (let first = 0; first < m2; first += b2) {
    const count = min(b2, m2 - first);
    const T = triangleOf(columns, m2, V) + ((first * strideT(b2)) << 2);
    const Y = V + ((first * columns + first) << 2);
    applyRight(0, count, columns - first, rows, Y, columns, T, strideT(b2), square + (first << 2), columns, scratch, workspace);
  }
  for (let i = 0; i < min(rows, columns); i++) {
    store<f32>(dSigma + (i << 2), load<f32>(square + ((i * columns + i) << 2)));
  }
}
