/** One update of one parameter from TensorFlow.js operations, and the state that it needs. */
import type { OptimizerSettings } from "../engine.ts";
import { adamBeta1, adamBeta2, epsilon, rmspropDecay } from "../optimizerConstants.ts";
import type { Tensor, Tensorflow } from "./tensorflow.ts";

/** First and second moment (where the optimizer keeps them), and updates so far. */
export interface Moments {
  readonly m: Tensor | undefined;
  readonly v: Tensor | undefined;
  readonly t: number;
}

/** What is subtracted from the parameter, and the state after it. */
export interface Update extends Moments {
  readonly change: Tensor;
}

/**
 * adam (Kingma & Ba 2015), rmsprop (Tieleman & Hinton 2012) or sgd with momentum (Polyak 1964).
 * @param gradient already clipped.
 * @param decay decoupled weight decay of this parameter (Loshchilov & Hutter 2019).
 */
export function updateOf(
  tf: Tensorflow,
  { optimizer, momentum }: OptimizerSettings,
  learningRate: number,
  decay: number,
  parameter: Tensor,
  gradient: Tensor,
  { m, v, t: before }: Moments,
): Update {
  const t = before + 1;
  const mix = (rate: number, old: Tensor, fresh: Tensor) =>
    tf.add(tf.mul(old, rate), tf.mul(fresh, 1 - rate));
  const withDecay = (change: Tensor) =>
    decay === 0 ? change : tf.add(change, tf.mul(parameter, learningRate * decay));
  if (optimizer === "adam") {
    const mean = mix(adamBeta1, m!, gradient);
    const square = mix(adamBeta2, v!, tf.square(gradient));
    const root = tf.add(tf.sqrt(tf.mul(square, 1 / (1 - adamBeta2 ** t))), epsilon);
    const change = tf.div(tf.mul(mean, learningRate / (1 - adamBeta1 ** t)), root);
    return { m: mean, v: square, t, change: withDecay(change) };
  }
  if (optimizer === "rmsprop") {
    const square = mix(rmspropDecay, v!, tf.square(gradient));
    const change = tf.div(tf.mul(gradient, learningRate), tf.add(tf.sqrt(square), epsilon));
    return { m: undefined, v: square, t, change: withDecay(change) };
  }
  const velocity = tf.add(tf.mul(m!, momentum), gradient);
  return { m: velocity, v: undefined, t, change: withDecay(tf.mul(velocity, learningRate)) };
}
