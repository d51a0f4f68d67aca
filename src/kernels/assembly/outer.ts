/** Sums of outer products over timesteps and the eight sequences of a panel: the gradients of weights. */
import { mulAdd, transposeFour } from "./simd";
import { tileBlocks } from "./tiles";

/** Timesteps whose pre-activation gradients are collected before they are multiplied into the weight gradient. */
export const CHUNK: i32 = 16;
/**
 * Bytes between row blocks of a ring of CHUNK timesteps; one timestep of padding keeps rows that are read together
 * out of one another's cache sets.
 */
export const RING_STRIDE: i32 = (CHUNK + 1) * 128;

/** Eight columns a pair of quads; the last pair may be half empty. */
// @ts-expect-error: decorator
@inline
export function pairsOf(quads: i32): i32 {
  return (quads + 1) >> 1;
}

/**
 * Transposes the rows of `steps` panels, eight rows at a time: [pair][step][8 sequences][8 rows]. Where `quads` is odd the
 * second half of the last pair is left as it is.
 * @param x the first panel's first row; consecutive panels stand `stepStride` bytes apart.
 */
export function packColumns(dst: usize, x: usize, stepStride: usize, quads: i32, steps: i32): void {
  const pairBytes = <usize>steps << 8;
  for (let quad = 0; quad < quads; quad++) {
    let src = x + (<usize>quad << 7);
    let to = dst + <usize>(quad >> 1) * pairBytes + (<usize>(quad & 1) << 4);
    for (let s = 0; s < steps; s++) {
      transposeFour(to, 32, v128.load(src, 0), v128.load(src, 32), v128.load(src, 64), v128.load(src, 96));
      transposeFour(to + 128, 32, v128.load(src, 16), v128.load(src, 48), v128.load(src, 80), v128.load(src, 112));
      to += 256;
      src += stepStride;
    }
  }
}

/** Row blocks of the ring that stay in the first-level cache while the columns stream past. */
const GROUP: i32 = 9;

/**
 * gradient += Σ_step delta_step · x_stepᵀ, a sum over `steps` timesteps and 8 sequences.
 * @param ring [row block] with RING_STRIDE bytes between, each [step][4][8].
 * @param columns as `packColumns` leaves them.
 * @param gradient [row block][pair][4 rows][8 columns].
 */
export function accumulateOuter(
  rowBlocks: i32,
  quads: i32,
  steps: i32,
  ring: usize,
  columns: usize,
  gradient: usize,
): void {
  const rowBytes = <usize>pairsOf(quads) << 7;
  const pairBytes = <usize>steps << 8;
  const whole = quads >> 1;
  for (let group = 0; group < rowBlocks; group += GROUP) {
    const groupEnd = min(group + GROUP, rowBlocks);
    let x = columns;
    let at = gradient + <usize>group * rowBytes;
    for (let pair = 0; pair < whole; pair++, x += pairBytes, at += 128) {
      for (let r = group; r < groupEnd; ) {
        const blocks = tileBlocks(groupEnd - r);
        const delta = ring + <usize>r * RING_STRIDE;
        const to = at + <usize>(r - group) * rowBytes;
        if (blocks == 3) outer12(delta, x, pairBytes, to, rowBytes);
        else if (blocks == 2) outer8(delta, x, pairBytes, to, rowBytes);
        else outer4(delta, x, pairBytes, to, rowBytes);
        r += blocks;
      }
    }
    if (quads & 1) {
      for (let r = group; r < groupEnd; r++, at += rowBytes) halfTile(ring + <usize>r * RING_STRIDE, x, pairBytes, at);
    }
  }
}

function outer4(ring: usize, columns: usize, pairBytes: usize, gradient: usize, rowBytes: usize): void {
  tile(1, ring, columns, pairBytes, gradient, rowBytes);
}
function outer8(ring: usize, columns: usize, pairBytes: usize, gradient: usize, rowBytes: usize): void {
  tile(2, ring, columns, pairBytes, gradient, rowBytes);
}
function outer12(ring: usize, columns: usize, pairBytes: usize, gradient: usize, rowBytes: usize): void {
  tile(3, ring, columns, pairBytes, gradient, rowBytes);
}

/**
 * `blocks` × 4 rows and eight columns of `accumulateOuter`.
 * @param blocks 1, 2 or 3: a constant, by which the compiler leaves out what is not needed.
 * @param rowBytes of a block of four rows of the gradient.
 */
