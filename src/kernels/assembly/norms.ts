/** Norms of the gradients of eight sequences at one timestep. */
import { mulAdd } from "./simd";

/**
 * L2 norm of each of eight columns, by two passes: entries are divided by the largest before they are squared, since
 * gradients that vanish or explode reach numbers whose squares a float32 cannot hold.
 */
export function columnNorms(g: usize, rows: i32, out: usize): void {
  const tiny = f32x4.splat(1e-38);
  const one = f32x4.splat(1);
  for (let half: usize = 0; half < 32; half += 16) {
    let largest = tiny;
    let p = g + half;
    for (let i = 0; i < rows; i++, p += 32) largest = f32x4.max(largest, f32x4.abs(v128.load(p)));
    const inverse = f32x4.div(one, largest);
    let sum = f32x4.splat(0);
    p = g + half;
    for (let i = 0; i < rows; i++, p += 32) {
      const x = f32x4.mul(v128.load(p), inverse);
      sum = f32x4.add(sum, f32x4.mul(x, x));
    }
    v128.store(out + half, f32x4.mul(largest, f32x4.sqrt(sum)));
  }
}

/**
 * The norms without any scale, where their squares lie so far from what a float32 cannot hold that nothing was lost.
 * @param rows a multiple of 4 (padded rows hold zeros).
 * @returns whether they did; else `out` is as it was.
 */
function plainNorms(g: usize, rows: i32, later: usize, out: usize): bool {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  const end = g + (<usize>rows << 5);
  for (let p = g; p < end; p += 128) {
    let x = v128.load(p, 0);
    a0 = mulAdd(x, x, a0);
    x = v128.load(p, 16);
    a1 = mulAdd(x, x, a1);
    x = v128.load(p, 32);
    b0 = mulAdd(x, x, b0);
    x = v128.load(p, 48);
    b1 = mulAdd(x, x, b1);
    x = v128.load(p, 64);
    c0 = mulAdd(x, x, c0);
    x = v128.load(p, 80);
    c1 = mulAdd(x, x, c1);
    x = v128.load(p, 96);
    d0 = mulAdd(x, x, d0);
    x = v128.load(p, 112);
    d1 = mulAdd(x, x, d1);
  }
  a0 = f32x4.add(f32x4.add(a0, b0), f32x4.add(c0, d0));
  a1 = f32x4.add(f32x4.add(a1, b1), f32x4.add(c1, d1));
  const good = v128.and(isPlain(a0, v128.load(later, 0)), isPlain(a1, v128.load(later, 16)));
  if (!i32x4.all_true(good)) return false;
  v128.store(out, f32x4.sqrt(a0), 0);
  v128.store(out, f32x4.sqrt(a1), 16);
  return true;
}

// @ts-expect-error: decorator
@inline
function isPlain(sum: v128, before: v128): v128 {
  const inRange = v128.and(f32x4.gt(sum, f32x4.splat(1e-24)), f32x4.lt(sum, f32x4.splat(1e24)));
  const zero = f32x4.splat(0);
  return v128.or(inRange, v128.and(f32x4.eq(sum, zero), f32x4.eq(before, zero)));
}

/**
 * The same by one pass: without a scale where that is safe, else with the norms `later` of the timestep behind as the
 * scale, which nearly always can serve.
 * @param rows a multiple of 4 (padded rows hold zeros).
 */
export function columnNormsNear(g: usize, rows: i32, later: usize, out: usize): void {
  if (plainNorms(g, rows, later, out)) return;
  const zero = f32x4.splat(0);
  const tiny = f32x4.splat(1e-30);
  const one = f32x4.splat(1);
  const norm0 = v128.load(later, 0);
  const norm1 = v128.load(later, 16);
  const scale0 = f32x4.div(one, f32x4.max(norm0, tiny));
  const scale1 = f32x4.div(one, f32x4.max(norm1, tiny));
  let a0 = zero;
  let a1 = zero;
  let b0 = zero;
  let b1 = zero;
  const end = g + (<usize>rows << 5);
  for (let p = g; p < end; p += 64) {
    let x = f32x4.mul(v128.load(p, 0), scale0);
    a0 = mulAdd(x, x, a0);
    x = f32x4.mul(v128.load(p, 16), scale1);
    a1 = mulAdd(x, x, a1);
    x = f32x4.mul(v128.load(p, 32), scale0);
    b0 = mulAdd(x, x, b0);
    x = f32x4.mul(v128.load(p, 48), scale1);
    b1 = mulAdd(x, x, b1);
  }
  a0 = f32x4.add(a0, b0);
  a1 = f32x4.add(a1, b1);
  // Out of range: huge (or NaN), or so small that squares may have been lost, unless all is zero as it was before.
  const good = v128.and(isNear(a0, norm0), isNear(a1, norm1));
  if (!i32x4.all_true(good)) {
    columnNorms(g, rows, out);
    return;
  }
  v128.store(out, f32x4.mul(f32x4.sqrt(a0), f32x4.max(norm0, tiny)), 0);
  v128.store(out, f32x4.mul(f32x4.sqrt(a1), f32x4.max(norm1, tiny)), 16);
}

// @ts-expect-error: decorator
@inline
function isNear(sum: v128, before: v128): v128 {
  const inRange = v128.and(f32x4.gt(sum, f32x4.splat(1e-20)), f32x4.lt(sum, f32x4.splat(1e30)));
  const zero = f32x4.splat(0);
  return v128.or(inRange, v128.and(f32x4.eq(sum, zero), f32x4.eq(before, zero)));
}
