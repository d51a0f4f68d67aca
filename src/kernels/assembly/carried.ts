/** The states that sequences begin at, and those that they leave for the ones that go on. */
import {
  CARRIED,
  CARRY,
  CELL,
  field,
  HIDDEN_PADDED,
  LAYER_STRIDE,
  LAYERS,
  LENGTH,
  LSTM,
  ROWS,
  SCRATCH_CELLS,
  SCRATCH_STATES,
} from "./descriptor";

/** Address of a panel's carried states of a layer. */
// @ts-expect-error: decorator
@inline
function carriedOf(model: usize, layer: i32, panel: i32): usize {
  const bytes = (<usize>field(model, HIDDEN_PADDED)) << 5;
  const blocks = field(model, CELL) == LSTM ? 2 : 1;
  return <usize>field(model, CARRIED) + <usize>((panel * field(model, LAYERS) + layer) * blocks) * bytes;
}

/** h_0 (and c_0): zero, or what the sequences before left. */
export function beginStates(model: usize, records: usize, layer: i32, scratch: usize, panel: i32, flags: i32): void {
  const record = records + <usize>layer * LAYER_STRIDE;
  const bytes = (<usize>field(model, HIDDEN_PADDED)) << 5;
  const state = scratch + <usize>field(record, SCRATCH_STATES);
  const cell = scratch + <usize>field(record, SCRATCH_CELLS);
  const lstm = field(model, CELL) == LSTM;
  if (flags & CARRY) {
    const from = carriedOf(model, layer, panel);
    memory.copy(state, from, bytes);
    if (lstm) memory.copy(cell, from + bytes, bytes);
  } else {
    memory.fill(state, 0, bytes);
    if (lstm) memory.fill(cell, 0, bytes);
  }
}

/** Leaves h_T (and c_T) for the sequences that go on. */
export function keepStates(model: usize, records: usize, layer: i32, scratch: usize, panel: i32): void {
  const record = records + <usize>layer * LAYER_STRIDE;
  const length = <usize>field(model, LENGTH);
  const bytes = (<usize>field(model, HIDDEN_PADDED)) << 5;
  const stride = (<usize>field(record, ROWS)) << 5;
  const to = carriedOf(model, layer, panel);
  memory.copy(to, scratch + <usize>field(record, SCRATCH_STATES) + length * stride, bytes);
  if (field(model, CELL) == LSTM) {
    memory.copy(to + bytes, scratch + <usize>field(record, SCRATCH_CELLS) + length * bytes, bytes);
  }
}
