/** A timestep of a layer that multiplies by Σ + P Qᵀ instead of W (lowRank.ts). */
import {
  BACK_PROJECTION, DIAGONAL, DIAGONAL_GRADIENT, field, HIDDEN_PADDED, PROJECTED, PROJECTION, RANK_BLOCKS,
} from "./descriptor";
import { RING_STRIDE } from "./outer";
import { panelProduct } from "./panel";
import { mulAdd } from "./simd";

/** Puts Qᵀ h behind the state, where P multiplies it together with bias and inputs, and Σ h into `next`. */
export function beginForward(model: usize, record: usize, state: usize, next: usize): void {
  const blocks = field(model, HIDDEN_PADDED) >> 2;
  const projected = state + <usize>field(record, PROJECTED);
  panelProduct(field(record, RANK_BLOCKS), blocks, <usize>field(record, PROJECTION), state, 128, projected, false);
  scaleRows(<usize>field(record, DIAGONAL), state, 128, next, blocks);
}

/** g = Σ Δ. @returns the ring's rows Pᵀ Δ, which Q is to multiply and add. */
export function beginBackward(model: usize, record: usize, ring: usize, g: usize): usize {
  const blocks = field(model, HIDDEN_PADDED) >> 2;
  scaleRows(<usize>field(record, DIAGONAL), ring, RING_STRIDE, g, blocks);
  return ring + <usize>blocks * RING_STRIDE;
}

/**
 * Puts Pᵀ Δ behind Δ in the ring, and adds Δ ⊙ h to what becomes diag(∂L/∂W).
 * @param g room for a panel.
 */
export function finishBackward(
  model: usize, record: usize, ring: usize, state: usize, g: usize, partial: usize,
): void {
  const blocks = field(model, HIDDEN_PADDED) >> 2;
  const rankBlocks = field(record, RANK_BLOCKS);
  panelProduct(rankBlocks, blocks, <usize>field(record, BACK_PROJECTION), ring, RING_STRIDE, g, false);
  let to = ring + <usize>blocks * RING_STRIDE;
  for (let block = 0; block < rankBlocks; block++, to += RING_STRIDE) memory.copy(to, g + (<usize>block << 7), 128);
  if (field(record, DIAGONAL_GRADIENT) < 0) return;
  let sum = partial + <usize>field(record, DIAGONAL_GRADIENT);
  for (let block = 0; block < blocks; block++) {
    let delta = ring + <usize>block * RING_STRIDE;
    const end = delta + 128;
    for (; delta < end; delta += 16, state += 16, sum += 16) {
      v128.store(sum, mulAdd(v128.load(delta), v128.load(state), v128.load(sum)));
    }
  }
}

/** y = diag(d) x, `blocks` of four rows of 8. @param stride bytes between the blocks of x; those of y lie together. */
function scaleRows(d: usize, x: usize, stride: usize, y: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++, x += stride) {
    let from = x;
    const end = x + 128;
    for (; from < end; from += 32, y += 32, d += 4) {
      const factor = v128.load_splat<f32>(d);
      v128.store(y, f32x4.mul(factor, v128.load(from)), 0);
      v128.store(y, f32x4.mul(factor, v128.load(from, 16)), 16);
    }
  }
}
