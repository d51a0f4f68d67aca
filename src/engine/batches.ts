/** Batches: what is in one, parts of one, and whether it fits a model. The same for every engine. */
import type { Batch, ModelSpec } from "./engine.ts";
import { sliceStates } from "./states.ts";

type HeadShape = Pick<ModelSpec, "head" | "outputSize">;

/** Target values of one sequence of T timesteps. */
export function targetsPerSequence({ head, outputSize }: HeadShape, length: number): number {
  return head === "classifyEach" ? length : head === "regressLast" ? outputSize : 1;
}

/** Number of terms in the mean that the loss is. */
export function lossTerms(spec: HeadShape, batch: Batch): number {
  return batch.size * targetsPerSequence(spec, batch.length);
}

/** A batch in parts of at most `most` sequences, each with the index of its first; views, not copies. */
export function* batchParts(
  spec: ModelSpec,
  batch: Batch,
  most: number,
): Generator<[part: Batch, from: number]> {
  const inputs = batch.length * spec.inputSize;
  const targets = targetsPerSequence(spec, batch.length);
  for (let from = 0; from < batch.size; from += most) {
    const to = Math.min(from + most, batch.size);
    const part: Batch = {
      size: to - from,
      length: batch.length,
      inputs: batch.inputs.subarray(from * inputs, to * inputs),
      targets: batch.targets.subarray(from * targets, to * targets),
      ...(batch.initial ? { initial: sliceStates(spec, batch.initial, batch.size, from, to) } : {}),
    };
    yield [part, from];
  }
}

/** @throws RangeError naming what does not fit the model, the value found and those allowed. */
export function assertBatch(spec: ModelSpec, batch: Batch): void {
  const { inputSize, head, outputSize } = spec;
  const { size, length, inputs, targets } = batch;
  if (!(size >= 1 && length >= 1)) misfit(batch, "size and length must be at least 1");
  const expected = size * length * inputSize;
  if (inputs.length !== expected) misfit(batch, `${inputs.length} input values; expected ${expected}`);
  assertSymbols(spec, batch);
  assertStates(spec, batch);
  if (spec.net !== undefined && length !== 1)
    misfit(batch, `a feed-forward net (${spec.net}) reads 1 timestep`);
  const targetCount = size * targetsPerSequence(spec, length);
  if (targets.length !== targetCount) misfit(batch, `${targets.length} targets; expected ${targetCount}`);
  if (head === "regressLast") {
    if (!(targets instanceof Float32Array)) misfit(batch, "targets must be a Float32Array");
    return;
  }
  if (!(targets instanceof Int32Array)) misfit(batch, "targets must be an Int32Array");
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]!;
    if (!(target >= 0 && target < outputSize))
      misfit(batch, `target ${target} at ${i}; allowed: 0 to ${outputSize - 1}`);
  }
}

function misfit({ size, length }: Batch, what: string): never {
  throw new RangeError(`batch of ${size} sequences × ${length} timesteps: ${what}`);
}

function assertSymbols({ vocabulary }: ModelSpec, batch: Batch): void {
  if (vocabulary === undefined) return;
  const { inputs } = batch;
  for (let i = 0; i < inputs.length; i++) {
    const symbol = inputs[i]!;
    if (!(Number.isInteger(symbol) && symbol >= 0 && symbol < vocabulary))
      misfit(batch, `symbol ${symbol} at ${i}; allowed: whole numbers from 0 to ${vocabulary - 1}`);
  }
}

function assertStates(spec: ModelSpec, batch: Batch): void {
  const { size, initial } = batch;
  if (initial === undefined) return;
  if (spec.net !== undefined) misfit(batch, `a feed-forward net (${spec.net}) has no states to begin with`);
  const expected = spec.layers * size * spec.hidden;
  assertState(batch, "h", initial.h, expected);
  if (spec.cell === "lstm") assertState(batch, "c", initial.c, expected);
}

function assertState(batch: Batch, name: string, values: Float32Array | undefined, expected: number): void {
  if (values?.length !== expected)
    misfit(batch, `${values?.length ?? "no"} initial values of ${name}; expected ${expected}`);
}
