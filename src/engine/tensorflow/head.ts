/** What the outputs are held against: loss, metric, and targets in the order of the outputs. */
import { lossTerms } from "../batches.ts";
import type { Batch, ModelSpec } from "../engine.ts";
import type { Tensor, Tensor2D, Tensorflow } from "./tensorflow.ts";

/** Targets as `runNetwork` orders outputs: one-hot classes or numbers, [rows, outputs]. */
export function targetsOf(tf: Tensorflow, spec: ModelSpec, batch: Batch): Tensor2D {
  const { outputSize } = spec;
  if (spec.head === "regressLast")
    return tf.tensor2d(batch.targets as Float32Array, [batch.size, outputSize]);
  const classes = classesOf(spec, batch);
  const values = new Float32Array(classes.length * outputSize);
  for (const [row, target] of classes.entries()) values[row * outputSize + target] = 1;
  return tf.tensor2d(values, [classes.length, outputSize]);
}

/** Class of each row of outputs. */
function classesOf(spec: ModelSpec, { targets, size, length }: Batch): Int32Array {
  if (spec.head === "classifyLast") return targets as Int32Array;
  const classes = new Int32Array(size * length);
  for (let b = 0; b < size; b++)
    for (let t = 0; t < length; t++) classes[t * size + b] = targets[b * length + t]!;
  return classes;
}

/** Mean squared error, or mean softmax cross-entropy: a scalar. */
export function lossOf(tf: Tensorflow, spec: ModelSpec, outputs: Tensor2D, targets: Tensor2D): Tensor {
  if (spec.head === "regressLast") return tf.mean(tf.square(tf.sub(outputs, targets)));
  const logProbabilities = tf.sub(outputs, tf.logSumExp(outputs, 1, true));
  return tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, targets), 1)));
}

/** Share of rows whose largest output is the target's (the first of equal ones counts); mean squared error of numbers. */
export function metricOf(spec: ModelSpec, outputs: ArrayLike<number>, batch: Batch): number {
  if (spec.head === "regressLast") {
    let sum = 0;
    for (let i = 0; i < outputs.length; i++) sum += (outputs[i]! - batch.targets[i]!) ** 2;
    return sum / lossTerms(spec, batch);
  }
  const classes = classesOf(spec, batch);
  let correct = 0;
  for (const [row, target] of classes.entries()) {
    const from = row * spec.outputSize;
    let best = 0;
    for (let k = 1; k < spec.outputSize; k++) if (outputs[from + k]! > outputs[from + best]!) best = k;
    if (best === target) correct++;
  }
  return correct / classes.length;
}
