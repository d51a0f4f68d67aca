/** Memory whose size depends on the batch and the sequence length: inputs, per-thread scratch, shard gradients. */
import type { ModelSpec } from "../engine.ts";
import { OutOfMemory } from "../outOfMemory.ts";
import { isDeep, layerInputs } from "../parameters.ts";
import { layer as layerField, layerRecordBytes, model as modelField } from "./descriptor.ts";
import type { Arena } from "./memory.ts";
import { type LayerPlan, pad4 } from "./plan.ts";
import { type GradientCheckpointing, layScratch, panelWidth, segmentTimesteps } from "./scratch.ts";

export { panelWidth };

/**
 * At most this many shards: each has its own gradient, which must be added up. Fixed, so that the partition of a batch
 * (and with it every rounding error) does not depend on the number of threads.
 */
export const maximumShards = 16;

export function shardsOf(batch: number): { panels: number; panelsPerShard: number; shards: number } {
  const panels = Math.ceil(batch / panelWidth);
  const panelsPerShard = Math.ceil(panels / maximumShards);
  return { panels, panelsPerShard, shards: Math.ceil(panels / panelsPerShard) };
}

export interface Capacity {
  /** Sequences. */
  readonly batch: number;
  /** Timesteps. */
  readonly length: number;
}

export interface BatchBuffers {
  readonly capacity: Capacity;
  readonly inputs: number;
  readonly targets: number;
  readonly losses: number;
  readonly metrics: number;
  readonly norms: number;
  readonly saturated: number;
  readonly partials: number;
  /** [panel][layer][h, and c of an lstm][padded n][8]. */
  readonly carried: number;
  /** [B, T, d], where the first layer's inputs are looked up. */
  readonly inputGradients: number;
  readonly scratch: number;
  readonly scratchStride: number;
  release(): void;
}

/**
 * Allocates the buffers and writes their addresses into the model's and layers' records.
 * @param partialBytes gradient of one shard.
 * @throws OutOfMemory when they do not fit; where it is the scratch that does not and gradient checkpointing would make
 *   it smaller, the message says so.
 */
export function allocateBatchBuffers(
  arena: Arena,
  spec: ModelSpec,
  plans: readonly LayerPlan[],
  capacity: Capacity,
  threads: number,
  checkpointing: GradientCheckpointing,
  partialBytes: number,
  record: number,
  layerRecords: number,
): BatchBuffers {
  const { batch, length } = capacity;
  const { panels } = shardsOf(batch);
  // A smaller batch may have more shards than this one (17 panels make 9, 16 panels 16), so not `shardsOf(batch).shards`.
  const shards = Math.min(panels, maximumShards);
  const padded = pad4(spec.hidden);
  const blocks: [number, number][] = [];
  const allocate = (bytes: number): number => {
    const start = arena.allocate(bytes);
    blocks.push([start, bytes]);
    return start;
  };
  // One layout, repeated for each thread.
  const segment = segmentTimesteps(checkpointing, length);
  const scratch = layScratch(spec, plans, length, segment);
  const allocateScratch = (): number => {
    try {
      return allocate(scratch.bytes * threads);
    } catch (error) {
      const helps = checkpointing === "off" && segmentTimesteps("auto", length) < length;
      if (!helps || !(error instanceof OutOfMemory)) throw error;
      const instead =
        ', or "auto" for training.gradientCheckpointing, which keeps the states of fewer timesteps';
      throw new OutOfMemory(error.message + instead, { cause: error });
    }
  };
  const inputSize = layerInputs(spec, 0);
  // A feed-forward net has no states to carry.
  const carriedBlocks = isDeep(spec) ? 0 : spec.layers * (spec.cell === "lstm" ? 2 : 1);

  try {
    const buffers = {
      capacity,
      inputs: allocate(batch * length * inputSize * 4),
      targets: allocate(batch * Math.max(length, spec.outputSize) * 4),
      losses: allocate(panels * 8),
      metrics: allocate(panels * 8),
      norms: allocate(spec.layers * length * panels * 32),
      saturated: allocate(spec.layers * length * panels * 4),
      partials: allocate(shards * partialBytes),
      carried: allocate(panels * carriedBlocks * padded * 32),
      inputGradients: allocate(spec.embedding === undefined ? 0 : batch * length * inputSize * 4),
      scratch: allocateScratch(),
      scratchStride: scratch.bytes,
      release: () => {
        for (const [start, bytes] of blocks) arena.release(start, bytes);
      },
    };
    const { integers, floats } = arena;
    const write = (base: number, values: Iterable<readonly [field: number, value: number]>) => {
      for (const [field, value] of values) integers[base / 4 + field] = value;
    };
    write(record, scratch.model);
    write(record, [
      [modelField.segment, segment],
      [modelField.inputs, buffers.inputs],
      [modelField.targets, buffers.targets],
      [modelField.losses, buffers.losses],
      [modelField.metrics, buffers.metrics],
      [modelField.norms, buffers.norms],
      [modelField.saturated, buffers.saturated],
      [modelField.partials, buffers.partials],
      [modelField.partialStride, partialBytes],
      [modelField.carried, buffers.carried],
      [modelField.inputGradients, buffers.inputGradients],
    ]);
    scratch.layers.forEach((offsets, index) => {
      write(layerRecords + index * layerRecordBytes, offsets);
      // The row of ones that the biases multiply; the states never overwrite it.
      const rows = plans[index]!.stateRows;
      const [, offset] = offsets.find(([field]) => field === layerField.scratchStates)!;
      for (let thread = 0; thread < threads; thread++) {
        const states = (buffers.scratch + thread * scratch.bytes + offset) / 4;
        for (let t = 0; t <= segment; t++) {
          const ones = states + (t * rows + padded) * panelWidth;
          floats.fill(1, ones, ones + panelWidth);
        }
      }
    });
    return buffers;
  } catch (error) {
    for (const [start, bytes] of blocks) arena.release(start, bytes);
    throw error;
  }
}
