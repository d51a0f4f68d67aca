/**
 * Optimizer updates, and sums with a fixed order.
 *
 * Every update function takes `count` elements from its pointers on, so that threads can share one parameter, and
 * - multiplies each gradient by `scale` (the factor of gradient clipping; 1 if there is none),
 * - subtracts lr · `decay` · parameter besides the optimizer's own update (decoupled weight decay: Loshchilov &
 *   Hutter 2019),
 * - returns Σ (what was subtracted)², summed in a fixed order, for the update ratio.
 *
 * Scalars come in double precision, since 1 − β₂ and the like would lose digits in single.
 * Split at multiples of 4, every element gets the same bits as in one call; the returned sums depend on the split.
 */
import { mulAdd } from "./simd";

/** The lanes [0, count) of the 16 bytes at `src`, the rest 0; reads no further than `count` floats. */
// @ts-expect-error: decorator
@inline
function loadLanes(src: usize, count: i32): v128 {
  if (count >= 4) return v128.load(src);
  let lanes = v128.load32_zero(src);
  if (count > 1) lanes = f32x4.replace_lane(lanes, 1, load<f32>(src, 4));
  if (count > 2) lanes = f32x4.replace_lane(lanes, 2, load<f32>(src, 8));
  return lanes;
}

// @ts-expect-error: decorator
@inline
function storeLanes(dst: usize, lanes: v128, count: i32): void {
  if (count >= 4) {
    v128.store(dst, lanes);
    return;
  }
  store<f32>(dst, f32x4.extract_lane(lanes, 0));
  if (count > 1) store<f32>(dst, f32x4.extract_lane(lanes, 1), 4);
  if (count > 2) store<f32>(dst, f32x4.extract_lane(lanes, 2), 8);
}

/** sums + x² in double precision: lanes 0 and 2 of x go to lane 0, lanes 1 and 3 to lane 1. */
// @ts-expect-error: decorator
@inline
function addSquares(sums: v128, x: v128): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
  return f64x2.add(f64x2.add(sums, f64x2.mul(low, low)), f64x2.mul(high, high));
}

// @ts-expect-error: decorator
@inline
function total(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/**
 * Adam (Kingma & Ba 2015): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
 * parameter ← parameter − lr · (m / correction1) / (√(v / correction2) + eps).
 * @param correction1, correction2 1 − β₁ᵗ and 1 − β₂ᵗ for step t = 1, 2, …
 */
export function adam(
  param: usize,
  grad: usize,
  m: usize,
  v: usize,
  count: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  correction1: f64,
  correction2: f64,
  scale: f64,
  decay: f64,
): f64 {
  const rate = f32x4.splat(<f32>(lr / correction1));
  const unbias = f32x4.splat(<f32>(1 / correction2));
  const kept1 = f32x4.splat(<f32>beta1);
  const kept2 = f32x4.splat(<f32>beta2);
  const fresh1 = f32x4.splat(<f32>(1 - beta1));
  const fresh2 = f32x4.splat(<f32>(1 - beta2));
  const epsilon = f32x4.splat(<f32>eps);
  const factor = f32x4.splat(<f32>scale);
  const shrink = f32x4.splat(<f32>(lr * decay));
  let sums = f64x2.splat(0);
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    const at = <usize>i << 2;
    const g = f32x4.mul(factor, loadLanes(grad + at, left));
    const mean = mulAdd(kept1, loadLanes(m + at, left), f32x4.mul(fresh1, g));
    const square = mulAdd(kept2, loadLanes(v + at, left), f32x4.mul(fresh2, f32x4.mul(g, g)));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(square, unbias)), epsilon);
    const value = loadLanes(param + at, left);
    const update = mulAdd(shrink, value, f32x4.div(f32x4.mul(rate, mean), root));
    storeLanes(m + at, mean, left);
    storeLanes(v + at, square, left);
    storeLanes(param + at, f32x4.sub(value, update), left);
    sums = addSquares(sums, update);
  }
  return total(sums);
}

/**
 * RMSprop (Tieleman & Hinton 2012): v ← ρv + (1−ρ)g², parameter ← parameter − lr · g / (√v + eps).
 */
export function rmsprop(
  param: usize,
  grad: usize,
  v: usize,
  count: i32,
  lr: f64,
  rho: f64,
  eps: f64,
  scale: f64,
  decay: f64,
): f64 {
  const rate = f32x4.splat(<f32>lr);
  const kept = f32x4.splat(<f32>rho);
  const fresh = f32x4.splat(<f32>(1 - rho));
  const epsilon = f32x4.splat(<f32>eps);
  const factor = f32x4.splat(<f32>scale);
  const shrink = f32x4.splat(<f32>(lr * decay));
  let sums = f64x2.splat(0);
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    const at = <usize>i << 2;
    const g = f32x4.mul(factor, loadLanes(grad + at, left));
    const square = mulAdd(kept, loadLanes(v + at, left), f32x4.mul(fresh, f32x4.mul(g, g)));
    const root = f32x4.add(f32x4.sqrt(square), epsilon);
    const value = loadLanes(param + at, left);
    const update = mulAdd(shrink, value, f32x4.div(f32x4.mul(rate, g), root));
    storeLanes(v + at, square, left);
    storeLanes(param + at, f32x4.sub(value, update), left);
    sums = addSquares(sums, update);
  }
  return total(sums);
}

/**
 * Gradient descent with momentum (Polyak 1964): m ← μm + g, parameter ← parameter − lr · m.
 */
export function sgd(
  param: usize,
  grad: usize,
  m: usize,
  count: i32,
  lr: f64,
  momentum: f64,
  scale: f64,
  decay: f64,
): f64 {
  const rate = f32x4.splat(<f32>lr);
  const kept = f32x4.splat(<f32>momentum);
  const factor = f32x4.splat(<f32>scale);
  const shrink = f32x4.splat(<f32>(lr * decay));
  let sums = f64x2.splat(0);
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    const at = <usize>i << 2;
    const g = f32x4.mul(factor, loadLanes(grad + at, left));
    const velocity = mulAdd(kept, loadLanes(m + at, left), g);
    const value = loadLanes(param + at, left);
    const update = mulAdd(shrink, value, f32x4.mul(rate, velocity));
    storeLanes(m + at, velocity, left);
    storeLanes(param + at, f32x4.sub(value, update), left);
    sums = addSquares(sums, update);
  }
  return total(sums);
}

/** Σ x² of `count` floats in double precision and a fixed order. */
export function sumOfSquares(ptr: usize, count: i32): f64 {
  let sums = f64x2.splat(0);
  for (let i = 0; i < count; i += 4) sums = addSquares(sums, loadLanes(ptr + (<usize>i << 2), count - i));
  return total(sums);
}

/**
 * dst[i] = Σ_s src[s · stride + i] for i < count, added in the order s = 0, 1, …, shards − 1.
 * @param stride floats from one shard's array to the next.
 */
export function reducePartials(dst: usize, src: usize, stride: i32, count: i32, shards: i32): void {
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    let sum = loadLanes(src + at, count - i);
    let shard = src + at;
    for (let s = 1; s < shards; s++) {
      shard += <usize>stride << 2;
      sum = f32x4.add(sum, loadLanes(shard, count - i));
    }
    storeLanes(dst + at, sum, count - i);
  }
}
