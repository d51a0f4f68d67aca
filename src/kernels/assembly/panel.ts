/**
 * Products with a panel: a matrix of k rows and 8 columns, one column a sequence, stored row by row (8 floats a row).
 *
 * The state of eight sequences is kept in this form all through a training step, so that the recurrence needs no
 * packing but that of the weights, once a step. Rows come in blocks of four (32 floats), and consecutive blocks may
 * stand apart by a stride; weights are packed as [row block][k][4].
 */
import { mulAdd } from "./simd";

/** Timesteps whose pre-activation gradients are collected before they are multiplied into the weight gradient. */
export const CHUNK: i32 = 16;
/**
 * Bytes between row blocks of a ring of CHUNK timesteps; one timestep of padding keeps rows that are read together
 * out of one another's cache sets.
 */
export const RING_STRIDE: i32 = (CHUNK + 1) * 128;

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
  for (let r = 0; r < rowBlocks; r++) {
    let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128;
    if (accumulate) {
      c00 = v128.load(y, 0);
      c01 = v128.load(y, 16);
      c10 = v128.load(y, 32);
      c11 = v128.load(y, 48);
      c20 = v128.load(y, 64);
      c21 = v128.load(y, 80);
      c30 = v128.load(y, 96);
      c31 = v128.load(y, 112);
    } else {
      const zero = f32x4.splat(0);
      c00 = zero;
      c01 = zero;
      c10 = zero;
      c11 = zero;
      c20 = zero;
      c21 = zero;
      c30 = zero;
      c31 = zero;
    }
    let xp = x;
    for (let k = 0; k < kBlocks; k++) {
      let x0 = v128.load(xp, 0);
      let x1 = v128.load(xp, 16);
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
      x0 = v128.load(xp, 32);
      x1 = v128.load(xp, 48);
      a = v128.load_splat<f32>(w, 16);
      c00 = mulAdd(a, x0, c00);
      c01 = mulAdd(a, x1, c01);
      a = v128.load_splat<f32>(w, 20);
      c10 = mulAdd(a, x0, c10);
      c11 = mulAdd(a, x1, c11);
      a = v128.load_splat<f32>(w, 24);
      c20 = mulAdd(a, x0, c20);
      c21 = mulAdd(a, x1, c21);
      a = v128.load_splat<f32>(w, 28);
      c30 = mulAdd(a, x0, c30);
      c31 = mulAdd(a, x1, c31);
      x0 = v128.load(xp, 64);
      x1 = v128.load(xp, 80);
      a = v128.load_splat<f32>(w, 32);
      c00 = mulAdd(a, x0, c00);
      c01 = mulAdd(a, x1, c01);
      a = v128.load_splat<f32>(w, 36);
      c10 = mulAdd(a, x0, c10);
      c11 = mulAdd(a, x1, c11);
      a = v128.load_splat<f32>(w, 40);
      c20 = mulAdd(a, x0, c20);
      c21 = mulAdd(a, x1, c21);
      a = v128.load_splat<f32>(w, 44);
      c30 = mulAdd(a, x0, c30);
      c31 = mulAdd(a, x1, c31);
      x0 = v128.load(xp, 96);
      x1 = v128.load(xp, 112);
      a = v128.load_splat<f32>(w, 48);
      c00 = mulAdd(a, x0, c00);
      c01 = mulAdd(a, x1, c01);
      a = v128.load_splat<f32>(w, 52);
      c10 = mulAdd(a, x0, c10);
      c11 = mulAdd(a, x1, c11);
      a = v128.load_splat<f32>(w, 56);
      c20 = mulAdd(a, x0, c20);
      c21 = mulAdd(a, x1, c21);
      a = v128.load_splat<f32>(w, 60);
      c30 = mulAdd(a, x0, c30);
      c31 = mulAdd(a, x1, c31);
      xp += xStride;
      w += 64;
    }
    v128.store(y, c00, 0);
    v128.store(y, c01, 16);
    v128.store(y, c10, 32);
    v128.store(y, c11, 48);
    v128.store(y, c20, 64);
    v128.store(y, c21, 80);
    v128.store(y, c30, 96);
    v128.store(y, c31, 112);
    y += 128;
  }
}

/**
 * Copies column pairs of `steps` panels beside one another: [pair][step][2][8].
 * @param x the first panel's first row; consecutive panels stand `stepStride` bytes apart.
 */
export function packColumns(dst: usize, x: usize, stepStride: usize, pairs: i32, steps: i32): void {
  for (let pair = 0; pair < pairs; pair++) {
    let src = x + (<usize>pair << 6);
    for (let s = 0; s < steps; s++) {
      v128.store(dst, v128.load(src, 0), 0);
      v128.store(dst, v128.load(src, 16), 16);
      v128.store(dst, v128.load(src, 32), 32);
      v128.store(dst, v128.load(src, 48), 48);
      dst += 64;
      src += stepStride;
    }
  }
}

/** Row blocks of the ring that stay in the first-level cache while the columns stream past. */
const GROUP: i32 = 8;

