/** What comes into the first layer's panels, and the gradient that goes out of them. */
import {
  BATCH,
  field,
  HIDDEN_PADDED,
  INPUT_GRADIENTS,
  INPUT_SIZE,
  INPUTS,
  LENGTH,
  ROWS,
  SCRATCH_STATES,
} from "./descriptor";

/**
 * Transposes the inputs of eight sequences at the timesteps [from, to) into the first layer's state panels; absent
 * sequences are zero.
 */
export function fillInputs(model: usize, records: usize, scratch: usize, panel: i32, from: i32, to: i32): void {
  const size = field(model, INPUT_SIZE);
  const batch = field(model, BATCH);
  const stride = (<usize>field(records, ROWS)) << 5;
  const sequence = (<usize>field(model, LENGTH) * size) << 2;
  let source = <usize>field(model, INPUTS) + <usize>(panel << 3) * sequence + ((<usize>from * size) << 2);
  const start =
    scratch + <usize>field(records, SCRATCH_STATES) + ((<usize>(field(model, HIDDEN_PADDED) + 1)) << 5);
  for (let lane = 0; lane < 8; lane++) {
    const present = (panel << 3) + lane < batch;
    let put = start + ((<usize>lane) << 2);
    let at = source;
    for (let t = from; t < to; t++) {
      let out = put;
      for (let j = 0; j < size; j++) {
        store<f32>(out, present ? load<f32>(at) : 0);
        at += 4;
        out += 32;
      }
      put += stride;
    }
    source += sequence;
  }
}

/** ∂L/∂x_t of a panel's sequences: [B, T, d] from [row][8]. */
export function writeInputGradient(model: usize, gradient: usize, panel: i32, t: i32): void {
  const size = field(model, INPUT_SIZE);
  const lanes = min(8, field(model, BATCH) - (panel << 3));
  const sequence = (<usize>field(model, LENGTH) * size) << 2;
  let to = <usize>field(model, INPUT_GRADIENTS) + <usize>(panel << 3) * sequence + ((<usize>t * size) << 2);
  for (let lane = 0; lane < lanes; lane++) {
    let from = gradient + ((<usize>lane) << 2);
    for (let j = 0; j < size; j++) {
      store<f32>(to + ((<usize>j) << 2), load<f32>(from));
      from += 32;
    }
    to += sequence;
  }
}
