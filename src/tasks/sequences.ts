/** Sequences in memory: making room for them, and picking some of them out. */
import type { Sequences } from "./task.ts";

/** Most input values that a set of sequences may hold: 1 GiB of them. */
const mostValues = 2 ** 28;

/**
 * Zeroed inputs [size, length, inputSize].
 * @param what names the set in the error message, e.g. "the test set".
 * @throws Error when the set would take more than 1 GiB.
 */
export function emptyInputs(what: string, size: number, length: number, inputSize: number): Float32Array {
  const values = size * length * inputSize;
  if (values > mostValues)
    throw new Error(
      `${what} would hold ${size} sequences × ${length} timesteps × ${inputSize} values = ${values} values; ` +
        `at most ${mostValues} (1 GiB) are allowed`,
    );
  return new Float32Array(values);
}

/** Labelled sequences whose target is one number or one class each. */
export interface LabelledSequences extends Sequences {
  readonly inputSize: number;
}

/** The sequences at `indices`, in that order, copied. */
export function pick(source: LabelledSequences, indices: ArrayLike<number>): LabelledSequences {
  const { length, inputSize } = source;
  const values = length * inputSize;
  const size = indices.length;
  const inputs = emptyInputs("a batch", size, length, inputSize);
  const targets = source.targets instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const index = indices[i]!;
    inputs.set(source.inputs.subarray(index * values, (index + 1) * values), i * values);
    targets[i] = source.targets[index]!;
  }
  return { size, length, inputSize, inputs, targets };
}
