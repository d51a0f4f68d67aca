/** Multiply-add in both builds: fused where the runtime has relaxed SIMD, two operations elsewhere. */

// RELAXED is 1 in the relaxed-SIMD build and 0 in the plain one. The build script defines it (`--use RELAXED=…`);
// a declaration here would hide that constant, and the compiler would then compile both branches.

/** a·b + c, lane by lane. */
// @ts-expect-error: decorator
@inline
export function mulAdd(a: v128, b: v128, c: v128): v128 {
  // @ts-expect-error: defined by the build script
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a·b, lane by lane. */
// @ts-expect-error: decorator
@inline
export function negMulAdd(a: v128, b: v128, c: v128): v128 {
  // @ts-expect-error: defined by the build script
  if (RELAXED) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}
