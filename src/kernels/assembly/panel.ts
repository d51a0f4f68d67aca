/**
 * Products with a panel: a matrix of k rows and 8 columns, one column a sequence, stored row by row (8 floats a row).
 *
 * The state of eight sequences is kept in this form all through a training step, so that the recurrence needs no
 * packing but that of the weights, once a step. Rows come in blocks of four (32 floats), and consecutive blocks may
 * stand apart by a stride; weights are packed as [row block][k][4].
 */
import { mulAdd, transposeFour } from "./simd";

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
  const blockGap = xStride - 128;
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
    // One column a turn: unrolled, V8 keeps too many operands at once and spills the sums to memory.
    let xp = x;
    for (let k = kBlocks; k > 0; k--) {
      const blockEnd = w + 64;
      do {
        const x0 = v128.load(xp, 0);
        const x1 = v128.load(xp, 16);
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
        xp += 32;
        w += 16;
      } while (w != blockEnd);
      xp += blockGap;
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
 * Transposes the rows of `steps` panels, four rows at a time: [quad][step][8 sequences][4 rows].
 * @param x the first panel's first row; consecutive panels stand `stepStride` bytes apart.
 */
export function packColumns(dst: usize, x: usize, stepStride: usize, quads: i32, steps: i32): void {
  for (let quad = 0; quad < quads; quad++) {
    let src = x + (<usize>quad << 7);
    for (let s = 0; s < steps; s++) {
      transposeFour(dst, 16, v128.load(src, 0), v128.load(src, 32), v128.load(src, 64), v128.load(src, 96));
      transposeFour(dst + 64, 16, v128.load(src, 16), v128.load(src, 48), v128.load(src, 80), v128.load(src, 112));
      dst += 128;
      src += stepStride;
    }
  }
}

/** Row blocks of the ring that stay in the first-level cache while the columns stream past. */
const GROUP: i32 = 8;

/**
 * gradient += Σ_step delta_step · x_stepᵀ, a sum over `steps` timesteps and 8 sequences.
 * @param ring [row block] with RING_STRIDE bytes between, each [step][4][8].
 * @param columns as `packColumns` leaves them.
 * @param gradient [row block][quad][4 rows][4 columns].
 */
export function accumulateOuter(
  rowBlocks: i32,
  quads: i32,
  steps: i32,
  ring: usize,
  columns: usize,
  gradient: usize,
): void {
  const gradientStride = <usize>quads << 6;
  const quadBytes = <usize>steps << 7;
  const inPairs = quads & ~1;
  for (let group = 0; group < rowBlocks; group += GROUP) {
    const groupEnd = min(group + GROUP, rowBlocks);
    for (let quad = 0; quad < inPairs; quad += 2) {
      const x = columns + <usize>quad * quadBytes;
      for (let r = group; r < groupEnd; r++) {
        const at = gradient + <usize>r * gradientStride + (<usize>quad << 6);
        outerTile(ring + <usize>r * RING_STRIDE, x, quadBytes, at);
      }
    }
    if (inPairs < quads) {
      const x = columns + <usize>inPairs * quadBytes;
      for (let r = group; r < groupEnd; r++) {
        const at = gradient + <usize>r * gradientStride + (<usize>inPairs << 6);
        halfOuterTile(ring + <usize>r * RING_STRIDE, x, quadBytes, at);
      }
    }
  }
}

/** Four rows and eight columns of `accumulateOuter`. @param quadBytes of one quad of columns, all its steps. */
// @ts-expect-error: decorator
@inline
function outerTile(ring: usize, columns: usize, quadBytes: usize, gradient: usize): void {
  const zero = f32x4.splat(0);
  let c00 = zero;
  let c01 = zero;
  let c10 = zero;
  let c11 = zero;
  let c20 = zero;
  let c21 = zero;
  let c30 = zero;
  let c31 = zero;
  let a = ring;
  let b = columns;
  let right = columns + quadBytes;
  const end = right;
  do {
    const stepEnd = b + 128;
    do {
      const x0 = v128.load(b);
      const x1 = v128.load(right);
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
      a += 4;
      b += 16;
      right += 16;
    } while (b != stepEnd);
    a += 96;
  } while (b != end);
  addTo(gradient, 0, c00);
  addTo(gradient, 16, c10);
  addTo(gradient, 32, c20);
  addTo(gradient, 48, c30);
  addTo(gradient, 64, c01);
  addTo(gradient, 80, c11);
  addTo(gradient, 96, c21);
  addTo(gradient, 112, c31);
}

/** Four rows and four columns: where the columns are an odd number of quads. */
function halfOuterTile(ring: usize, columns: usize, quadBytes: usize, gradient: usize): void {
  const zero = f32x4.splat(0);
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  let c3 = zero;
  let a = ring;
  let b = columns;
  const end = columns + quadBytes;
  do {
    const stepEnd = b + 128;
    do {
      const x = v128.load(b);
      c0 = mulAdd(v128.load_splat<f32>(a, 0), x, c0);
      c1 = mulAdd(v128.load_splat<f32>(a, 32), x, c1);
      c2 = mulAdd(v128.load_splat<f32>(a, 64), x, c2);
      c3 = mulAdd(v128.load_splat<f32>(a, 96), x, c3);
      a += 4;
      b += 16;
    } while (b != stepEnd);
    a += 96;
  } while (b != end);
  addTo(gradient, 0, c0);
  addTo(gradient, 16, c1);
  addTo(gradient, 32, c2);
  addTo(gradient, 48, c3);
}

// @ts-expect-error: decorator
@inline
function addTo(address: usize, offset: usize, sum: v128): void {
  v128.store(address + offset, f32x4.add(v128.load(address + offset), sum));
}
