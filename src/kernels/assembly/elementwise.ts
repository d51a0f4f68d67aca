/**
 * tanh, sigmoid and exp on four lanes at once.
 *
 * All three write their argument as k·ln 2 + r with a whole k and a small r, and take e^r from the continued-
 * fraction form e^r = (Q + r) / (Q − r), where Q(r²) = r·coth(r/2) is even and so flat that 2 + r²(a + b·r²)
 * reaches float32. The coefficients are a minimax fit (Lawson's reweighted least squares on 2,000 Chebyshev
 * points, constant term held) over |r| ≤ ln 2 / 2; its error of 2.3e-9 relative is far below rounding.
 * Numerator and denominator then share one division:
 *
 *   sigmoid(x) = 2^k (Q + r) / (2^k (Q + r) + (Q − r))
 *   tanh(x)    = (2^k (Q + r) − (Q − r)) / (2^k (Q + r) + (Q − r))   with 2x = k·ln 2 + r
 *
 * so that no step subtracts nearly equal numbers, except tanh's numerator mildly at k = 1 (tanh works on |x|).
 */
import { mulAdd, negMulAdd } from "./simd";

/** Adding and subtracting 1.5 · 2²³ rounds to a whole number, which is then in the low bits of the sum. */
const ROUND: f32 = 12582912.0;
/** ln 2 in two parts: the first has so few bits that its product with any k is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;

// Q(r²) / 2 = (r/2)·coth(r/2) ≈ 1 + s(C1 + C2·s), where s = (r/2)².
const C1: f32 = 0.33333250880241394;
const C2: f32 = -0.02213387005031109;

/**
 * The constants below, in memory. In the relaxed build tanh over an array takes 0.9 ns an element with constants loaded
 * from here and 1.5 ns with constants in the code (Node 24); in the plain build the loads are the slower way.
 */
const TABLE: usize = memory.data<f32>([
  C2,
  C1,
  9.25,
  2.88539,
  ROUND,
  0.34657359,
  0.5,
  1.0,
  30.0,
  -88.0,
  1.442695,
  LN2_HIGH,
  LN2_LOW,
  89.0,
  -105.0,
  reinterpret<f32>(0x3f800000),
  reinterpret<f32>(0x80000000),
  reinterpret<f32>(0x3f000000),
  reinterpret<f32>(0x4b400000),
]);

/** Four times `value`, which is number `index` of TABLE. */
// @ts-expect-error: decorator
@inline
function constant(index: i32, value: f32): v128 {
  // @ts-expect-error: defined by the build script
  if (RELAXED) return v128.load_splat<f32>(TABLE + (index << 2));
  return f32x4.splat(value);
}

/** 2^k, where `rounded` is k + ROUND and −126 ≤ k ≤ 127; 0 for k = −127. */
// @ts-expect-error: decorator
@inline
function powerOfTwo(rounded: v128): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), constant(15, reinterpret<f32>(0x3f800000)));
}

/** (r/2)·coth(r/2) − 1, from s = (r/2)². */
// @ts-expect-error: decorator
@inline
function cothSeries(s: v128): v128 {
  return f32x4.mul(s, mulAdd(s, constant(0, C2), constant(1, C1)));
}

/**
 * tanh of four lanes. Error at most 3 units in the last place (the largest found is 2.9, near |x| = 0.177).
 * ±Inf give ±1, NaN stays NaN, tanh(−x) = −tanh(x) and |tanh| ≤ 1.
 */
// @ts-expect-error: decorator
@inline
export function tanhPs(x: v128): v128 {
  const sign = v128.and(x, constant(16, reinterpret<f32>(0x80000000)));
  // From 9.02 on the nearest float is 1. pmin lets NaN through and is one instruction.
  const clamped = f32x4.pmin(f32x4.abs(x), constant(2, 9.25));
  const rounded = mulAdd(clamped, constant(3, 2.88539), constant(4, ROUND));
  const k = f32x4.sub(rounded, constant(4, ROUND));
  // h = r/2 = x − k·(ln 2)/2. Single precision's ln 2 ends in three zero bits, so the product is exact up to k = 8;
  // beyond, tanh is too flat for its rounding to matter.
  const h = negMulAdd(k, constant(5, 0.34657359), clamped);
  const series = cothSeries(f32x4.mul(h, h));
  // Numerator and denominator are halved, and small terms are added before large ones.
  const power = i32x4.add(i32x4.shl(rounded, 23), constant(17, reinterpret<f32>(0x3f000000)));
  const minus = f32x4.sub(power, constant(6, 0.5));
  const plus = f32x4.add(power, constant(6, 0.5));
  const numerator = f32x4.add(minus, mulAdd(minus, series, f32x4.mul(plus, h)));
  const rest = f32x4.add(f32x4.sub(series, h), constant(7, 1.0));
  return v128.or(f32x4.div(numerator, f32x4.add(numerator, rest)), sign);
}

/**
 * 1 / (1 + e^−x) of four lanes. Error at most 2.5 units in the last place for x ≥ −87.
 * Below −87.68 (true value under 8.3e-39) it is 0; NaN stays NaN; always in [0, 1].
 */
// @ts-expect-error: decorator
@inline
export function sigmoidPs(x: v128): v128 {
  // Above 17.33 the nearest float is 1; at −88 k is −127, whose power is 0.
  const clamped = f32x4.pmax(f32x4.pmin(x, constant(8, 30.0)), constant(9, -88.0));
  const rounded = mulAdd(clamped, constant(10, 1.442695), constant(4, ROUND));
  const k = f32x4.sub(rounded, constant(4, ROUND));
  let r = negMulAdd(k, constant(11, LN2_HIGH), clamped);
  r = negMulAdd(k, constant(12, LN2_LOW), r);
  const h = f32x4.mul(r, constant(6, 0.5));
  const half = f32x4.add(cothSeries(f32x4.mul(h, h)), constant(7, 1.0));
  const up = f32x4.mul(powerOfTwo(rounded), f32x4.add(half, h));
  return f32x4.div(up, f32x4.add(up, f32x4.sub(half, h)));
}

/**
 * e^x of four lanes. Error at most 1.4 units in the last place where the result is a normal number;
 * it underflows gradually to 0 and overflows to Inf where the true value does. NaN stays NaN.
 */
// @ts-expect-error: decorator
@inline
export function expPs(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, constant(13, 89.0)), constant(14, -105.0));
  const rounded = mulAdd(clamped, constant(10, 1.442695), constant(4, ROUND));
  const k = f32x4.sub(rounded, constant(4, ROUND));
  let r = negMulAdd(k, constant(11, LN2_HIGH), clamped);
  r = negMulAdd(k, constant(12, LN2_LOW), r);
  const h = f32x4.mul(r, constant(6, 0.5));
  const half = f32x4.add(cothSeries(f32x4.mul(h, h)), constant(7, 1.0));
  // e^r = 1 + r / (Q/2 − r/2): the correction is small, so its error is too.
  const value = f32x4.add(f32x4.div(r, f32x4.sub(half, h)), constant(7, 1.0));
  // k reaches from −151 to 128, more than one exponent holds: two factors.
  const whole = i32x4.sub(rounded, constant(18, reinterpret<f32>(0x4b400000)));
  const first = i32x4.shr_s(whole, 1);
  const second = i32x4.sub(whole, first);
  return f32x4.mul(f32x4.mul(value, powerOfTwo(first)), powerOfTwo(second));
}
