/** The loss and metric on a test set, a batch at a time. */
import type { Batch, EvaluationResult, Model } from "../engine/engine.ts";
import type { Sequences } from "../tasks/task.ts";

/** Sequences `from` … `to` − 1, as views into the same memory. */
export function sliceSequences(sequences: Sequences, from: number, to: number): Batch {
  const { size, length, inputs, targets } = sequences;
  const inputValues = inputs.length / size;
  const targetValues = targets.length / size;
  return {
    size: to - from,
    length,
    inputs: inputs.subarray(from * inputValues, to * inputValues),
    targets: targets.subarray(from * targetValues, to * targetValues),
  };
}

/**
 * Mean loss and metric over all sequences.
 *
 * @param batchSize sequences per call of the engine.
 * @param goOn called between batches, so that the process can answer to commands; false gives up.
 * @returns undefined when given up.
 */
export async function evaluateOn(
  model: Model,
  sequences: Sequences,
  batchSize: number,
  goOn: () => Promise<boolean>,
): Promise<EvaluationResult | undefined> {
  let loss = 0;
  let metric = 0;
  for (let from = 0; from < sequences.size; from += batchSize) {
    const to = Math.min(from + batchSize, sequences.size);
    const result = model.evaluate(sliceSequences(sequences, from, to));
    loss += result.loss * (to - from);
    metric += result.metric * (to - from);
    if (to < sequences.size && !(await goOn())) return undefined;
  }
  return { loss: loss / sequences.size, metric: metric / sequences.size };
}
