/** Where in a sequence NaN or an infinity began. */
import { firstNonFinite, firstNonFiniteGradient, firstNonFiniteTimestep } from "../diagnostics/finite.ts";
import type { Batch, Model } from "../engine/engine.ts";
import { isDeep } from "../engine/parameters.ts";

export interface NonFiniteOrigin {
  /** 1 … T. */
  readonly timestep: number;
  /** forward: a state, output or loss overflowed; backward: those are finite, the gradient is not. */
  readonly pass: "forward" | "backward";
  /** The layer where the gradient stopped being finite; null where only the outputs show it. */
  readonly layer: number | null;
}

/**
 * Finds the timestep where a batch's loss or gradient stopped being finite: going forward, the first timestep whose
 * output is not; when every output is finite, the place on the way back where the gradient is not.
 *
 * In a feed-forward net layers take the place of timesteps.
 *
 * @returns undefined when outputs, loss and gradients are all finite, or where the place cannot be told.
 */
export function findNonFinite(model: Model, batch: Batch): NonFiniteOrigin | undefined {
  // A feed-forward net has one timestep, and its outputs do not tell which layer was the first.
  if (isDeep(model.spec) && !allFinite(model.predict(batch))) return undefined;
  const forward =
    model.spec.head === "classifyEach"
      ? firstInOutputs(model, batch)
      : firstNonFiniteTimestep(batch.length, (t) => allFinite(model.predict(prefix(batch, t))));
  if (forward !== undefined) return { timestep: forward, pass: "forward", layer: null };
  const { loss, layers, gradients } = model.gradients(batch);
  const place = firstNonFiniteGradient(
    layers.map(({ gradientNorm }) => gradientNorm),
    batch.size,
  );
  if (place) return { timestep: place.timestep, pass: "backward", layer: place.layer };
  // Finite outputs whose loss overflows, such as the square of a number above 1e19: the loss is read at the end.
  if (!Number.isFinite(loss)) return { timestep: batch.length, pass: "forward", layer: null };
  // Only a sum over timesteps overflowed: it runs from T back to 1, so 1 is where it is complete.
  for (const { data } of gradients.values())
    if (!Number.isFinite(singleNorm(data))) return { timestep: 1, pass: "backward", layer: null };
  return undefined;
}

function firstInOutputs(model: Model, batch: Batch): number | undefined {
  const outputs = model.predict(batch);
  const { outputSize } = model.spec;
  let first: number | undefined;
  for (let sequence = 0; sequence < batch.size; sequence++) {
    const from = sequence * batch.length * outputSize;
    const own = outputs.subarray(from, from + batch.length * outputSize);
    const timestep = firstNonFinite(own, "forward", outputSize)?.timestep;
    if (timestep !== undefined && timestep < (first ?? Number.POSITIVE_INFINITY)) first = timestep;
  }
  return first;
}

/** The first `length` timesteps of every sequence. */
function prefix(batch: Batch, length: number): Batch {
  const inputSize = batch.inputs.length / (batch.size * batch.length);
  const inputs = new Float32Array(batch.size * length * inputSize);
  for (let sequence = 0; sequence < batch.size; sequence++) {
    const from = sequence * batch.length * inputSize;
    inputs.set(batch.inputs.subarray(from, from + length * inputSize), sequence * length * inputSize);
  }
  const { size, targets, initial } = batch;
  return { size, length, inputs, targets, ...(initial ? { initial } : {}) };
}

function allFinite(values: Float32Array): boolean {
  return values.every(Number.isFinite);
}

/** The square of a tensor's norm as single precision holds it. */
function singleNorm(values: Float32Array): number {
  return Math.fround(values.reduce((sum, value) => sum + value * value, 0));
}
