/**
 * Products with a panel: a matrix of k rows and 8 columns, one column a sequence, stored row by row (8 floats a row).
 *
 * The state of eight sequences is kept in this form all through a training step, so that the recurrence needs no
 * packing but that of the weights, once a step. Rows come in blocks of four (32 floats), and consecutive blocks may
 * stand apart by a stride; weights are packed as [row block][k][4].
 */
import { mulAdd } from "./simd";
import { tileBlocks } from "./tiles";

/**
 * y = W x (or y += W x) for `rowBlocks` × 4 rows and `kBlocks` × 4 columns of packed W.
 * @param x panel whose blocks of four rows stand `xStride` bytes apart.
 * @param y panel of 4·rowBlocks rows, blocks 128 bytes apart.
 */
export function panelProduct(
  rowBlocks: i32,
  kBlocks: i32,
  w: usize,
  x: usize,
  xStride: usize,
  y: usize,
  accumulate: bool,
): void {
  const gap = xStride - 128;
  for (let left = rowBlocks; left > 0; ) {
    const blocks = tileBlocks(left);
    if (accumulate) {
      if (blocks == 3) add12(kBlocks, w, x, gap, y);
      else if (blocks == 2) add8(kBlocks, w, x, gap, y);
      else add4(kBlocks, w, x, gap, y);
    } else {
      if (blocks == 3) put12(kBlocks, w, x, gap, y);
      else if (blocks == 2) put8(kBlocks, w, x, gap, y);
      else put4(kBlocks, w, x, gap, y);
    }
    w += <usize>(blocks * kBlocks) << 6;
    y += <usize>blocks << 7;
    left -= blocks;
  }
}

// A tile for every case, with no choice inside it: where sums can begin in two ways V8 does not join them all.
function put4(kBlocks: i32, w: usize, x: usize, gap: usize, y: usize): void {
  tile(1, false, kBlocks, w, x, gap, y);
}
function put8(kBlocks: i32, w: usize, x: usize, gap: usize, y: usize): void {
  tile(2, false, kBlocks, w, x, gap, y);
}
function put12(kBlocks: i32, w: usize, x: usize, gap: usize, y: usize): void {
  tile(3, false, kBlocks, w, x, gap, y);
}
function add4(kBlocks: i32, w: usize, x: usize, gap: usize, y: usize): void {
  tile(1, true, kBlocks, w, x, gap, y);
}
function add8(kBlocks: i32, w: usize, x: usize, gap: usize, y: usize): void {
  tile(2, true, kBlocks, w, x, gap, y);
}
function add12(kBlocks: i32, w: usize, x: usize, gap: usize, y: usize): void {
  tile(3, true, kBlocks, w, x, gap, y);
}

/**
 * `blocks` × 4 rows of a product.
 * @param blocks 1, 2 or 3, and `accumulate`: constants, by which the compiler leaves out what is not needed.
 * @param gap bytes between a block of four rows of x and the next.
 */
