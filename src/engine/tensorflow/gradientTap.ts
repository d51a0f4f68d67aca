/** Gradients at states, as the tape brings them: an identity sees what comes back through it. */
import { l2Norm } from "../l2Norm.ts";
import type { Tensor, Tensor2D, Tensorflow } from "./tensorflow.ts";

/**
 * The same values as a new tensor. Its whole gradient, from every use of it, goes to `see`, which has to dispose of it,
 * and on to `x`.
 */
export function tapped(tf: Tensorflow, x: Tensor2D, see: (gradient: Tensor2D) => void): Tensor2D {
  const identity = tf.customGrad((value) => ({
    value: tf.clone(value as Tensor),
    gradFunc: (gradient) => {
      see(tf.keep(tf.clone(gradient as Tensor2D)));
      return gradient as Tensor;
    },
  }));
  return identity(x) as Tensor2D;
}

/**
 * ‖∂L/∂h_t‖₂ of each sequence's own loss, as `LayerProbe.gradientNorm` has it: [T, B].
 * @param gradients of the mean loss over the batch, by timestep, [B, n] each; undefined where nothing was learnt from a
 *   state.
 */
export function sequenceNorms(
  gradients: readonly (Tensor2D | undefined)[],
  length: number,
  batchSize: number,
): Float32Array {
  const norms = new Float32Array(length * batchSize);
  for (let t = 0; t < length; t++) {
    const gradient = gradients[t];
    if (!gradient) continue;
    const values = gradient.dataSync();
    const n = values.length / batchSize;
    // Times B: the loss of the batch is the mean of the sequences' own.
    for (let b = 0; b < batchSize; b++)
      norms[t * batchSize + b] = batchSize * l2Norm(values.subarray(b * n, (b + 1) * n));
  }
  return norms;
}
