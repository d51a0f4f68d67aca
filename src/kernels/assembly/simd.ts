/** Multiply-add in both builds: fused where the runtime has relaxed SIMD, two operations elsewhere; and a transpose. */

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

/** Stores the transpose of four vectors, its lines `step` bytes apart. */
// @ts-expect-error: decorator
@inline
export function transposeFour(dst: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(dst, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(dst + step, v128.shuffle<f64>(low01, low23, 1, 3));
  v128.store(dst + 2 * step, v128.shuffle<f64>(high01, high23, 0, 2));
  v128.store(dst + 3 * step, v128.shuffle<f64>(high01, high23, 1, 3));
}
