/** Multiply-add in both builds: fused where the runtime has relaxed SIMD, two operations elsewhere. */

/** 1 in the relaxed-SIMD build, 0 in the plain one (set by the build script). */
declare const RELAXED: i32;

/** a·b + c, lane by lane. */
// @ts-ignore: decorator
@inline
export function mulAdd(a: v128, b: v128, c: v128): v128 {
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a·b, lane by lane. */
// @ts-ignore: decorator
@inline
export function negMulAdd(a: v128, b: v128, c: v128): v128 {
  if (RELAXED) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}
