/** The loss and metric on a test set, a batch at a time. */
import type { Batch, EvaluationResult, Model, States } from "../engine/engine.ts";
import { emptyStates } from "../engine/states.ts";
import { taskMetric } from "../tasks/metric.ts";
import type { Sequences, Task } from "../tasks/task.ts";

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
 * Mean loss and the task's metric over all sequences of the test set. Where they are windows of streams, each begins
 * where the one before it ended.
 *
 * @param batchSize sequences per call of the engine; of streams, all are taken at once.
 * @param goOn called between batches, so that the process can answer to commands; false gives up.
 * @returns undefined when given up.
 */
export async function evaluateOn(
  model: Model,
  task: Pick<Task, "test" | "testStreams" | "metricName">,
  batchSize: number,
  goOn: () => Promise<boolean>,
): Promise<EvaluationResult | undefined> {
  const { test: sequences, testStreams } = task;
  const size = testStreams ?? batchSize;
  let loss = 0;
  let metric = 0;
  let states: States | undefined =
    testStreams === undefined ? undefined : emptyStates(model.spec, testStreams);
  for (let from = 0; from < sequences.size; from += size) {
    const to = Math.min(from + size, sequences.size);
    const part = sliceSequences(sequences, from, to);
    const result = model.evaluate(states ? { ...part, initial: states } : part);
    states = result.final;
    loss += result.loss * (to - from);
    metric += result.metric * (to - from);
    if (to < sequences.size && !(await goOn())) return undefined;
  }
  const mean = { loss: loss / sequences.size, metric: metric / sequences.size };
  return { loss: mean.loss, metric: taskMetric(task, mean) };
}
