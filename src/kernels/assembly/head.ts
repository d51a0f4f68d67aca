/** What the top layer's states are read for: logits or numbers, the loss, and their gradients. */
import {
  BACKWARD, BATCH, CLASSIFY_EACH, field, HEAD, HEAD_PARTIAL, HEAD_TRANSPOSED, HEAD_WEIGHTS, HIDDEN_PADDED, LENGTH,
  LOSSES, METRICS, OUTPUTS, OUTPUTS_PADDED, PREDICT, PREDICTIONS, REGRESS_LAST, ROWS, SCALE, SCRATCH_COLUMNS,
  SCRATCH_EXTERNAL, SCRATCH_HEAD_RING, SCRATCH_LOGITS, SCRATCH_STATES, TARGETS,
} from "./descriptor";
import { expPs } from "./elementwise";
import { accumulateOuter, CHUNK, packColumns, RING_STRIDE } from "./outer";
import { panelProduct } from "./panel";

/**
 * Head and loss of one panel at the timesteps [from, to); a last-step head has none but the sequences' last.
 *
 * Segments may be gone through twice, and what is told of the head must be told once and in the order of time.
 * @param tell outputs, loss, and the gradient of the head's weights.
 * @param turn ∂L/∂h from the head into the top layer's external gradients: one panel for a last-step head, one a
 * timestep of the segment for classifyEach.
 */
export function headPass(
  model: usize, top: usize, scratch: usize, panel: i32, partial: usize, from: i32, to: i32, tell: bool, turn: bool,
  flags: i32,
): void {
  const length = field(model, LENGTH);
  const head = field(model, HEAD);
  const losses = <usize>field(model, LOSSES) + (<usize>panel << 3);
  const metrics = <usize>field(model, METRICS) + (<usize>panel << 3);
  if (from == 0 && tell) {
    store<f64>(losses, 0);
    store<f64>(metrics, 0);
  }
  if (head != CLASSIFY_EACH && to < length) return;
  const padded = field(model, HIDDEN_PADDED);
  const blocks = padded >> 2;
  const outputBlocks = field(model, OUTPUTS_PADDED) >> 2;
  const stride = <usize>field(top, ROWS) << 5;
  // The states after each of the segment's timesteps.
  const states = scratch + <usize>field(top, SCRATCH_STATES) + stride;
  const external = scratch + <usize>field(top, SCRATCH_EXTERNAL);
  const logits = scratch + <usize>field(model, SCRATCH_LOGITS);
  const ring = scratch + <usize>field(model, SCRATCH_HEAD_RING);
  const columns = scratch + <usize>field(model, SCRATCH_COLUMNS);
  const lossBefore = load<f64>(losses);
  const metricBefore = load<f64>(metrics);

  // The head's own timesteps: those of the sequence, or the last alone.
  const begin = head == CLASSIFY_EACH ? from : length - 1;
  const skipped = head == CLASSIFY_EACH ? 0 : length - 1;
  let chunkStart = begin;
  for (let t = begin; t < to; t++) {
    const state = states + <usize>(t - from) * stride;
    panelProduct(outputBlocks, blocks + 1, <usize>field(model, HEAD_WEIGHTS), state, 128, logits, false);
    if (flags & PREDICT) writePredictions(model, logits, panel, t - skipped, length - skipped);
    const slot = t - chunkStart;
    const gradient = ring + (<usize>slot << 7);
    if (head == REGRESS_LAST) squaredError(model, logits, panel, gradient, losses, metrics);
    else crossEntropy(model, logits, panel, t - skipped, length - skipped, gradient, losses, metrics);
    if (turn) {
      const out = external + <usize>(t - begin) * (<usize>padded << 5);
      panelProduct(blocks, outputBlocks, <usize>field(model, HEAD_TRANSPOSED), gradient, RING_STRIDE, out, false);
    }
    if (slot + 1 == CHUNK || t + 1 == to) {
      if (tell && (flags & BACKWARD) != 0) {
        const quads = (padded + 4) >> 2;
        packColumns(columns, states + <usize>(chunkStart - from) * stride, stride, quads, slot + 1);
        accumulateOuter(outputBlocks, quads, slot + 1, ring, columns, partial + <usize>field(model, HEAD_PARTIAL));
      }
      chunkStart = t + 1;
    }
  }
  if (!tell) {
    store<f64>(losses, lossBefore);
    store<f64>(metrics, metricBefore);
  }
}

/** [sequence][timestep][output]. */
function writePredictions(model: usize, logits: usize, panel: i32, t: i32, timesteps: i32): void {
  const outputs = field(model, OUTPUTS);
  const lanes = min(8, field(model, BATCH) - (panel << 3));
  for (let lane = 0; lane < lanes; lane++) {
    const row = <usize>((panel << 3) + lane) * timesteps + t;
    let to = <usize>field(model, PREDICTIONS) + ((row * outputs) << 2);
    let p = logits + (<usize>lane << 2);
    for (let k = 0; k < outputs; k++) {
      store<f32>(to, load<f32>(p));
      to += 4;
      p += 32;
    }
  }
}

