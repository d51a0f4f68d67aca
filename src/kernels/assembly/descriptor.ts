/**
 * Where the host puts what a kernel needs to know about a model: two kinds of records of 32-bit integers in linear
 * memory. The host's copy of these indices is src/engine/fused/descriptor.ts; a test holds the two together.
 */

// The model's record.
export const CELL: i32 = 0;
export const ACTIVATION: i32 = 1;
export const LAYERS: i32 = 2;
/** n, and n rounded up to a multiple of 4. */
export const HIDDEN: i32 = 3;
export const HIDDEN_PADDED: i32 = 4;
export const LENGTH: i32 = 5;
export const BATCH: i32 = 6;
export const INPUT_SIZE: i32 = 7;
export const HEAD: i32 = 8;
/** k outputs, and k rounded up to a multiple of 4. */
export const OUTPUTS: i32 = 9;
export const OUTPUTS_PADDED: i32 = 10;
export const INPUTS: i32 = 11;
export const TARGETS: i32 = 12;
export const HEAD_WEIGHTS: i32 = 13;
export const HEAD_TRANSPOSED: i32 = 14;
export const PANELS: i32 = 15;
export const PANELS_PER_SHARD: i32 = 16;
/** f64 a panel: sum of losses, and of correct predictions or squared errors. */
export const LOSSES: i32 = 17;
export const METRICS: i32 = 18;
/** [layer][timestep][panel][8] f32. */
export const NORMS: i32 = 19;
/** [layer][timestep][panel] i32. */
export const SATURATED: i32 = 20;
/** Gradients of a shard, shards PARTIAL_STRIDE bytes apart. */
export const PARTIALS: i32 = 21;
export const PARTIAL_STRIDE: i32 = 22;
export const HEAD_PARTIAL: i32 = 23;
export const PREDICTIONS: i32 = 24;
export const LAYER_RECORDS: i32 = 25;
/** f32: factor of every loss gradient, 1 / (number of terms of the mean). */
export const SCALE: i32 = 26;
/** 1: layers after the first add their input to their output (of feed-forward nets, whose T is 1). */
export const RESIDUAL: i32 = 27;
/** [panel][layer][h, and c of an lstm][padded n][8] f32: where sequences begin, and then where they ended. */
export const CARRIED: i32 = 28;
/** ∂L/∂x [B, T, d] f32 of the first layer, which then has input parts. */
export const INPUT_GRADIENTS: i32 = 29;
/** Timesteps whose states the scratch holds: T or more, or a multiple of CHUNK. */
export const SEGMENT: i32 = 30;
// Offsets into a thread's scratch memory.
export const SCRATCH_RING: i32 = 32;
export const SCRATCH_COLUMNS: i32 = 33;
export const SCRATCH_LOGITS: i32 = 36;
export const SCRATCH_HEAD_RING: i32 = 37;
export const SCRATCH_INPUT_GRADIENT: i32 = 38;

// A layer's record, LAYER_STRIDE bytes.
export const LAYER_STRIDE: usize = 256;
/** Rows of a state panel: padded n, 1 (for the bias), inputs, rounded up to a multiple of 4. */
export const ROWS: i32 = 0;
export const FORWARD_COUNT: i32 = 1;
/** Transposed W, with its columns in blocks of 4. */
export const BACKWARD_WEIGHTS: i32 = 2;
export const BACKWARD_BLOCKS: i32 = 3;
export const INPUT_COUNT: i32 = 4;
export const GRADIENT_COUNT: i32 = 5;
/** Five each: weights, row blocks, column blocks, byte offsets into x and y. */
export const FORWARD_PARTS: i32 = 8;
/** Three each: transposed M, column blocks, first row block of the ring. */
export const INPUT_PARTS: i32 = 24;
/** Five each: byte offset into the partial, first row block, row blocks, first column quad, column quads. */
export const GRADIENT_PARTS: i32 = 32;
// Offsets into a thread's scratch memory; the first four hold the timesteps of one segment.
export const SCRATCH_STATES: i32 = 48;
export const SCRATCH_GATES: i32 = 49;
export const SCRATCH_CELLS: i32 = 50;
export const SCRATCH_EXTERNAL: i32 = 51;
/** What goes back in time from timestep to timestep: ∂L/∂h, and ∂L/∂c of an lstm or what a gru's z passes on. */
export const SCRATCH_STATE_GRADIENT: i32 = 58;
export const SCRATCH_CARRY: i32 = 59;
/** [segment][h, and c of an lstm][padded n][8] f32: the states that segments begin at, where there are several. */
export const SCRATCH_BOUNDARIES: i32 = 60;
/** A layer that multiplies by Σ + P Qᵀ: row blocks of Qᵀ. 0: by W. */
export const RANK_BLOCKS: i32 = 52;
/** Packed Qᵀ and Pᵀ; P is among the forward parts, and Q takes the place of transposed W. */
export const PROJECTION: i32 = 53;
export const BACK_PROJECTION: i32 = 54;
/** Bytes from a state panel's start to Qᵀ h. */
export const PROJECTED: i32 = 55;
/** Σ: [padded n] f32. */
export const DIAGONAL: i32 = 56;
/** Byte offset into the partial of diag(∂L/∂W) [padded n, 8]; −1: it is not asked for. */
export const DIAGONAL_GRADIENT: i32 = 57;

export const RNN: i32 = 0;
export const LSTM: i32 = 1;
export const GRU: i32 = 2;

export const TANH: i32 = 0;
export const RELU: i32 = 1;
export const LEAKY_RELU: i32 = 2;

export const CLASSIFY_LAST: i32 = 0;
export const REGRESS_LAST: i32 = 1;
export const CLASSIFY_EACH: i32 = 2;

/** What to do beside the forward pass. */
export const BACKWARD: i32 = 1;
export const PROBE: i32 = 2;
export const PREDICT: i32 = 4;
/** Begin at the carried states, and leave the last ones there. */
export const CARRY: i32 = 8;

// @ts-expect-error: decorator
@inline
export function field(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

/** A layer whose input goes around it; φ's output then stands in `gates`. */
// @ts-expect-error: decorator
@inline
export function isResidual(model: usize, layer: i32): bool {
  return layer > 0 && field(model, RESIDUAL) != 0;
}