// @ts-expect-error: decorator
@inline
function tile(blocks: i32, ring: usize, columns: usize, pairBytes: usize, gradient: usize, rowBytes: usize): void {
  const zero = f32x4.splat(0);
  let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
  let c40 = zero, c41 = zero, c50 = zero, c51 = zero, c60 = zero, c61 = zero, c70 = zero, c71 = zero;
  let c80 = zero, c81 = zero, c90 = zero, c91 = zero, ca0 = zero, ca1 = zero, cb0 = zero, cb1 = zero;
  let a = ring;
  let b = columns;
  const end = columns + pairBytes;
  do {
    const stepEnd = b + 256;
    do {
      const x0 = v128.load(b, 0);
      const x1 = v128.load(b, 16);
      let d = v128.load_splat<f32>(a, 0);
      c00 = mulAdd(d, x0, c00);
      c01 = mulAdd(d, x1, c01);
      d = v128.load_splat<f32>(a, 32);
      c10 = mulAdd(d, x0, c10);
      c11 = mulAdd(d, x1, c11);
      d = v128.load_splat<f32>(a, 64);
      c20 = mulAdd(d, x0, c20);
      c21 = mulAdd(d, x1, c21);
      d = v128.load_splat<f32>(a, 96);
      c30 = mulAdd(d, x0, c30);
      c31 = mulAdd(d, x1, c31);
      if (blocks > 1) {
        d = v128.load_splat<f32>(a, RING_STRIDE);
        c40 = mulAdd(d, x0, c40);
        c41 = mulAdd(d, x1, c41);
        d = v128.load_splat<f32>(a, RING_STRIDE + 32);
        c50 = mulAdd(d, x0, c50);
        c51 = mulAdd(d, x1, c51);
        d = v128.load_splat<f32>(a, RING_STRIDE + 64);
        c60 = mulAdd(d, x0, c60);
        c61 = mulAdd(d, x1, c61);
        d = v128.load_splat<f32>(a, RING_STRIDE + 96);
        c70 = mulAdd(d, x0, c70);
        c71 = mulAdd(d, x1, c71);
      }
      if (blocks > 2) {
        d = v128.load_splat<f32>(a, 2 * RING_STRIDE);
        c80 = mulAdd(d, x0, c80);
        c81 = mulAdd(d, x1, c81);
        d = v128.load_splat<f32>(a, 2 * RING_STRIDE + 32);
        c90 = mulAdd(d, x0, c90);
        c91 = mulAdd(d, x1, c91);
        d = v128.load_splat<f32>(a, 2 * RING_STRIDE + 64);
        ca0 = mulAdd(d, x0, ca0);
        ca1 = mulAdd(d, x1, ca1);
        d = v128.load_splat<f32>(a, 2 * RING_STRIDE + 96);
        cb0 = mulAdd(d, x0, cb0);
        cb1 = mulAdd(d, x1, cb1);
      }
      a += 4;
      b += 32;
    } while (b != stepEnd);
    a += 96;
  } while (b != end);
  addRows(gradient, c00, c01, c10, c11, c20, c21, c30, c31);
  if (blocks > 1) addRows(gradient + rowBytes, c40, c41, c50, c51, c60, c61, c70, c71);
  if (blocks > 2) addRows(gradient + 2 * rowBytes, c80, c81, c90, c91, ca0, ca1, cb0, cb1);
}

/** Four rows and four columns: where the columns are an odd number of quads. */
function halfTile(ring: usize, columns: usize, pairBytes: usize, gradient: usize): void {
  const zero = f32x4.splat(0);
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  let c3 = zero;
  let a = ring;
  let b = columns;
  const end = columns + pairBytes;
  do {
    const stepEnd = b + 256;
    do {
      const x = v128.load(b);
      c0 = mulAdd(v128.load_splat<f32>(a, 0), x, c0);
      c1 = mulAdd(v128.load_splat<f32>(a, 32), x, c1);
      c2 = mulAdd(v128.load_splat<f32>(a, 64), x, c2);
      c3 = mulAdd(v128.load_splat<f32>(a, 96), x, c3);
      a += 4;
      b += 32;
    } while (b != stepEnd);
    a += 96;
  } while (b != end);
  v128.store(gradient, f32x4.add(v128.load(gradient, 0), c0), 0);
  v128.store(gradient, f32x4.add(v128.load(gradient, 32), c1), 32);
  v128.store(gradient, f32x4.add(v128.load(gradient, 64), c2), 64);
  v128.store(gradient, f32x4.add(v128.load(gradient, 96), c3), 96);
}

/** Adds to four rows of eight. Both halves are loaded before one is stored: else V8 does not join them. */
// @ts-expect-error: decorator
@inline
function addRows(
  to: usize, c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128,
): void {
  let left = f32x4.add(v128.load(to, 0), c00);
  let right = f32x4.add(v128.load(to, 16), c01);
  v128.store(to, left, 0);
  v128.store(to, right, 16);
  left = f32x4.add(v128.load(to, 32), c10);
  right = f32x4.add(v128.load(to, 48), c11);
  v128.store(to, left, 32);
  v128.store(to, right, 48);
  left = f32x4.add(v128.load(to, 64), c20);
  right = f32x4.add(v128.load(to, 80), c21);
  v128.store(to, left, 64);
  v128.store(to, right, 80);
  left = f32x4.add(v128.load(to, 96), c30);
  right = f32x4.add(v128.load(to, 112), c31);
  v128.store(to, left, 96);
  v128.store(to, right, 112);
}
