/** How many units pass hardly any gradient. */
import {
  ACTIVATION,
  BATCH,
  CELL,
  field,
  HIDDEN,
  HIDDEN_PADDED,
  isResidual,
  LAYER_STRIDE,
  LEAKY_RELU,
  LENGTH,
  LSTM,
  PANELS,
  RELU,
  RNN,
  ROWS,
  SATURATED,
  SCRATCH_GATES,
  SCRATCH_STATES,
  TANH,
} from "./descriptor";

/** Counts saturated or dead units of one panel at each timestep of the segment [from, to). */
export function countSaturated(
  model: usize, records: usize, layer: i32, scratch: usize, panel: i32, from: i32, to: i32,
): void {
  const record = records + <usize>layer * LAYER_STRIDE;
  const cell = field(model, CELL);
  const activation = field(model, ACTIVATION);
  const length = field(model, LENGTH);
  const rows = field(model, HIDDEN);
  const block = (<usize>field(model, HIDDEN_PADDED)) << 5;
  const lanes = min(8, field(model, BATCH) - (panel << 3));
  const rectified = cell == RNN && (activation == RELU || activation == LEAKY_RELU);
  const squashed = cell != RNN || activation == TANH;
  const stride = cell == RNN ? (<usize>field(record, ROWS)) << 5 : block * (cell == LSTM ? 5 : 4);
  // rnn: h itself, in the next timestep's panel; lstm: tanh(c), the fifth block; gru: the candidate, the fourth;
  // residual layers (T = 1): what φ gave, which is all that `gates` holds.
  let values =
    isResidual(model, layer)
      ? scratch + <usize>field(record, SCRATCH_GATES)
      : cell == RNN
      ? scratch + <usize>field(record, SCRATCH_STATES) + stride
      : scratch + <usize>field(record, SCRATCH_GATES) + block * (cell == LSTM ? 4 : 3);
  const limit = f32x4.splat(0.975);
  const zero = f32x4.splat(0);
  const panels = field(model, PANELS);
  let out = <usize>field(model, SATURATED) + (((<usize>layer * length + from) * panels + panel) << 2);
  const outStride = (<usize>panels) << 2;
  // Absent sequences do not count.
  const present0 = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lanes));
  const present1 = i32x4.lt_s(i32x4(4, 5, 6, 7), i32x4.splat(lanes));
  for (let t = from; t < to; t++) {
    let count0 = i32x4.splat(0);
    let count1 = i32x4.splat(0);
    let p = values;
    if (rectified) {
      const end = p + (<usize>rows << 5);
      for (; p < end; p += 32) {
        count0 = i32x4.sub(count0, f32x4.le(v128.load(p, 0), zero));
        count1 = i32x4.sub(count1, f32x4.le(v128.load(p, 16), zero));
      }
    } else if (squashed) {
      // Padded rows are zero, which is not saturated.
      const end = p + block;
      for (; p < end; p += 64) {
        count0 = i32x4.sub(count0, f32x4.gt(f32x4.abs(v128.load(p, 0)), limit));
        count1 = i32x4.sub(count1, f32x4.gt(f32x4.abs(v128.load(p, 16)), limit));
        count0 = i32x4.sub(count0, f32x4.gt(f32x4.abs(v128.load(p, 32)), limit));
        count1 = i32x4.sub(count1, f32x4.gt(f32x4.abs(v128.load(p, 48)), limit));
      }
    }
    let counts = i32x4.add(v128.and(count0, present0), v128.and(count1, present1));
    counts = i32x4.add(counts, v128.shuffle<i32>(counts, counts, 2, 3, 0, 1));
    store<i32>(out, i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1));
    values += stride;
    out += outStride;
  }
}
