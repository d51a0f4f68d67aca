/**
 * The SVD parameterization W = U diag(σ) Vᵀ (Zhang, Lei & Dhillon 2018) with blocked Householder products.
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
import { factorBytes, floats, normsOf, productBytes, triangleOf, writeBlock } from "./factor";
import { gemm } from "./gemm";
import { applyLeft, applyRight, blockRows, prepare, strideT } from "./reflectors";

/** Bytes of the temporaries that the widest block needs: five of b × n with n the longer side, three of b × b. */
function blockBytes(rows: i32, columns: i32, m1: i32, m2: i32): i32 {
  const b = max(blockRows(rows, m1), blockRows(columns, m2));
  return 5 * floats(b * max(rows, columns)) + 3 * floats(b * b);
}

/** Floats of S, or of a copy of G, whichever is larger; a factor of one block needs no S. */
function squareFloats(rows: i32, columns: i32, m1: i32, m2: i32): i32 {
  let most = rows * columns;
  if (blockRows(rows, m1) < m1) most = max(most, rows * rows);
  if (blockRows(columns, m2) < m2) most = max(most, columns * columns);
  return most;
}

/** Bytes of workspace, starting at a multiple of 16, for `spectralMaterialize` and `spectralPullback`. */
export function spectralWorkspace(rows: i32, columns: i32, m1: i32, m2: i32): i32 {
  return (
    productBytes(max(rows, columns)) +
    factorBytes(rows, m1) +
    factorBytes(columns, m2) +
    blockBytes(rows, columns, m1, m2) +
    floats(squareFloats(rows, columns, m1, m2))
  );
}

/**
 * W = U Σ Vᵀ.
 * @param sigma [min(rows, columns)], or 0 for σ ≡ 1.
 * @param W [rows, columns] row-major, written.
 */
export function spectralMaterialize(
  rows: i32,
  columns: i32,
  m1: i32,
  m2: i32,
  u: usize,
  v: usize,
  sigma: usize,
  W: usize,
  workspace: usize,
): void {
  const U = workspace + productBytes(max(rows, columns));
  const V = U + factorBytes(rows, m1);
  const scratch = V + factorBytes(columns, m2);
  prepare(rows, m1, u, U, normsOf(rows, m1, U), triangleOf(rows, m1, U), scratch, workspace);
  prepare(columns, m2, v, V, normsOf(columns, m2, V), triangleOf(columns, m2, V), scratch, workspace);

  memory.fill(W, 0, (rows * columns) << 2);
  for (let i = 0; i < min(rows, columns); i++) {
    store<f32>(W + ((i * columns + i) << 2), sigma ? load<f32>(sigma + (i << 2)) : 1);
  }

  // From the last block to the first, W is still diagonal outside the rows and columns that the block acts on.
  const b2 = blockRows(columns, m2);
  for (let first = lastBlock(m2, b2); first >= 0; first -= b2) {
    // Below the last row there is nothing for the block to act on.
    if (first >= rows) continue;
    const corner = (first * columns + first) << 2;
    const T = triangleOf(columns, m2, V) + ((first * strideT(b2)) << 2);
    applyRight(
      1,
      min(b2, m2 - first),
      columns - first,
      rows - first,
      V + corner,
      columns,
      T,
      strideT(b2),
      W + corner,
      columns,
      scratch,
      workspace,
    );
  }
  const b1 = blockRows(rows, m1);
  for (let first = lastBlock(m1, b1); first >= 0; first -= b1) {
    const column = m2 == 0 ? first : 0;
    const T = triangleOf(rows, m1, U) + ((first * strideT(b1)) << 2);
    applyLeft(
      0,
      min(b1, m1 - first),
      rows - first,
      columns - column,
      U + ((first * rows + first) << 2),
      rows,
      T,
      strideT(b1),
      W + ((first * columns + column) << 2),
      columns,
      scratch,
      workspace,
    );
  }
}

/** First row of the last block, or −1 if there is none. */
function lastBlock(m: i32, b: i32): i32 {
  return m == 0 ? -1 : ((m - 1) / b) * b;
}

/**
 * Gradients of u, v and σ from G = ∂L/∂W.
 * @param W what `spectralMaterialize` made of the same u, v and sigma.
 * @param dU [m1, rows]; the first i entries of row i, and the row of a reflector of length 1 (a sign), are exactly 0.
 * @param dV [m2, columns], likewise; not written if m2 = 0.
 * @param dSigma [min(rows, columns)]; not written if 0 or if sigma = 0.
 */
export function spectralPullback(
  rows: i32,
  columns: i32,
  m1: i32,
  m2: i32,
  u: usize,
  v: usize,
  sigma: usize,
  W: usize,
  G: usize,
  dU: usize,
  dV: usize,
  dSigma: usize,
  workspace: usize,
): void {
  const U = workspace + productBytes(max(rows, columns));
  const V = U + factorBytes(rows, m1);
  const square = V + factorBytes(columns, m2);
  const scratch = square + floats(squareFloats(rows, columns, m1, m2));
  prepare(rows, m1, u, U, normsOf(rows, m1, U), triangleOf(rows, m1, U), scratch, workspace);
  prepare(columns, m2, v, V, normsOf(columns, m2, V), triangleOf(columns, m2, V), scratch, workspace);
  pullFactor(0, rows, columns, columns, m1, U, W, G, dU, square, scratch, workspace);
  pullFactor(1, columns, rows, columns, m2, V, W, G, dV, square, scratch, workspace);
  if (sigma && dSigma) pullSigma(rows, columns, m1, m2, U, V, G, dSigma, square, scratch, workspace);
}

/**
 * Gradient of one factor's reflectors. `transposed` 0: U, S = G Wᵀ − W Gᵀ; 1: V, S = Gᵀ W − Wᵀ G.
 * @param n side of W that the factor acts on; `other`, the other one.
 * @param ld columns of W and G.
 */
function pullFactor(
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
function pullSigma(
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
