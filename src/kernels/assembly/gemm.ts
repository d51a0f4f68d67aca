/**
 * General matrix product of row-major single-precision matrices.
 *
 * Both operands are copied ("packed") into panels that the micro-kernel reads from front to back: op(A) in panels of
 * 4 rows, [k][4], and op(B) in panels of 8 columns, [k][8]. The micro-kernel keeps a 4×8 tile of C in eight
 * registers; with two for B and one for A it needs eleven, which leaves room on the sixteen of x86-64. With vectors of
 * eight it keeps up to 12×8 (tiles.ts); else the compiler would spill so large a tile. Blocks of KC steps of k and MC rows
 * of op(A) keep the panels in the caches (Goto & van de Geijn 2008).
 *
 * Every element of C is the sum over k in ascending order, within blocks of KC, whatever the alignment and
 * position, so the same call gives the same bits.
 */
import { mulAdd, transposeFour } from "./simd";
import { tileBlocks } from "./tiles";

/** Rows of op(A) packed at a time: MC · KC floats fit the second-level cache. */
const MC: i32 = 128;
/** Steps of k packed at a time: a panel of A and one of B fit the first-level cache. */
const KC: i32 = 256;
/** Columns of op(B) packed at a time. */
const NC: i32 = 1024;
/** Bytes of one 4×8 tile, through which the edges of C are updated. */
const TILE: i32 = 128;

// @ts-expect-error: decorator
@inline
function roundUp(value: i32, multiple: i32): i32 {
  return ((value + multiple - 1) / multiple) * multiple;
}

/** Bytes of workspace for `gemm` with these sizes; the workspace starts at a multiple of 16. */
export function gemmWorkspace(M: i32, N: i32, K: i32): i32 {
  const k = min(K, KC);
  return TILE + (roundUp(min(M, MC), 4) + roundUp(min(N, NC), 8)) * k * 4;
}

/**
 * C = alpha · op(A) op(B) + beta · C.
 * @param transA 0: A is [M, K]; 1: A is [K, M] and op(A) its transpose.
 * @param transB 0: B is [K, N]; 1: B is [N, K] and op(B) its transpose.
 * @param lda, ldb, ldc floats from one row to the next.
 * @param beta 0: C is not read, so it may hold anything.
 * @param workspace `gemmWorkspace(M, N, K)` bytes.
 */
export function gemm(
  transA: i32,
  transB: i32,
  M: i32,
  N: i32,
  K: i32,
  alpha: f32,
  A: usize,
  lda: i32,
  B: usize,
  ldb: i32,
  beta: f32,
  C: usize,
  ldc: i32,
  workspace: usize,
): void {
  if (M <= 0 || N <= 0) return;
  if (K <= 0) {
    scale(M, N, beta, C, ldc);
    return;
  }
  const packedA = workspace + TILE;
  const packedB = packedA + roundUp(min(M, MC), 4) * min(K, KC) * 4;
  for (let j = 0; j < N; j += NC) {
    const columns = min(NC, N - j);
    for (let p = 0; p < K; p += KC) {
      const depth = min(KC, K - p);
      packB(transB, depth, columns, elementAt(B, ldb, transB, p, j), ldb, packedB);
      const keep: f32 = p == 0 ? beta : 1;
      for (let i = 0; i < M; i += MC) {
        const rows = min(MC, M - i);
        packA(transA, rows, depth, elementAt(A, lda, transA, i, p), lda, packedA);
        block(rows, columns, depth, alpha, packedA, packedB, keep, C + ((i * ldc + j) << 2), ldc, workspace);
      }
    }
  }
}

/** Address of element (row, column) of op(X). */
// @ts-expect-error: decorator
@inline
function elementAt(X: usize, ld: i32, transposed: i32, row: i32, column: i32): usize {
  return X + ((transposed ? column * ld + row : row * ld + column) << 2);
}

/** C = beta · C. */
function scale(M: i32, N: i32, beta: f32, C: usize, ldc: i32): void {
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      const at = C + ((i * ldc + j) << 2);
      store<f32>(at, beta == 0 ? 0 : beta * load<f32>(at));
    }
  }
}

/** C = alpha · A B + beta · C for packed A and B. */
function block(
  rows: i32,
  columns: i32,
  depth: i32,
  alpha: f32,
  packedA: usize,
  packedB: usize,
  beta: f32,
  C: usize,
  ldc: i32,
  edge: usize,
): void {
  const stride = ldc << 2;
  for (let j = 0; j < columns; j += 8) {
    const width = min(8, columns - j);
    const panelB = packedB + ((j * depth) << 2);
    for (let i = 0; i < rows; ) {
      const panelA = packedA + ((i * depth) << 2);
      const at = C + ((i * ldc + j) << 2);
      const whole = width == 8 ? (rows - i) >> 2 : 0;
      if (whole > 0) {
        const blocks = tileBlocks(whole);
        if (blocks == 3) tile12(depth, panelA, panelB, alpha, beta, at, stride);
        else if (blocks == 2) tile8(depth, panelA, panelB, alpha, beta, at, stride);
        else tile4(depth, panelA, panelB, alpha, beta, at, stride);
        i += blocks << 2;
      } else {
        const height = min(4, rows - i);
        if (beta != 0) copyTile(height, width, at, stride, edge, 32);
        tile4(depth, panelA, panelB, alpha, beta, edge, 32);
        copyTile(height, width, edge, 32, at, stride);
        i += 4;
      }
    }
  }
}

