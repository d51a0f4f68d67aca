/**
 * The states that a panel's sequences begin at and end in: those of a batch, which go on to the sequences that
 * continue them, and those of the segments of timesteps that it is cut into.
 */
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
  SCRATCH_BOUNDARIES,
  SCRATCH_CELLS,
  SCRATCH_STATES,
  SEGMENT,
} from "./descriptor";

/** Bytes of a layer's state of a panel: [h, and c of an lstm][padded n][8]. */
// @ts-expect-error: decorator
@inline
function stateBytes(model: usize): usize {
  return (<usize>field(model, HIDDEN_PADDED)) << (field(model, CELL) == LSTM ? 6 : 5);
}

/** Address of a panel's carried states of a layer. */
// @ts-expect-error: decorator
@inline
function carriedOf(model: usize, layer: i32, panel: i32): usize {
  return <usize>field(model, CARRIED) + <usize>(panel * field(model, LAYERS) + layer) * stateBytes(model);
}

/** Address of the state that a layer's segment begins at. */
// @ts-expect-error: decorator
@inline
function boundaryOf(model: usize, record: usize, scratch: usize, segment: i32): usize {
  return scratch + <usize>field(record, SCRATCH_BOUNDARIES) + <usize>segment * stateBytes(model);
}

/** Copies the state after `steps` of the timesteps that the scratch holds. */
function saveState(model: usize, record: usize, scratch: usize, steps: i32, to: usize): void {
  const bytes = (<usize>field(model, HIDDEN_PADDED)) << 5;
  const stride = (<usize>field(record, ROWS)) << 5;
  memory.copy(to, scratch + <usize>field(record, SCRATCH_STATES) + <usize>steps * stride, bytes);
  if (field(model, CELL) == LSTM) {
    memory.copy(to + bytes, scratch + <usize>field(record, SCRATCH_CELLS) + <usize>steps * bytes, bytes);
  }
}

/** Puts a state before the first of them; 0: the state zero. */
function loadState(model: usize, record: usize, scratch: usize, from: usize): void {
  const bytes = (<usize>field(model, HIDDEN_PADDED)) << 5;
  const state = scratch + <usize>field(record, SCRATCH_STATES);
  const cell = scratch + <usize>field(record, SCRATCH_CELLS);
  const lstm = field(model, CELL) == LSTM;
  if (from) {
    memory.copy(state, from, bytes);
    if (lstm) memory.copy(cell, from + bytes, bytes);
  } else {
    memory.fill(state, 0, bytes);
    if (lstm) memory.fill(cell, 0, bytes);
  }
}

/**
 * The state of a layer before timestep `from`, where a segment begins.
 * @param again the segment was gone through before: its first state is one of those kept.
 */
export function beginSegment(
  model: usize,
  records: usize,
  layer: i32,
  scratch: usize,
  panel: i32,
  from: i32,
  again: bool,
  flags: i32,
): void {
  const record = records + <usize>layer * LAYER_STRIDE;
  const segment = field(model, SEGMENT);
  const kept = boundaryOf(model, record, scratch, from / segment);
  if (from > 0 || again) {
    loadState(model, record, scratch, kept);
    return;
  }
  loadState(model, record, scratch, flags & CARRY ? carriedOf(model, layer, panel) : 0);
  if (segment < field(model, LENGTH)) saveState(model, record, scratch, 0, kept);
}

/** Keeps the state of a layer after the segment [from, to): for the next segment, or as h_T (and c_T). */
export function endSegment(
  model: usize,
  records: usize,
  layer: i32,
  scratch: usize,
  panel: i32,
  from: i32,
  to: i32,
  flags: i32,
): void {
  const record = records + <usize>layer * LAYER_STRIDE;
  if (to < field(model, LENGTH)) {
    const next = boundaryOf(model, record, scratch, to / field(model, SEGMENT));
    saveState(model, record, scratch, to - from, next);
  } else if (flags & CARRY) {
    saveState(model, record, scratch, to - from, carriedOf(model, layer, panel));
  }
}
