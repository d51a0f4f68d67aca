/**
 * W of a spectral or orthogonal cell from TensorFlow.js operations, one reflector after the other, so that the tape
 * differentiates it. Slower than the fused engine's blocks, and independent of them.
 */
import type { ModelSpec } from "../engine.ts";
import type { Tensor, Tensor1D, Tensor2D, Tensorflow } from "./tensorflow.ts";

/**
 * Reflectors as they act: nothing before the diagonal, and of H_1 the sign alone, whose gradient is zero, as H_1 is
 * never trained. [m, n]
 */
function actingReflectors(tf: Tensorflow, u: Tensor2D): Tensor2D {
  const [m, n] = u.shape;
  const trained = new Float32Array(m * n);
  for (let i = 0; i < Math.min(m, n - 1); i++) trained.fill(1, i * n + i, (i + 1) * n);
  const directions = tf.mul(u, tf.tensor2d(trained, [m, n])) as Tensor2D;
  if (m < n) return directions;
  const sign = new Float32Array(m * n);
  sign[n * n - 1] = 1;
  return tf.add(directions, tf.mul(tf.sign(u), tf.tensor2d(sign, [m, n])));
}

/** The rows of a matrix, [1, columns] each. The gradient of `split` fails for one piece (TensorFlow.js 4.22). */
function rowsOf(tf: Tensorflow, matrix: Tensor2D): Tensor2D[] {
  return matrix.shape[0] === 1 ? [matrix] : tf.split(matrix, matrix.shape[0]);
}

/**
 * H_n(u_n) ⋯ H_{n−m+1}(u_{n−m+1}) X, where row i of the reflectors is u_{n−i}: X − 2 u (uᵀX) / ‖u‖² for each, the last
 * row first (Zhang, Lei & Dhillon, ICML 2018, equation 3); a reflector that is zero is the identity.
 */
function applyReflectors(tf: Tensorflow, reflectors: Tensor2D, x: Tensor2D): Tensor2D {
  let product = x;
  // Not reversed in place: the tape keeps that array.
  for (const row of rowsOf(tf, actingReflectors(tf, reflectors)).toReversed()) {
    const square = tf.sum(tf.square(row), 1, true);
    // 1 where the square is 0. The gradient of `sign` is zero.
    const divisor = tf.add(square, tf.sub(1, tf.sign(square)));
    const along = tf.div(tf.mul(2, tf.matMul(row, product)), divisor) as Tensor2D;
    product = tf.sub(product, tf.matMul(row, along, true, false));
  }
  return product;
}

/** The orthogonal matrix U of reflectors [m, n]: [n, n]. */
export function orthogonalMatrix(tf: Tensorflow, u: Tensor2D): Tensor2D {
  return applyReflectors(tf, u, tf.eye(u.shape[1]));
}

/** The parameters of one spectral matrix: reflectors [m₁, n] and [m₂, n], and p [n]. */
export interface SpectralTensors {
  readonly u: Tensor2D;
  readonly v: Tensor2D;
  readonly p: Tensor1D;
}

/** W = U diag(σ) Vᵀ with σ = 2r (sigmoid(p) − ½) + σ*: [n, n]. */
export function spectralMatrix(
  tf: Tensorflow,
  { u, v, p }: SpectralTensors,
  { radius, center }: Pick<ModelSpec, "radius" | "center">,
): Tensor2D {
  const offset = tf.sub(tf.sigmoid(p), 0.5);
  const sigma = tf.add(tf.mul(offset, 2 * radius), center);
  const rows = tf.mul(tf.reshape(sigma, [p.shape[0], 1]), tf.transpose(orthogonalMatrix(tf, v)));
  return applyReflectors(tf, u, rows as Tensor2D);
}

/**
 * A layer's W, [gates · n, n].
 * @param read a layer's parameter by its short name.
 */
export function transitionMatrix(tf: Tensorflow, spec: ModelSpec, read: (name: string) => Tensor): Tensor2D {
  if (spec.cell === "orthogonal") return orthogonalMatrix(tf, read("u") as Tensor2D);
  if (spec.cell !== "spectral") return read("W") as Tensor2D;
  const [u, v, p] = [read("u") as Tensor2D, read("v") as Tensor2D, read("p") as Tensor1D];
  return spectralMatrix(tf, { u, v, p }, spec);
}