// @ts-expect-error: decorator
@inline
function ringRow(ring: usize, k: i32): usize {
  return ring + <usize>(k >> 2) * RING_STRIDE + (<usize>(k & 3) << 5);
}

/** A lane chosen at run time. */
// @ts-expect-error: decorator
@inline
function laneOf(x: v128, lane: i32): f32 {
  return lane < 2
    ? lane == 0 ? f32x4.extract_lane(x, 0) : f32x4.extract_lane(x, 1)
    : lane == 2 ? f32x4.extract_lane(x, 2) : f32x4.extract_lane(x, 3);
}

function squaredError(model: usize, y: usize, panel: i32, ring: usize, losses: usize, metrics: usize): void {
  const outputs = field(model, OUTPUTS);
  const batch = field(model, BATCH);
  const scale = load<f32>(model + (<usize>SCALE << 2));
  let sum: f64 = 0;
  for (let lane = 0; lane < 8; lane++) {
    const b = (panel << 3) + lane;
    for (let k = 0; k < outputs; k++) {
      let gradient: f32 = 0;
      if (b < batch) {
        const target = load<f32>(<usize>field(model, TARGETS) + (<usize>(b * outputs + k) << 2));
        const error = load<f32>(y + (<usize>k << 5) + (<usize>lane << 2)) - target;
        sum += <f64>error * <f64>error;
        gradient = 2 * error * scale;
      }
      store<f32>(ringRow(ring, k) + (<usize>lane << 2), gradient);
    }
  }
  store<f64>(losses, sum);
  store<f64>(metrics, sum);
}

/** Softmax cross-entropy of eight sequences at one timestep; the gradient is (softmax − one-hot) · scale. */
function crossEntropy(
  model: usize, logits: usize, panel: i32, t: i32, timesteps: i32, ring: usize, losses: usize, metrics: usize,
): void {
  const outputs = field(model, OUTPUTS);
  const batch = field(model, BATCH);
  const targets = <usize>field(model, TARGETS);
  const factor = load<f32>(model + (<usize>SCALE << 2));
  let loss = load<f64>(losses);
  let correct = load<f64>(metrics);
  for (let half = 0; half < 2; half++) {
    const base = logits + (<usize>half << 4);
    let largest = v128.load(base);
    for (let k = 1; k < outputs; k++) largest = f32x4.max(largest, v128.load(base + (<usize>k << 5)));
    let sum = f32x4.splat(0);
    for (let k = 0; k < outputs; k++) {
      const e = expPs(f32x4.sub(v128.load(base + (<usize>k << 5)), largest));
      sum = f32x4.add(sum, e);
      v128.store(ringRow(ring, k) + (<usize>half << 4), e);
    }
    const first = (panel << 3) + (half << 2);
    // Log-sum-exp and the comparison with the target, sequence by sequence.
    for (let lane = 0; lane < 4; lane++) {
      const b = first + lane;
      if (b >= batch) break;
      const target = load<i32>(targets + ((<usize>b * timesteps + t) << 2));
      const at = <usize>lane << 2;
      const offset = (<usize>half << 4) + at;
      const top = load<f32>(base + at + (<usize>target << 5));
      let best = 0;
      let bestValue = load<f32>(base + at);
      for (let k = 1; k < outputs; k++) {
        const value = load<f32>(base + at + (<usize>k << 5));
        if (value > bestValue) {
          bestValue = value;
          best = k;
        }
      }
      // The other classes' share, summed by itself: 1 − p would lose it where the prediction is nearly sure.
      let others: f32 = 0;
      for (let k = 0; k < outputs; k++) {
        if (k != target) others += load<f32>(ringRow(ring, k) + offset);
      }
      const total = laneOf(sum, lane);
      if (best == target) {
        // Its exponential is 1.
        loss += Math.log1p(<f64>others);
        correct += 1;
      } else loss += Math.log(<f64>total) + <f64>bestValue - <f64>top;
      store<f32>(ringRow(ring, target) + offset, -others);
    }
    // Absent sequences get a gradient of zero.
    const scale = v128.and(
      f32x4.div(f32x4.splat(factor), sum),
      i32x4.lt_s(i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(first)), i32x4.splat(batch)),
    );
    for (let k = 0; k < outputs; k++) {
      const row = ringRow(ring, k) + (<usize>half << 4);
      v128.store(row, f32x4.mul(v128.load(row), scale));
    }
  }
  store<f64>(losses, loss);
  store<f64>(metrics, correct);
}
