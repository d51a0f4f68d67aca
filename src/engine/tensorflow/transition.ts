/**
 * W of a spectral or orthogonal cell from TensorFlow.js operations, one reflector after the other, so that the tape
 * differentiates it. Slower than the fused engine's blocks, and independent of them.
 */
import type { ModelSpec } from "../engine.ts";
import type { Tensor, Tensor1D, Tensor2D, Tensorflow } from "./tensorflow.ts";

/**
 * What must be known of reflectors before the tape begins, for it is not to be differentiated.
 */
interface Stored {
  /** 1 where a coordinate is trained: not the leading zeros of row i, not the sign H_1. [m, n] */
  readonly trained: Tensor2D;
  /** The sign H_1 at its place, else 0. [m, n] */
  readonly fixed: Tensor2D;
  /** 1 for each reflector that is zero, and so the identity; added to its squared length. [m, 1] */
  readonly zero: Tensor2D;
}

/** Reads a model's reflectors, to be called outside of a gradient. The tensors belong to the caller's tidy. */
export function storedReflectors(tf: Tensorflow, reflectors: Tensor2D): Stored {
  const [m, n] = reflectors.shape;
  const values = reflectors.dataSync();
  const trained = new Float32Array(m * n);
  const fixed = new Float32Array(m * n);
  const zero = new Float32Array(m);
  for (let i = 0; i < m; i++) {
    let square = 0;
    for (let j = i; j < n; j++) {
      const at = i * n + j;
      if (i === n - 1) fixed[at] = values[at]!;
      else trained[at] = 1;
      square += values[at]! ** 2;
    }
    zero[i] = square === 0 ? 1 : 0;
  }
  return {
    trained: tf.tensor2d(trained, [m, n]),
    fixed: tf.tensor2d(fixed, [m, n]),
    zero: tf.tensor2d(zero, [m, 1]),
  };
}

/**
 * H_n(u_n) ⋯ H_{n−m+1}(u_{n−m+1}) X, where row i of the reflectors is u_{n−i}: X − 2 u (uᵀX) / ‖u‖² for each, the last
 * row first (Zhang, Lei & Dhillon, ICML 2018, equation 3).
 */
function applyReflectors(tf: Tensorflow, u: Tensor2D, stored: Stored, x: Tensor2D): Tensor2D {
  const rows = rowsOf(tf, tf.add(tf.mul(u, stored.trained), stored.fixed));
  const zeros = rowsOf(tf, stored.zero);
  let product = x;
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i]!;
    const square = tf.add(tf.sum(tf.square(row), 1, true), zeros[i]!);
    const along = tf.div(tf.mul(2, tf.matMul(row, product)), square);
    product = tf.sub(product, tf.matMul(row, along as Tensor2D, true, false));
  }
  return product;
}

/** The rows of a matrix, [1, columns] each. The gradient of `split` fails for one piece (TensorFlow.js 4.22). */
function rowsOf(tf: Tensorflow, matrix: Tensor2D): Tensor2D[] {
  return matrix.shape[0] === 1 ? [matrix] : tf.split(matrix, matrix.shape[0]);
}

/** What `transitionMatrix` needs of a layer that the tape does not see. */
export interface TransitionFrame {
  readonly u: Stored;
  readonly v: Stored | undefined;
  readonly identity: Tensor2D;
}

/** @param read a layer's parameter by its short name. */
export function transitionFrame(
  tf: Tensorflow,
  spec: ModelSpec,
  read: (name: string) => Tensor,
): TransitionFrame | undefined {
  if (spec.cell !== "spectral" && spec.cell !== "orthogonal") return undefined;
  return {
    u: storedReflectors(tf, read("u") as Tensor2D),
    v: spec.cell === "spectral" ? storedReflectors(tf, read("v") as Tensor2D) : undefined,
    identity: tf.eye(spec.hidden),
  };
}

/**
 * A layer's W, [gates · n, n]: the parameter itself, U (orthogonal), or U diag(σ) Vᵀ with
 * σ = 2r (sigmoid(p) − ½) + σ* (spectral).
 */
export function transitionMatrix(
  tf: Tensorflow,
  spec: ModelSpec,
  read: (name: string) => Tensor,
  frame: TransitionFrame | undefined,
): Tensor2D {
  if (!frame) return read("W") as Tensor2D;
  const u = read("u") as Tensor2D;
  if (!frame.v) return applyReflectors(tf, u, frame.u, frame.identity);
  const v = applyReflectors(tf, read("v") as Tensor2D, frame.v, frame.identity);
  const offset = tf.sub(tf.sigmoid(read("p") as Tensor1D), 0.5);
  const sigma = tf.add(tf.mul(offset, 2 * spec.radius), spec.center);
  const scaled = tf.mul(tf.reshape(sigma, [spec.hidden, 1]), tf.transpose(v)) as Tensor2D;
  return applyReflectors(tf, u, frame.u, scaled);
}
