/**
 * W of a spectral or orthogonal cell from TensorFlow.js operations, one reflector after the other, so that the tape
 * differentiates it. Slower than the fused engine's blocks, and independent of them.
 */
import type { Band } from "../../spectral/sigma.ts";
import type { ModelSpec } from "../engine.ts";
import { matrixShape } from "../parameters.ts";
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

/** The parameters of one spectral matrix: reflectors [m₁, rows] and [m₂, columns], and p [min(rows, columns)]. */
export interface SpectralTensors {
  readonly u: Tensor2D;
  readonly v: Tensor2D;
  readonly p: Tensor1D;
}

/** W = U diag(σ) Vᵀ with σ = 2r (sigmoid(p) − ½) + σ*: [rows, columns]. */
export function spectralMatrix(
  tf: Tensorflow,
  { u, v, p }: SpectralTensors,
  { radius, center }: Pick<Band, "radius" | "center">,
): Tensor2D {
  const offset = tf.sub(tf.sigmoid(p), 0.5);
  return fromSigma(tf, u, v, tf.add(tf.mul(offset, 2 * radius), center) as Tensor1D);
}

/** U diag(σ) Vᵀ, [rows, columns]. */
function fromSigma(tf: Tensorflow, u: Tensor2D, v: Tensor2D, sigma: Tensor1D): Tensor2D {
  const [rows, columns, count] = [u.shape[1], v.shape[1], sigma.shape[0]];
  const right = tf.slice(tf.transpose(orthogonalMatrix(tf, v)), [0, 0], [count, columns]);
  const scaled = tf.mul(tf.reshape(sigma, [count, 1]), right) as Tensor2D;
  const padded = count < rows ? tf.concat([scaled, tf.zeros([rows - count, columns])]) : scaled;
  return applyReflectors(tf, u, padded as Tensor2D);
}

/**
 * A layer's W, [gates · n, n]; of a feed-forward net's first layer [n, d].
 * @param read the layer's parameter by its short name.
 */
export function transitionMatrix(
  tf: Tensorflow,
  spec: ModelSpec,
  layer: number,
  read: (name: string) => Tensor,
): Tensor2D {
  const shape = matrixShape(spec, layer);
  if (spec.cell === "orthogonal" && shape.rows !== shape.columns)
    return fromSigma(
      tf,
      read("u") as Tensor2D,
      read("v") as Tensor2D,
      tf.ones([Math.min(shape.rows, shape.columns)]),
    );
  if (spec.cell === "orthogonal") return orthogonalMatrix(tf, read("u") as Tensor2D);
  if (spec.cell !== "spectral") return read("W") as Tensor2D;
  const [u, v, p] = [read("u") as Tensor2D, read("v") as Tensor2D, read("p") as Tensor1D];
  return spectralMatrix(tf, { u, v, p }, shape);
}
