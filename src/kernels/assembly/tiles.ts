/**
 * How many rows a tile has whose sums stay in registers.
 *
 * WebAssembly's vectors have four floats. The sums of a tile of four rows and eight columns fill eight registers of
 * x86-64's sixteen, and are just as many as keep its multipliers busy. V8 13 and 14, on x86-64 and with a flag set
 * (src/engine/fused/wideVectors.ts), joins operations on neighbouring vectors into one on eight floats. Then the sums
 * of twelve rows and eight columns take twelve registers, and a tile does three times as much in half again the time.
 * Without it such sums do not fit. Every sum is taken in the same order in both, so the tile changes no bit of a result.
 */

let wide: bool = false;

/** Whether products use tiles of up to twelve rows from now on, in this instance of the module. */
export function useWideTiles(on: bool): void {
  wide = on;
}

/**
 * Blocks of four rows that the next tile takes where `left` of them are left. Tiles of two blocks end a matrix rather
 * than one of three and one of one, which is the slowest.
 */
// @ts-expect-error: decorator
@inline
export function tileBlocks(left: i32): i32 {
  if (!wide || left == 1) return 1;
  return left == 3 || left > 4 ? 3 : 2;
}