function copyTile(height: i32, width: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32): void {
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      store<f32>(dst + i * dstStride + (j << 2), load<f32>(src + i * srcStride + (j << 2)));
    }
  }
}

function tile4(depth: i32, a: usize, b: usize, alpha: f32, beta: f32, C: usize, stride: usize): void {
  tile(1, depth, a, b, alpha, beta, C, stride);
}
function tile8(depth: i32, a: usize, b: usize, alpha: f32, beta: f32, C: usize, stride: usize): void {
  tile(2, depth, a, b, alpha, beta, C, stride);
}
function tile12(depth: i32, a: usize, b: usize, alpha: f32, beta: f32, C: usize, stride: usize): void {
  tile(3, depth, a, b, alpha, beta, C, stride);
}

/**
 * `blocks` × 4 rows and eight columns: C = alpha · (panels of A)(panel of B) + beta · C; `stride` in bytes.
 * @param blocks 1, 2 or 3: a constant, by which the compiler leaves out what is not needed.
 */
// @ts-expect-error: decorator
@inline
function tile(blocks: i32, depth: i32, a: usize, b: usize, alpha: f32, beta: f32, C: usize, stride: usize): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  let c40 = zero, c41 = zero, c50 = zero, c51 = zero, c60 = zero, c61 = zero, c70 = zero, c71 = zero;
  let c80 = zero, c81 = zero, c90 = zero, c91 = zero, ca0 = zero, ca1 = zero, cb0 = zero, cb1 = zero;
  let second = a + (<usize>depth << 4);
  let third = second + (<usize>depth << 4);
  // One k a turn: unrolled, V8 keeps too many operands at once and spills the tile to memory.
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b, 0);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a, 0);
    c00 = mulAdd(x, b0, c00);
    c01 = mulAdd(x, b1, c01);
    x = v128.load_splat<f32>(a, 4);
    c10 = mulAdd(x, b0, c10);
    c11 = mulAdd(x, b1, c11);
    x = v128.load_splat<f32>(a, 8);
    c20 = mulAdd(x, b0, c20);
    c21 = mulAdd(x, b1, c21);
    x = v128.load_splat<f32>(a, 12);
    c30 = mulAdd(x, b0, c30);
    c31 = mulAdd(x, b1, c31);
    if (blocks > 1) {
      x = v128.load_splat<f32>(second, 0);
      c40 = mulAdd(x, b0, c40);
      c41 = mulAdd(x, b1, c41);
      x = v128.load_splat<f32>(second, 4);
      c50 = mulAdd(x, b0, c50);
      c51 = mulAdd(x, b1, c51);
      x = v128.load_splat<f32>(second, 8);
      c60 = mulAdd(x, b0, c60);
      c61 = mulAdd(x, b1, c61);
      x = v128.load_splat<f32>(second, 12);
      c70 = mulAdd(x, b0, c70);
      c71 = mulAdd(x, b1, c71);
      second += 16;
    }
    if (blocks > 2) {
      x = v128.load_splat<f32>(third, 0);
      c80 = mulAdd(x, b0, c80);
      c81 = mulAdd(x, b1, c81);
      x = v128.load_splat<f32>(third, 4);
      c90 = mulAdd(x, b0, c90);
      c91 = mulAdd(x, b1, c91);
      x = v128.load_splat<f32>(third, 8);
      ca0 = mulAdd(x, b0, ca0);
      ca1 = mulAdd(x, b1, ca1);
      x = v128.load_splat<f32>(third, 12);
      cb0 = mulAdd(x, b0, cb0);
      cb1 = mulAdd(x, b1, cb1);
      third += 16;
    }
    a += 16;
    b += 32;
  }
  updateRows(C, stride, alpha, beta, c00, c01, c10, c11, c20, c21, c30, c31);
  if (blocks > 1) updateRows(C + 4 * stride, stride, alpha, beta, c40, c41, c50, c51, c60, c61, c70, c71);
  if (blocks > 2) updateRows(C + 8 * stride, stride, alpha, beta, c80, c81, c90, c91, ca0, ca1, cb0, cb1);
}

