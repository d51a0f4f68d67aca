/** The capacity of a trained classifier (`diagnostics/capacity.ts`), measured on its parameters and its test set. */
import { capacityLog10 } from "../diagnostics/capacity.ts";
import type { Model, ModelSpec, TensorMap } from "../engine/engine.ts";
import { spectrumOf } from "../engine/singularValues.ts";
import type { RunCapacity } from "../runs/run.ts";
import { spectralNorm } from "../spectral/spectralNorm.ts";
import type { Task } from "../tasks/task.ts";
import { sliceSequences } from "./evaluation.ts";

/** Of the test set, so many sequences at most are asked for their margin … */
const mostSequences = 1000;
/** … and so many logits: a language model has thousands at each timestep. */
const mostLogits = 10_000_000;
/** Logits that the engine is asked for at once. */
const logitsAtOnce = 1_000_000;

/** Whether the product of norms bounds such a model: a classifier of one recurrence h_t = φ(W h_{t−1} + M x_t + b). */
export function hasCapacity({ net, cell, head }: ModelSpec): boolean {
  return net === undefined && cell !== "lstm" && cell !== "gru" && head !== "regressLast";
}

/**
 * Takes a few matrix decompositions of O(n³), and a part of the test set.
 *
 * @param goOn called now and then, so that the process can do what else is due.
 * @returns null where it is not defined, see `hasCapacity`.
 * @throws Error when a parameter is not finite, naming it.
 */
export async function capacityOf(
  model: Model,
  task: Task,
  goOn: () => Promise<unknown>,
): Promise<RunCapacity | null> {
  const { spec } = model;
  if (!hasCapacity(spec)) return null;
  const parameters = model.getParameters();
  const spectra = spectrumOf(spec, parameters);
  await goOn();
  const layers: { input: number; transition: number }[] = [];
  for (let layer = 0; layer < spec.layers; layer++) {
    layers.push({ input: normOf(parameters, `layers.${layer}.M`), transition: spectra[layer]!.W![0]! });
    await goOn();
  }
  const head = normOf(parameters, spec.embedding === "tied" ? "embedding.W" : "head.W");
  const margin = median(await marginsOf(model, task, goOn));
  const input = largestInput(spec, parameters, task);
  return {
    log10: capacityLog10({ head, input, layers, length: task.length, margin }),
    margin,
    spectralNorm: Math.max(...layers.map(({ transition }) => transition)),
  };
}

function normOf(parameters: TensorMap, name: string): number {
  const { data, shape } = parameters.get(name)!;
  return spectralNorm(data, shape[0]!, shape[1]!);
}

/** Largest ‖x_t‖₂ that the lowest layer reads: of the test set; of symbols 1 (one-hot), or an embedding's longest row. */
function largestInput(spec: ModelSpec, parameters: TensorMap, task: Task): number {
  if (spec.vocabulary === undefined) return longestRow(task.test.inputs, spec.inputSize);
  return spec.embedding === undefined ? 1 : longestRow(parameters.get("embedding.W")!.data, spec.hidden);
}

function longestRow(values: Float32Array, size: number): number {
  let longest = 0;
  for (let from = 0; from < values.length; from += size) {
    let square = 0;
    for (let i = from; i < from + size; i++) square += values[i]! * values[i]!;
    longest = Math.max(longest, square);
  }
  return Math.sqrt(longest);
}

/** Logit of the right class minus the largest other, of every decision on the first sequences of the test set. */
async function marginsOf(model: Model, { test }: Task, goOn: () => Promise<unknown>): Promise<number[]> {
  const { spec } = model;
  const classes = spec.outputSize;
  const perSequence = classes * (spec.head === "classifyEach" ? test.length : 1);
  const count = Math.max(1, Math.min(test.size, mostSequences, Math.floor(mostLogits / perSequence)));
  const atOnce = Math.max(1, Math.min(64, Math.floor(logitsAtOnce / perSequence)));
  const margins: number[] = [];
  for (let from = 0; from < count; from += atOnce) {
    const batch = sliceSequences(test, from, Math.min(from + atOnce, count));
    const logits = model.predict(batch);
    for (let i = 0; i < batch.targets.length; i++) {
      const right = batch.targets[i]!;
      let other = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classes; k++) if (k !== right) other = Math.max(other, logits[i * classes + k]!);
      margins.push(logits[i * classes + right]! - other);
    }
    await goOn();
  }
  return margins;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
