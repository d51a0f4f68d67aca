/** A thread's scratch memory: what a panel of eight sequences needs while it is worked on. Sizes and offsets only. */
import type { ModelSpec } from "../engine.ts";
import { layer as layerField, model as modelField } from "./descriptor.ts";
import { type LayerPlan, pad4, pad8, planLayer } from "./plan.ts";

/** Sequences of a panel. */
export const panelWidth = 8;

/** Timesteps whose gradients are multiplied into the weight gradient together, as the kernels have it. */
export const chunkTimesteps = 16;

/**
 * Gradient checkpointing over time: "off" keeps the states of all T timesteps; "auto" those of segments of about √T, and
 * one for each segment's start; a number, of segments of so many (rounded up to a multiple of 16).
 */
export type GradientCheckpointing = "off" | "auto" | number;

/**
 * Timesteps of a segment: a multiple of the chunk, so that sums are taken in the same order, or all T.
 * @throws RangeError for a number that is not a whole one from 1 on.
 */
export function segmentTimesteps(checkpointing: GradientCheckpointing, length: number): number {
  if (checkpointing === "off") return length;
  const wanted = checkpointing === "auto" ? Math.sqrt(length) : checkpointing;
  if (!(wanted >= 1 && (checkpointing === "auto" || Number.isInteger(wanted))))
    throw new RangeError(
      `gradientCheckpointing: ${checkpointing}; allowed: "off", "auto" or a whole number from 1 on`,
    );
  return Math.min(length, chunkTimesteps * Math.ceil(wanted / chunkTimesteps));
}

/** Byte offsets by field, of the model's record and of each layer's. */
export interface ScratchLayout {
  readonly bytes: number;
  readonly model: readonly (readonly [field: number, offset: number])[];
  readonly layers: readonly (readonly (readonly [field: number, offset: number])[])[];
}

/**
 * @param length T.
 * @param segment timesteps whose states are held.
 */
export function layScratch(
  spec: ModelSpec,
  plans: readonly LayerPlan[],
  length: number,
  segment: number,
): ScratchLayout {
  let bytes = 0;
  const offset = (size: number): number => {
    const start = bytes;
    bytes += Math.ceil(size / 64) * 64 + 64;
    return start;
  };
  const state = pad4(spec.hidden) * panelWidth * 4;
  const ringBytes = (rows: number): number => (rows / 4) * (chunkTimesteps + 1) * 128;
  const gateBlocks = spec.cell === "lstm" ? 5 : spec.cell === "gru" ? 4 : spec.net === "resnet" ? 1 : 0;
  const segments = Math.ceil(length / segment);
  const model = [
    [modelField.scratchRing, offset(Math.max(...plans.map((plan) => ringBytes(plan.gateRows))))],
    [
      modelField.scratchColumns,
      offset(Math.max(...plans.map((plan) => pad8(plan.stateRows))) * chunkTimesteps * 32),
    ],
    [modelField.scratchLogits, offset(pad4(spec.outputSize) * 32)],
    [modelField.scratchHeadRing, offset(ringBytes(pad4(spec.outputSize)))],
    [modelField.scratchInputGradient, offset(state)],
  ] as const;
  const layers = plans.map((plan, index) => {
    const lastOnly = index + 1 === plans.length && spec.head !== "classifyEach";
    return [
      [layerField.scratchStateGradient, offset(state)],
      [layerField.scratchCarry, offset(state)],
      [layerField.scratchStates, offset((segment + 1) * plan.stateRows * 32)],
      [layerField.scratchGates, offset(segment * gateBlocks * state)],
      [layerField.scratchCells, offset(spec.cell === "lstm" ? (segment + 1) * state : 0)],
      [layerField.scratchExternal, offset((lastOnly ? 1 : segment) * state)],
      [
        layerField.scratchBoundaries,
        offset(segments > 1 ? segments * state * (spec.cell === "lstm" ? 2 : 1) : 0),
      ],
    ] as const;
  });
  return { bytes, model, layers };
}

/**
 * Bytes of scratch memory that each thread takes to train a model, whatever the batch, on sequences of T timesteps.
 *
 * It grows with T without gradient checkpointing and with √T with "auto". What else a model takes is the same either
 * way: its parameters, and for each timestep of each sequence of a batch the inputs, a target, and four bytes a layer
 * for the gradient's norm.
 * @param length T.
 * @throws RangeError for a `checkpointing` that is not allowed.
 */
export function scratchBytes(
  spec: ModelSpec,
  length: number,
  checkpointing: GradientCheckpointing = "off",
): number {
  const plans = Array.from({ length: spec.layers }, (_, layer) => planLayer(spec, layer));
  return layScratch(spec, plans, length, segmentTimesteps(checkpointing, length)).bytes;
}