/** Four rows of C = alpha · c + beta · C. */
// @ts-expect-error: decorator
@inline
function updateRows(
  C: usize, stride: usize, alpha: f32, beta: f32,
  c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128,
): void {
  updateRow(C, alpha, c00, c01, beta);
  updateRow(C + stride, alpha, c10, c11, beta);
  updateRow(C + 2 * stride, alpha, c20, c21, beta);
  updateRow(C + 3 * stride, alpha, c30, c31, beta);
}

/** Both halves are loaded before one is stored: else V8 does not join them. */
// @ts-expect-error: decorator
@inline
function updateRow(C: usize, alpha: f32, c0: v128, c1: v128, beta: f32): void {
  const factor = f32x4.splat(alpha);
  let left = f32x4.mul(factor, c0);
  let right = f32x4.mul(factor, c1);
  if (beta != 0) {
    const keep = f32x4.splat(beta);
    left = mulAdd(factor, c0, f32x4.mul(keep, v128.load(C, 0)));
    right = mulAdd(factor, c1, f32x4.mul(keep, v128.load(C, 16)));
  }
  v128.store(C, left, 0);
  v128.store(C, right, 16);
}

/** op(A) [rows, depth] in panels of 4 rows, [depth][4]; missing rows are 0. */
function packA(transposed: i32, rows: i32, depth: i32, A: usize, lda: i32, dst: usize): void {
  for (let i = 0; i < rows; i += 4) {
    const height = min(4, rows - i);
    if (transposed) packLines(depth, height, A + (i << 2), lda, dst, 16);
    else packTransposed(depth, height, A + ((i * lda) << 2), lda, dst, 16);
    dst += depth << 4;
  }
}

/** op(B) [depth, columns] in panels of 8 columns, [depth][8]; missing columns are 0. */
function packB(transposed: i32, depth: i32, columns: i32, B: usize, ldb: i32, dst: usize): void {
  for (let j = 0; j < columns; j += 8) {
    for (let half = 0; half < 8; half += 4) {
      const width = max(0, min(4, columns - j - half));
      if (transposed) packTransposed(depth, width, B + (((j + half) * ldb) << 2), ldb, dst + (half << 2), 32);
      else packLines(depth, width, B + ((j + half) << 2), ldb, dst + (half << 2), 32);
    }
    dst += depth << 5;
  }
}

/** Copies `count` (≤ 4) neighbouring floats of each of `depth` lines, the rest 0; lines land `step` bytes apart. */
function packLines(depth: i32, count: i32, src: usize, ld: i32, dst: usize, step: usize): void {
  const stride = ld << 2;
  if (count == 4) {
    for (let k = 0; k < depth; k++, src += stride, dst += step) v128.store(dst, v128.load(src));
    return;
  }
  for (let k = 0; k < depth; k++, src += stride, dst += step) {
    v128.store(dst, f32x4.splat(0));
    for (let i = 0; i < count; i++) store<f32>(dst + (i << 2), load<f32>(src + (i << 2)));
  }
}

/** Transposes `count` (≤ 4) lines of `depth` floats, the rest 0; each four land `step` bytes after the last. */
function packTransposed(depth: i32, count: i32, src: usize, ld: i32, dst: usize, step: usize): void {
  const stride = ld << 2;
  let k = 0;
  if (count == 4) {
    for (; k + 4 <= depth; k += 4, src += 16) {
      const r0 = v128.load(src);
      const r1 = v128.load(src + stride);
      const r2 = v128.load(src + 2 * stride);
      const r3 = v128.load(src + 3 * stride);
      transposeFour(dst, step, r0, r1, r2, r3);
      dst += step << 2;
    }
  }
  for (; k < depth; k++, src += 4, dst += step) {
    v128.store(dst, f32x4.splat(0));
    for (let i = 0; i < count; i++) store<f32>(dst + (i << 2), load<f32>(src + i * stride));
  }
}

/** Bytes of scratch for `microKernelPeak`. */
export function microKernelPeakScratch(): i32 {
  return 3 * TILE + KC * 20 * 4;
}

/**
 * Runs the bare micro-kernel on panels that stay in the first-level cache: the most that products can reach.
 * @param scratch `microKernelPeakScratch()` bytes: room for 12 rows of 8 sums, then what is multiplied. The sums are the same
 *   whether one tile takes all rows or three take four each.
 * @returns floating-point operations done.
 */
export function microKernelPeak(repeats: i32, scratch: usize): f64 {
  const b = scratch + 3 * TILE;
  const a = b + KC * 8 * 4;
  const panel = KC * 4 * 4;
  const whole = tileBlocks(3) == 3;
  for (let i = 0; i < repeats; i++) {
    if (whole) {
      tile12(KC, a, b, 1, 0, scratch, 32);
    } else {
      tile4(KC, a, b, 1, 0, scratch, 32);
      tile4(KC, a + panel, b, 1, 0, scratch + TILE, 32);
      tile4(KC, a + 2 * panel, b, 1, 0, scratch + 2 * TILE, 32);
    }
  }
  return <f64>repeats * <f64>(2 * 12 * 8 * KC);
}