// @ts-expect-error: decorator
@inline
function tile(blocks: i32, accumulate: bool, kBlocks: i32, w: usize, x: usize, gap: usize, y: usize): void {
  const zero = f32x4.splat(0);
  let c00 = accumulate ? v128.load(y, 0) : zero;
  let c01 = accumulate ? v128.load(y, 16) : zero;
  let c10 = accumulate ? v128.load(y, 32) : zero;
  let c11 = accumulate ? v128.load(y, 48) : zero;
  let c20 = accumulate ? v128.load(y, 64) : zero;
  let c21 = accumulate ? v128.load(y, 80) : zero;
  let c30 = accumulate ? v128.load(y, 96) : zero;
  let c31 = accumulate ? v128.load(y, 112) : zero;
  let c40 = accumulate && blocks > 1 ? v128.load(y, 128) : zero;
  let c41 = accumulate && blocks > 1 ? v128.load(y, 144) : zero;
  let c50 = accumulate && blocks > 1 ? v128.load(y, 160) : zero;
  let c51 = accumulate && blocks > 1 ? v128.load(y, 176) : zero;
  let c60 = accumulate && blocks > 1 ? v128.load(y, 192) : zero;
  let c61 = accumulate && blocks > 1 ? v128.load(y, 208) : zero;
  let c70 = accumulate && blocks > 1 ? v128.load(y, 224) : zero;
  let c71 = accumulate && blocks > 1 ? v128.load(y, 240) : zero;
  let c80 = accumulate && blocks > 2 ? v128.load(y, 256) : zero;
  let c81 = accumulate && blocks > 2 ? v128.load(y, 272) : zero;
  let c90 = accumulate && blocks > 2 ? v128.load(y, 288) : zero;
  let c91 = accumulate && blocks > 2 ? v128.load(y, 304) : zero;
  let ca0 = accumulate && blocks > 2 ? v128.load(y, 320) : zero;
  let ca1 = accumulate && blocks > 2 ? v128.load(y, 336) : zero;
  let cb0 = accumulate && blocks > 2 ? v128.load(y, 352) : zero;
  let cb1 = accumulate && blocks > 2 ? v128.load(y, 368) : zero;
  let second = w + (<usize>kBlocks << 6);
  let third = second + (<usize>kBlocks << 6);
  // One column a turn: unrolled, V8 keeps too many operands at once and spills the sums to memory.
  for (let k = kBlocks; k > 0; k--) {
    const blockEnd = w + 64;
    do {
      const x0 = v128.load(x, 0);
      const x1 = v128.load(x, 16);
      let a = v128.load_splat<f32>(w, 0);
      c00 = mulAdd(a, x0, c00);
      c01 = mulAdd(a, x1, c01);
      a = v128.load_splat<f32>(w, 4);
      c10 = mulAdd(a, x0, c10);
      c11 = mulAdd(a, x1, c11);
      a = v128.load_splat<f32>(w, 8);
      c20 = mulAdd(a, x0, c20);
      c21 = mulAdd(a, x1, c21);
      a = v128.load_splat<f32>(w, 12);
      c30 = mulAdd(a, x0, c30);
      c31 = mulAdd(a, x1, c31);
      if (blocks > 1) {
        a = v128.load_splat<f32>(second, 0);
        c40 = mulAdd(a, x0, c40);
        c41 = mulAdd(a, x1, c41);
        a = v128.load_splat<f32>(second, 4);
        c50 = mulAdd(a, x0, c50);
        c51 = mulAdd(a, x1, c51);
        a = v128.load_splat<f32>(second, 8);
        c60 = mulAdd(a, x0, c60);
        c61 = mulAdd(a, x1, c61);
        a = v128.load_splat<f32>(second, 12);
        c70 = mulAdd(a, x0, c70);
        c71 = mulAdd(a, x1, c71);
        second += 16;
      }
      if (blocks > 2) {
        a = v128.load_splat<f32>(third, 0);
        c80 = mulAdd(a, x0, c80);
        c81 = mulAdd(a, x1, c81);
        a = v128.load_splat<f32>(third, 4);
        c90 = mulAdd(a, x0, c90);
        c91 = mulAdd(a, x1, c91);
        a = v128.load_splat<f32>(third, 8);
        ca0 = mulAdd(a, x0, ca0);
        ca1 = mulAdd(a, x1, ca1);
        a = v128.load_splat<f32>(third, 12);
        cb0 = mulAdd(a, x0, cb0);
        cb1 = mulAdd(a, x1, cb1);
        third += 16;
      }
      x += 32;
      w += 16;
    } while (w != blockEnd);
    x += gap;
  }
  storeRows(y, c00, c01, c10, c11, c20, c21, c30, c31);
  if (blocks > 1) storeRows(y + 128, c40, c41, c50, c51, c60, c61, c70, c71);
  if (blocks > 2) storeRows(y + 256, c80, c81, c90, c91, ca0, ca1, cb0, cb1);
}

/** Four rows of eight. */
// @ts-expect-error: decorator
@inline
function storeRows(
  y: usize, c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128,
): void {
  v128.store(y, c00, 0);
  v128.store(y, c01, 16);
  v128.store(y, c10, 32);
  v128.store(y, c11, 48);
  v128.store(y, c20, 64);
  v128.store(y, c21, 80);
  v128.store(y, c30, 96);
  v128.store(y, c31, 112);
}