/**
 * gradient += Σ_step delta_step · x_stepᵀ, a sum over `steps` timesteps and 8 sequences.
 * Lanes run along the sequences and are summed at the end, which needs no transposition of either operand.
 * @param ring [row block] with RING_STRIDE bytes between, each [step][4][8].
 * @param columns as `packColumns` leaves them.
 * @param gradient [row block][pair][4][2].
 */
export function accumulateOuter(
  rowBlocks: i32,
  pairs: i32,
  steps: i32,
  ring: usize,
  columns: usize,
  gradient: usize,
): void {
  const gradientStride = <usize>pairs << 5;
  const columnStride = <usize>steps << 6;
  for (let group = 0; group < rowBlocks; group += GROUP) {
    const groupEnd = min(group + GROUP, rowBlocks);
    for (let pair = 0; pair < pairs; pair++) {
      const x = columns + <usize>pair * columnStride;
      for (let r = group; r < groupEnd; r++) {
        let a = ring + <usize>r * RING_STRIDE;
        let b = x;
        const zero = f32x4.splat(0);
        let c00 = zero;
        let c01 = zero;
        let c10 = zero;
        let c11 = zero;
        let c20 = zero;
        let c21 = zero;
        let c30 = zero;
        let c31 = zero;
        for (let s = 0; s < steps; s++) {
          let b0 = v128.load(b, 0);
          let b1 = v128.load(b, 32);
          let d = v128.load(a, 0);
          c00 = mulAdd(d, b0, c00);
          c01 = mulAdd(d, b1, c01);
          d = v128.load(a, 32);
          c10 = mulAdd(d, b0, c10);
          c11 = mulAdd(d, b1, c11);
          d = v128.load(a, 64);
          c20 = mulAdd(d, b0, c20);
          c21 = mulAdd(d, b1, c21);
          d = v128.load(a, 96);
          c30 = mulAdd(d, b0, c30);
          c31 = mulAdd(d, b1, c31);
          b0 = v128.load(b, 16);
          b1 = v128.load(b, 48);
          d = v128.load(a, 16);
          c00 = mulAdd(d, b0, c00);
          c01 = mulAdd(d, b1, c01);
          d = v128.load(a, 48);
          c10 = mulAdd(d, b0, c10);
          c11 = mulAdd(d, b1, c11);
          d = v128.load(a, 80);
          c20 = mulAdd(d, b0, c20);
          c21 = mulAdd(d, b1, c21);
          d = v128.load(a, 112);
          c30 = mulAdd(d, b0, c30);
          c31 = mulAdd(d, b1, c31);
          a += 128;
          b += 64;
        }
        const g = gradient + <usize>r * gradientStride + (<usize>pair << 5);
        v128.store(g, f32x4.add(v128.load(g, 0), sumLanes(c00, c01, c10, c11)), 0);
        v128.store(g, f32x4.add(v128.load(g, 16), sumLanes(c20, c21, c30, c31)), 16);
      }
    }
  }
}

/** The four lane sums of four vectors. */
// @ts-expect-error: decorator
@inline
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * Puts a row-major matrix into packed weights [row block][k][4] with `kTotal` columns in all, at row `rowOffset`
 * (a multiple of 4) and column `kOffset`. What it does not cover is left as it is (zero).
 */
export function packWeights(
  dst: usize,
  kTotal: i32,
  rowOffset: i32,
  kOffset: i32,
  src: usize,
  rows: i32,
  columns: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const row = rowOffset + i;
    let out = dst + (((<usize>(row >> 2) * kTotal + kOffset) << 2) + (row & 3)) * 4;
    const line = src + ((<usize>i * columns) << 2);
    for (let j = 0; j < columns; j++) {
      store<f32>(out, load<f32>(line + (<usize>j << 2)));
      out += 16;
    }
  }
}

/**
 * Puts the transpose of a row-major matrix into packed weights [row block][k][4]: packed row j, column
 * `kOffset` + i is src[i][j].
 */
export function packTransposed(dst: usize, kTotal: i32, kOffset: i32, src: usize, rows: i32, columns: i32): void {
  const whole = columns & ~3;
  for (let i = 0; i < rows; i++) {
    const line = src + ((<usize>i * columns) << 2);
    let out = dst + (<usize>(kOffset + i) << 4);
    const stride = <usize>kTotal << 4;
    for (let j = 0; j < whole; j += 4) {
      v128.store(out, v128.load(line + (<usize>j << 2)));
      out += stride;
    }
    for (let j = whole; j < columns; j++) {
      store<f32>(out + (<usize>(j & 3) << 2), load<f32>(line + (<usize>j << 2)));
    }
  }
}

/** Takes rows × columns out of a gradient [row block][pair][4][2] of `pairs` column pairs into a row-major matrix. */
export function unpackGradient(
  dst: usize,
  src: usize,
  pairs: i32,
  rowOffset: i32,
  columnOffset: i32,
  rows: i32,
  columns: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const row = rowOffset + i;
    const line = src + (((<usize>(row >> 2) * pairs) << 3) + (<usize>(row & 3) << 1)) * 4;
    for (let j = 0; j < columns; j++) {
      const column = columnOffset + j;
      store<f32>(dst, load<f32>(line + ((<usize>(column >> 1) << 5) + (<usize>(column & 1) << 2))));
      dst += 4;
    }
  }
}
