/** Whether this runtime has relaxed SIMD, whose fused multiply-add makes the kernels nearly half as fast again. */
import { setFlagsFromString } from "node:v8";

/** A module that holds one relaxed-SIMD instruction: (func (result v128) (f32x4.relaxed_madd …)). */
const probe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11],
);

/**
 * Node 20's V8 has the final instructions, but behind a flag. It is set for this process, once; the modules compiled
 * from then on may use them, and nothing else changes.
 */
function liftTheFlag(): void {
  if (process.versions.v8.startsWith("11.3.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
}

export function supportsRelaxedSimd(): boolean {
  if (!WebAssembly.validate(probe)) liftTheFlag();
  return WebAssembly.validate(probe);
}
