/**
 * One shard of a training step: forward through time, loss, backward through time, weight gradients.
 *
 * A shard is a fixed set of panels (8 sequences each) and has its own gradient; whichever thread computes it, the
 * numbers are the same. All that a panel needs while it is worked on lies in the thread's scratch memory.
 *
 * The scratch holds the states of one segment of timesteps: all T of them, or, with gradient checkpointing, fewer.
 * Then the way forward keeps the states that segments begin at, and on the way back each segment is gone through
 * forward once more before it is gone through backward. Every sum is taken in the same order either way.
 */
import { activate, addResidual, gruBackward, gruForward, lstmBackward, lstmForward, rnnBackward } from "./cells";
import {
  ACTIVATION,
  BACKWARD,
  BACKWARD_BLOCKS,
  BACKWARD_WEIGHTS,
  CELL,
  CLASSIFY_EACH,
  field,
  FORWARD_COUNT,
  FORWARD_PARTS,
  GRADIENT_COUNT,
  GRADIENT_PARTS,
  GRU,
  HEAD,
  HIDDEN_PADDED,
  INPUT_COUNT,
  INPUT_PARTS,
  isResidual,
  LAYER_RECORDS,
  LAYER_STRIDE,
  LAYERS,
  LENGTH,
  LSTM,
  NORMS,
  PANELS,
  PANELS_PER_SHARD,
  PARTIAL_STRIDE,
  PARTIALS,
  PROBE,
  RANK_BLOCKS,
  RNN,
  ROWS,
  SCRATCH_CARRY,
  SCRATCH_CELLS,
  SCRATCH_COLUMNS,
  SCRATCH_EXTERNAL,
  SCRATCH_GATES,
  SCRATCH_INPUT_GRADIENT,
  SCRATCH_RING,
  SCRATCH_STATE_GRADIENT,
  SCRATCH_STATES,
  SEGMENT,
} from "./descriptor";
import { beginSegment, endSegment } from "./carried";
import { headPass } from "./head";
import { fillInputs, writeInputGradient } from "./inputs";
import { beginBackward, beginForward, finishBackward } from "./lowRankSteps";
import { columnNorms, columnNormsNear } from "./norms";
import { accumulateOuter, CHUNK, packColumns } from "./outer";
import { panelProduct } from "./panel";
import { countSaturated } from "./saturation";

/** Timesteps of a ring, for the host's plan of scratch memory. */
export function chunkTimesteps(): i32 {
  return CHUNK;
}

/** First byte that the module's own constants leave free. */
export function heapBase(): usize {
  return __heap_base;
}

/**
 * Works through shard `shard`.
 * @param flags BACKWARD, PROBE (with BACKWARD), PREDICT, CARRY.
 */
export function runShard(model: usize, scratch: usize, shard: i32, flags: i32): void {
  const perShard = field(model, PANELS_PER_SHARD);
  const first = shard * perShard;
  const last = min(first + perShard, field(model, PANELS));
  const partial = <usize>field(model, PARTIALS) + <usize>shard * <usize>field(model, PARTIAL_STRIDE);
  if (flags & BACKWARD) memory.fill(partial, 0, <usize>field(model, PARTIAL_STRIDE));
  const layers = field(model, LAYERS);
  const records = <usize>field(model, LAYER_RECORDS);
  const top = records + <usize>(layers - 1) * LAYER_STRIDE;
  const length = field(model, LENGTH);
  const segment = field(model, SEGMENT);
  const lastFrom = ((length - 1) / segment) * segment;
  for (let panel = first; panel < last; panel++) {
    for (let from = 0; from < length; from += segment) {
      const to = min(from + segment, length);
      forwardSegment(model, records, scratch, panel, from, to, false, flags);
      // The last segment's states stay where they are until they are gone through backward.
      const turns = (flags & BACKWARD) != 0 && to == length;
      headPass(model, top, scratch, panel, partial, from, to, true, turns, flags);
    }
    if (!(flags & BACKWARD)) continue;
    for (let from = lastFrom; from >= 0; from -= segment) {
      const to = min(from + segment, length);
      if (from < lastFrom) {
        forwardSegment(model, records, scratch, panel, from, to, true, flags);
        headPass(model, top, scratch, panel, partial, from, to, false, true, flags);
      }
      for (let layer = layers - 1; layer >= 0; layer--) {
        backwardLayer(model, records, layer, scratch, panel, partial, from, to, flags);
      }
    }
  }
}

