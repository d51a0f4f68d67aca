/** Where in a sequence NaN or Inf began. */
import type { Batch, Model } from "../engine/engine.ts";

export interface NonFiniteOrigin {
  /** 1 … T. */
  readonly timestep: number;
  /** forward: a state or output overflowed; backward: the states are finite, the gradient is not. */
  readonly pass: "forward" | "backward";
  /** The layer where the gradient first stopped being finite; null where only the outputs show it. */
  readonly layer: number | null;
}

/**
 * Finds the timestep where a batch's loss or gradient stopped being finite.
 *
 * Going forward that is the first timestep whose output is not finite. When every output is finite the gradient
 * overflowed on its way back, and it is the last timestep whose gradient norm is not finite.
 *
 * @returns undefined when outputs and gradients are all finite.
 */
export function findNonFinite(model: Model, batch: Batch): NonFiniteOrigin | undefined {
  const forward =
    model.spec.head === "classifyEach" ? firstInOutputs(model, batch) : firstByPrefix(model, batch);
  if (forward !== undefined) return { timestep: forward, pass: "forward", layer: null };
  const { loss, layers, gradients } = model.gradients(batch);
  // The gradient enters at the top layer's last timestep and travels back and down.
  for (let timestep = batch.length; timestep >= 1; timestep--) {
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const norms = layers[layer]!.gradientNorm.subarray((timestep - 1) * batch.size, timestep * batch.size);
      if (!allFinite(norms)) return { timestep, pass: "backward", layer };
    }
  }
  // Finite outputs whose loss overflows, such as the square of a number above 1e19: the loss is read at the end.
  if (!Number.isFinite(loss)) return { timestep: batch.length, pass: "forward", layer: null };
  // Only a sum over timesteps overflowed: it runs from T back to 1, so 1 is where it is complete.
  for (const { data } of gradients.values())
    if (!allFinite(data) || !Number.isFinite(squaredNorm(data)))
      return { timestep: 1, pass: "backward", layer: null };
  return undefined;
}

function firstInOutputs(model: Model, batch: Batch): number | undefined {
  const outputs = model.predict(batch);
  const { outputSize } = model.spec;
  for (let t = 0; t < batch.length; t++)
    for (let sequence = 0; sequence < batch.size; sequence++) {
      const from = (sequence * batch.length + t) * outputSize;
      if (!allFinite(outputs.subarray(from, from + outputSize))) return t + 1;
    }
  return undefined;
}

/** By bisection over the length of the sequences: once a state is not finite, those after it are not either. */
function firstByPrefix(model: Model, batch: Batch): number | undefined {
  if (allFinite(model.predict(batch))) return undefined;
  let finite = 0;
  let broken = batch.length;
  while (broken - finite > 1) {
    const middle = (finite + broken) >> 1;
    if (allFinite(model.predict(prefix(batch, middle)))) finite = middle;
    else broken = middle;
  }
  return broken;
}

/** The first `length` timesteps of every sequence. */
function prefix(batch: Batch, length: number): Batch {
  const inputSize = batch.inputs.length / (batch.size * batch.length);
  const inputs = new Float32Array(batch.size * length * inputSize);
  for (let sequence = 0; sequence < batch.size; sequence++) {
    const from = sequence * batch.length * inputSize;
    inputs.set(batch.inputs.subarray(from, from + length * inputSize), sequence * length * inputSize);
  }
  return { size: batch.size, length, inputs, targets: batch.targets };
}

function allFinite(values: Float32Array): boolean {
  return values.every(Number.isFinite);
}

function squaredNorm(values: Float32Array): number {
  return Math.fround(values.reduce((sum, value) => sum + value * value, 0));
}
