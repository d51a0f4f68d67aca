/** Memory whose size depends on the batch and the sequence length: inputs, per-thread scratch, shard gradients. */
import type { ModelSpec } from "../engine.ts";
import { isDeep, layerInputs } from "../parameters.ts";
import { layer as layerField, layerRecordBytes, model as modelField } from "./descriptor.ts";
import type { Arena } from "./memory.ts";
import { type LayerPlan, pad4 } from "./plan.ts";

/** Sequences of a panel. */
export const panelWidth = 8;
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
 */
export function allocateBatchBuffers(
  arena: Arena,
  spec: ModelSpec,
  plans: readonly LayerPlan[],
  capacity: Capacity,
  threads: number,
  chunk: number,
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

  // Scratch: one layout, repeated for each thread.
  let scratchBytes = 0;
  const offset = (bytes: number): number => {
    const start = scratchBytes;
    scratchBytes += Math.ceil(bytes / 64) * 64 + 64;
    return start;
  };
  const ringBytes = (rows: number): number => (rows / 4) * (chunk + 1) * 128;
  const model: [number, number][] = [
    [modelField.scratchRing, offset(Math.max(...plans.map((plan) => ringBytes(plan.gateRows))))],
    [modelField.scratchColumns, offset(Math.max(...plans.map((plan) => plan.stateRows)) * chunk * 32)],
    [modelField.scratchStateGradient, offset(padded * 32)],
    [modelField.scratchCarry, offset(padded * 32)],
    [modelField.scratchLogits, offset(pad4(spec.outputSize) * 32)],
    [modelField.scratchHeadRing, offset(ringBytes(pad4(spec.outputSize)))],
    [modelField.scratchInputGradient, offset(padded * 32)],
  ];
  const gateBlocks = spec.cell === "lstm" ? 5 : spec.cell === "gru" ? 4 : spec.net === "resnet" ? 1 : 0;
  const inputSize = layerInputs(spec, 0);
  // A feed-forward net has no states to carry.
  const carriedBlocks = isDeep(spec) ? 0 : spec.layers * (spec.cell === "lstm" ? 2 : 1);
  const layers = plans.map((plan, index) => {
    const lastOnly = index + 1 === plans.length && spec.head !== "classifyEach";
    return {
      states: offset((length + 1) * plan.stateRows * 32),
      gates: offset(length * gateBlocks * padded * 32),
      cells: offset(spec.cell === "lstm" ? (length + 1) * padded * 32 : 0),
      external: offset((lastOnly ? 1 : length) * padded * 32),
    };
  });

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
      scratch: allocate(scratchBytes * threads),
      scratchStride: scratchBytes,
      release: () => {
        for (const [start, bytes] of blocks) arena.release(start, bytes);
      },
    };
    const { integers, floats } = arena;
    for (const [field, value] of model) integers[record / 4 + field] = value;
    const at = (field: number, value: number) => {
      integers[record / 4 + field] = value;
    };
    at(modelField.inputs, buffers.inputs);
    at(modelField.targets, buffers.targets);
    at(modelField.losses, buffers.losses);
    at(modelField.metrics, buffers.metrics);
    at(modelField.norms, buffers.norms);
    at(modelField.saturated, buffers.saturated);
    at(modelField.partials, buffers.partials);
    at(modelField.partialStride, partialBytes);
    at(modelField.carried, buffers.carried);
    at(modelField.inputGradients, buffers.inputGradients);
    layers.forEach((offsets, index) => {
      const base = (layerRecords + index * layerRecordBytes) / 4;
      integers[base + layerField.scratchStates] = offsets.states;
      integers[base + layerField.scratchGates] = offsets.gates;
      integers[base + layerField.scratchCells] = offsets.cells;
      integers[base + layerField.scratchExternal] = offsets.external;
      // The row of ones that the biases multiply; the states never overwrite it.
      const rows = plans[index]!.stateRows;
      for (let thread = 0; thread < threads; thread++) {
        const states = (buffers.scratch + thread * scratchBytes + offsets.states) / 4;
        for (let t = 0; t <= length; t++) {
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