/**
 * All layers forward through the timesteps [from, to).
 * @param again the segment was gone through before, and all that is told of it has been told.
 */
function forwardSegment(
  model: usize,
  records: usize,
  scratch: usize,
  panel: i32,
  from: i32,
  to: i32,
  again: bool,
  flags: i32,
): void {
  const layers = field(model, LAYERS);
  fillInputs(model, records, scratch, panel, from, to);
  for (let layer = 0; layer < layers; layer++) {
    beginSegment(model, records, layer, scratch, panel, from, again, flags);
    forwardLayer(model, records, layer, scratch, to - from);
    if (again) continue;
    endSegment(model, records, layer, scratch, panel, from, to, flags);
    if (flags & PROBE) countSaturated(model, records, layer, scratch, panel, from, to);
  }
}

/** One layer forward through the first `steps` timesteps that the scratch has room for. */
function forwardLayer(model: usize, records: usize, layer: i32, scratch: usize, steps: i32): void {
  const record = records + <usize>layer * LAYER_STRIDE;
  const cell = field(model, CELL);
  const padded = field(model, HIDDEN_PADDED);
  const vectors = padded << 1;
  const stride = (<usize>field(record, ROWS)) << 5;
  const gateStride = ((<usize>padded) << 5) * (cell == LSTM ? 5 : 4);
  const cellStride = (<usize>padded) << 5;
  let state = scratch + <usize>field(record, SCRATCH_STATES);
  let gates = scratch + <usize>field(record, SCRATCH_GATES);
  let cells = scratch + <usize>field(record, SCRATCH_CELLS);
  let upper: usize = 0;
  let upperStride: usize = 0;
  if (layer + 1 < field(model, LAYERS)) {
    const above = record + LAYER_STRIDE;
    upper = scratch + <usize>field(above, SCRATCH_STATES) + ((<usize>(padded + 1)) << 5);
    upperStride = (<usize>field(above, ROWS)) << 5;
  }
  const parts = field(record, FORWARD_COUNT);
  const lowRank = field(record, RANK_BLOCKS) > 0;
  const residual = isResidual(model, layer);
  for (let step = 0; step < steps; step++) {
    const next = state + stride;
    const out = cell == RNN && !residual ? next : gates;
    if (lowRank) beginForward(model, record, state, next);
    for (let part = 0; part < parts; part++) {
      const at = record + ((<usize>(FORWARD_PARTS + 5 * part)) << 2);
      panelProduct(
        field(at, 1),
        field(at, 2),
        <usize>field(at, 0),
        state + <usize>field(at, 3),
        128,
        out + <usize>field(at, 4),
        lowRank,
      );
    }
    if (residual) {
      activate(field(model, ACTIVATION), gates, vectors, 0);
      addResidual(gates, state + ((<usize>(padded + 1)) << 5), next, vectors, upper);
    } else if (cell == RNN) {
      activate(field(model, ACTIVATION), next, vectors, upper);
    } else if (cell == LSTM) {
      lstmForward(gates, cells, cells + cellStride, next, vectors, upper);
      cells += cellStride;
      gates += gateStride;
    } else {
      gruForward(gates, state, next, vectors, upper);
      gates += gateStride;
    }
    state = next;
    upper += upperStride;
  }
}

/** Adds b to a, `count` vectors. */
function addInto(a: usize, b: usize, count: i32): void {
  const end = a + ((<usize>count) << 4);
  for (; a < end; a += 16, b += 16) v128.store(a, f32x4.add(v128.load(a), v128.load(b)));
}

/**
 * One layer backward through the timesteps [from, to), whose states stand in the scratch. What goes back in time (the
 * state gradient and the carry) waits in the layer's own part of it for the segment before.
 */
