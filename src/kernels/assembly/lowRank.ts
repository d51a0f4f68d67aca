/**
 * W = U diag(σ) Vᵀ of few reflectors as a diagonal and a matrix of low rank, so that W h costs 4·n·(m₁ + m₂) operations
 * and not 2·n².
 *
 * With U = I − Yᵀ T Y and V = I − Zᵀ R Z in compact WY form (Schreiber & Van Loan 1989; the rows of Y and Z are unit
 * reflectors, T and R upper triangular), and Σ = diag(σ):
 *
 *   W = Σ + P Qᵀ,   P = −[Yᵀ, U Σ Zᵀ],   Q = [Σ Yᵀ Tᵀ, Zᵀ R].
 *
 * Gradient. Of G = ∂L/∂W only D = G Q, E = Gᵀ P and diag(G) are needed, which are the gradients of P, of Q and of the
 * diagonal as if these were the parameters. In the words of householder.ts, whose formula for the reflectors this is,
 * −Tᵀ Y S = Tᵀ E₁ᵀ Wᵀ − D₁ᵀ + (T Y Σ Zᵀ) D₂ᵀ for u and R E₂ᵀ − D₂ᵀ W for v, where the halves of D and E are numbered; it
 * uses Uᵀ Yᵀ T = −Yᵀ Tᵀ, which holds since U is orthogonal. And ∂L/∂σ = diag(Uᵀ G V).
 *
 * m₂ = 0 means V = I, and then Q = Σ Yᵀ Tᵀ alone. All reflectors of a factor must form one block (`blockRows`).
 */
import { factorBytes, floats, normsOf, productBytes, triangleOf, writeBlock } from "./factor";
import { gemm } from "./gemm";
import { prepare, strideT } from "./reflectors";

/** Bytes of workspace, starting at a multiple of 16, for `lowRankMaterialize` and `lowRankPullback`. */
export function lowRankWorkspace(n: i32, m1: i32, m2: i32): i32 {
  const m = max(m1, m2);
  const rank = m1 + m2;
  return productBytes(n) + factorBytes(n, m1) + factorBytes(n, m2) + 3 * floats(m * n) + 2 * floats(m * rank + m * m);
}

/**
 * @param u [m1, n], v [m2, n]: reflectors, as householder.ts has them; sigma [n].
 * @param P [n, m1 + m2], written.
 * @param Qt Qᵀ, [m1 + m2, n], written.
 */
export function lowRankMaterialize(
  n: i32, m1: i32, m2: i32, u: usize, v: usize, sigma: usize, P: usize, Qt: usize, workspace: usize,
): void {
  const U = workspace + productBytes(n);
  const V = U + factorBytes(n, m1);
  const scratch = V + factorBytes(n, m2);
  const T = triangleOf(n, m1, U);
  const R = triangleOf(n, m2, V);
  const rank = m1 + m2;
  prepare(n, m1, u, U, normsOf(n, m1, U), T, scratch, workspace);
  gemm(0, 0, m1, n, m1, 1, T, strideT(m1), U, n, 0, Qt, n, workspace);
  scaleColumns(n, m1, Qt, sigma);
  negativeTranspose(n, m1, U, P, rank);
  if (m2 == 0) return;
  prepare(n, m2, v, V, normsOf(n, m2, V), R, scratch, workspace);
  gemm(1, 0, m2, n, m2, 1, R, strideT(m2), V, n, 0, Qt + ((m1 * n) << 2), n, workspace);
  // Z Σ Uᵀ = Z Σ − (Z Σ Yᵀ) Tᵀ Y.
  const product = scratch;
  const small = product + floats(m2 * n);
  const smaller = small + floats(m2 * m1);
  memory.copy(product, V, (m2 * n) << 2);
  scaleColumns(n, m2, product, sigma);
  gemm(0, 1, m2, m1, n, 1, product, n, U, n, 0, small, m1, workspace);
  gemm(0, 1, m2, m1, m1, 1, small, m1, T, strideT(m1), 0, smaller, m1, workspace);
  gemm(0, 0, m2, n, m1, -1, smaller, m1, U, n, 1, product, n, workspace);
  negativeTranspose(n, m2, product, P + (m1 << 2), rank);
}

/**
 * Gradients of u, v and σ.
 * @param P, Qt what `lowRankMaterialize` made of the same u, v and sigma.
 * @param dP [n, m1 + m2], D; dQt [m1 + m2, n], Eᵀ.
 * @param diagonal [n, 8]: parts whose sums over 8 are diag(G); not read where dSigma is 0.
 * @param dU [m1, n], dV [m2, n], written as by `spectralPullback`; dSigma [n], or 0 where σ has no gradient.
 */
