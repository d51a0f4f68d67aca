/** States that a task carries from one batch to the next, in and out of checkpoints. */
import type { ModelSpec, States, TensorMap } from "../engine/engine.ts";
import { emptyStates } from "../engine/states.ts";
import type { Sequences } from "../tasks/task.ts";

/**
 * Where a batch begins: zero, or where the batch before it ended.
 *
 * @returns undefined for a task that carries no state.
 */
export function initialStates(
  spec: ModelSpec,
  batch: Sequences,
  before: States | undefined,
): States | undefined {
  if (batch.continues === undefined) return undefined;
  if (batch.continues && before) return before;
  return emptyStates(spec, batch.size);
}

/** As a checkpoint holds them. @param size B. */
export function statesToTensors(spec: ModelSpec, states: States | undefined): TensorMap {
  const tensors: TensorMap = new Map();
  if (!states) return tensors;
  const { layers, hidden } = spec;
  const shape = [layers, states.h.length / (layers * hidden), hidden];
  tensors.set("h", { shape, data: states.h });
  if (states.c) tensors.set("c", { shape, data: states.c });
  return tensors;
}

/** From a checkpoint; undefined where it holds none. */
export function statesFrom(tensors: TensorMap): States | undefined {
  const h = tensors.get("h");
  return h && { h: h.data, c: tensors.get("c")?.data };
}