function backwardLayer(
  model: usize,
  records: usize,
  layer: i32,
  scratch: usize,
  panel: i32,
  partial: usize,
  from: i32,
  to: i32,
  flags: i32,
): void {
  const record = records + <usize>layer * LAYER_STRIDE;
  const cell = field(model, CELL);
  const activation = field(model, ACTIVATION);
  const length = field(model, LENGTH);
  const padded = field(model, HIDDEN_PADDED);
  const vectors = padded << 1;
  const blocks = padded >> 2;
  const stateBytes = (<usize>padded) << 5;
  const stride = (<usize>field(record, ROWS)) << 5;
  const gateStride = stateBytes * (cell == LSTM ? 5 : 4);
  const states = scratch + <usize>field(record, SCRATCH_STATES);
  const gates = scratch + <usize>field(record, SCRATCH_GATES);
  const cells = scratch + <usize>field(record, SCRATCH_CELLS);
  const ring = scratch + <usize>field(model, SCRATCH_RING);
  const columns = scratch + <usize>field(model, SCRATCH_COLUMNS);
  const g = scratch + <usize>field(record, SCRATCH_STATE_GRADIENT);
  const carry = scratch + <usize>field(record, SCRATCH_CARRY);
  const external = scratch + <usize>field(record, SCRATCH_EXTERNAL);
  // The top layer of a last-step head receives its only gradient from above at the last timestep.
  const lastOnly = layer + 1 == field(model, LAYERS) && field(model, HEAD) != CLASSIFY_EACH;
  const residual = isResidual(model, layer);
  const lowRank = field(record, RANK_BLOCKS) > 0;
  const inputGradient = scratch + <usize>field(model, SCRATCH_INPUT_GRADIENT);
  const below = layer > 0 ? scratch + <usize>field(record - LAYER_STRIDE, SCRATCH_EXTERNAL) : inputGradient;
  const belowStride = layer > 0 ? stateBytes : 0;
  const ringStride = (CHUNK + 1) * 128;
  const norms = <usize>field(model, NORMS) + (<usize>layer * length * field(model, PANELS) + panel) * 32;
  const normStride = (<usize>field(model, PANELS)) << 5;
  if (to == length) memory.fill(carry, 0, stateBytes);

  for (let t = to - 1; t >= from; t--) {
    // Timesteps of the scratch begin at `from`.
    const step = <usize>(t - from);
    if (t == length - 1) {
      memory.copy(g, lastOnly ? external : external + step * stateBytes, stateBytes);
    } else {
      // The timestep behind has left there what comes to this one through its matrix.
      if (cell == GRU) addInto(g, carry, vectors);
      if (!lastOnly) addInto(g, external + step * stateBytes, vectors);
    }
    if (flags & PROBE) {
      const out = norms + <usize>t * normStride;
      if (t == length - 1) columnNorms(g, padded, out);
      else columnNormsNear(g, padded, out + normStride, out);
    }

    const now = ring + ((<usize>(t % CHUNK)) << 7);
    const state = states + step * stride;
    if (residual) rnnBackward(activation, g, gates, now, vectors);
    else if (cell == RNN) rnnBackward(activation, g, state + stride, now, vectors);
    else if (cell == LSTM) {
      lstmBackward(g, gates + step * gateStride, cells + step * stateBytes, carry, now, vectors);
    } else gruBackward(g, gates + step * gateStride, state, carry, now, vectors);

    if (lowRank) finishBackward(model, record, now, state, g, partial);
    for (let part = 0; part < field(record, INPUT_COUNT); part++) {
      const at = record + ((<usize>(INPUT_PARTS + 3 * part)) << 2);
      panelProduct(
        blocks,
        field(at, 1),
        <usize>field(at, 0),
        now + <usize>field(at, 2) * ringStride,
        ringStride,
        below + step * belowStride,
        part > 0,
      );
    }
    if (residual) addInto(below, g, vectors);
    if (layer == 0 && field(record, INPUT_COUNT) > 0) writeInputGradient(model, inputGradient, panel, t);
    if (t > 0) {
      panelProduct(
        blocks,
        field(record, BACKWARD_BLOCKS),
        <usize>field(record, BACKWARD_WEIGHTS),
        lowRank ? beginBackward(model, record, now, g) : now,
        ringStride,
        g,
        lowRank,
      );
    }

    if (t % CHUNK == 0) {
      const steps = min(CHUNK, length - t);
      const quads = field(record, ROWS) >> 2;
      let packedFrom = -1;
      for (let part = 0; part < field(record, GRADIENT_COUNT); part++) {
        const at = record + ((<usize>(GRADIENT_PARTS + 5 * part)) << 2);
        // Columns are packed in pairs of quads, which a part must begin with one of.
        const first = field(at, 3);
        const skipped = first & 1;
        if (packedFrom != skipped) packColumns(columns, state + (<usize>skipped << 7), stride, quads - skipped, steps);
        packedFrom = skipped;
        accumulateOuter(
          field(at, 2),
          field(at, 4),
          steps,
          ring + <usize>field(at, 1) * ringStride,
          columns + ((<usize>(first >> 1) * steps) << 8),
          partial + <usize>field(at, 0),
        );
      }
    }
  }
}