export function lowRankPullback(
  n: i32, m1: i32, m2: i32, u: usize, v: usize, sigma: usize, P: usize, Qt: usize, dP: usize, dQt: usize,
  diagonal: usize, dU: usize, dV: usize, dSigma: usize, workspace: usize,
): void {
  const m = max(m1, m2);
  const rank = m1 + m2;
  const U = workspace + productBytes(n);
  const V = U + factorBytes(n, m1);
  const rows = V + factorBytes(n, m2);
  const product = rows + floats(m * n);
  const TY = product + floats(m * n);
  const small = TY + floats(m * n);
  const E = small + floats(m * rank + m * m);
  const T = triangleOf(n, m1, U);
  const R = triangleOf(n, m2, V);
  const D2 = dP + (m1 << 2);
  const E2t = dQt + ((m1 * n) << 2);
  prepare(n, m1, u, U, normsOf(n, m1, U), T, E, workspace);
  if (m2 > 0) prepare(n, m2, v, V, normsOf(n, m2, V), R, E, workspace);

  // u: Tᵀ (E₁ᵀ Wᵀ) − D₁ᵀ + (T Y Σ Zᵀ) D₂ᵀ, where E₁ᵀ Wᵀ = E₁ᵀ Σ + (E₁ᵀ Q) Pᵀ.
  memory.copy(product, dQt, (m1 * n) << 2);
  scaleColumns(n, m1, product, sigma);
  gemm(0, 1, m1, rank, n, 1, dQt, n, Qt, n, 0, small, rank, workspace);
  gemm(0, 1, m1, n, rank, 1, small, rank, P, rank, 1, product, n, workspace);
  negativeScaledTranspose(n, m1, dP, rank, rows, 0);
  gemm(1, 0, m1, n, m1, 1, T, strideT(m1), product, n, 1, rows, n, workspace);
  if (m2 > 0) {
    gemm(0, 1, m1, m2, n, 1, Qt, n, V, n, 0, small, m2, workspace);
    gemm(0, 1, m1, n, m2, 1, small, m2, D2, rank, 1, rows, n, workspace);
  }
  finish(n, m1, U, T, rows, small, E, dU, workspace);

  if (m2 > 0) {
    // v: R E₂ᵀ − D₂ᵀ W, where D₂ᵀ W = D₂ᵀ Σ + (D₂ᵀ P) Qᵀ.
    negativeScaledTranspose(n, m2, D2, rank, rows, sigma);
    gemm(1, 0, m2, rank, n, 1, D2, rank, P, rank, 0, small, rank, workspace);
    gemm(0, 0, m2, n, rank, -1, small, rank, Qt, n, 1, rows, n, workspace);
    gemm(0, 0, m2, n, m2, 1, R, strideT(m2), E2t, n, 1, rows, n, workspace);
    finish(n, m2, V, R, rows, small, E, dV, workspace);
  }
  if (!dSigma) return;

  // σ: diag((I − Yᵀ Tᵀ Y) G (I − Zᵀ R Z)), with Y G = −E₁ᵀ and G Zᵀ R = D₂.
  gemm(0, 0, m1, n, m1, 1, T, strideT(m1), U, n, 0, TY, n, workspace);
  if (m2 > 0) {
    gemm(0, 0, m1, m2, n, 1, U, n, D2, rank, 0, small, m2, workspace);
    gemm(1, 0, m2, n, m1, 1, small, m2, TY, n, 0, product, n, workspace);
  }
  for (let i = 0; i < n; i++) {
    let sum: f32 = 0;
    for (let lane = 0; lane < 8; lane++) sum += load<f32>(diagonal + ((i << 3) + lane << 2));
    for (let k = 0; k < m1; k++) {
      const at = (k * n + i) << 2;
      sum += load<f32>(TY + at) * load<f32>(dQt + at);
    }
    for (let k = 0; k < m2; k++) {
      const at = (k * n + i) << 2;
      sum += load<f32>(V + at) * (load<f32>(product + at) - load<f32>(D2 + ((i * rank + k) << 2)));
    }
    store<f32>(dSigma + (i << 2), sum);
  }
}

/** The gradient of one block of reflectors from its rows −Tᵀ Y S. */
function finish(
  n: i32, m: i32, factor: usize, T: usize, rows: usize, small: usize, E: usize, gradient: usize, workspace: usize,
): void {
  gemm(0, 1, m, m, n, 1, rows, n, factor, n, 0, small, m, workspace);
  gemm(0, 0, m, m, m, 1, small, m, T, strideT(m), 0, E, m, workspace);
  writeBlock(n, m, 0, m, factor, E, rows, gradient, workspace);
}

/** X [rows, n] ← X diag(sigma). */
function scaleColumns(n: i32, rows: i32, X: usize, sigma: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++, X += 4) store<f32>(X, load<f32>(X) * load<f32>(sigma + (j << 2)));
  }
}

/** dst [n, rows] (`ld` floats from row to row) = −Xᵀ for X [rows, n]. */
function negativeTranspose(n: i32, rows: i32, X: usize, dst: usize, ld: i32): void {
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < rows; i++) store<f32>(dst + ((j * ld + i) << 2), -load<f32>(X + ((i * n + j) << 2)));
  }
}

/** dst [rows, n] = −(diag(sigma) X)ᵀ for X [n, rows], `ld` floats from row to row; sigma 0: ones. */
function negativeScaledTranspose(n: i32, rows: i32, X: usize, ld: i32, dst: usize, sigma: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < n; j++, dst += 4) {
      const factor: f32 = sigma ? load<f32>(sigma + (j << 2)) : 1;
      store<f32>(dst, -factor * load<f32>(X + ((j * ld + i) << 2)));
    }
  }
}
