/** The recurrent cells, one timestep each, from TensorFlow.js operations. Formulas as in `parameters.ts`. */
import type { ActivationName } from "../../experiment/schema.ts";
import type { ModelSpec } from "../engine.ts";
import type { Tensor1D, Tensor2D, Tensorflow } from "./tensorflow.ts";

/** A layer's weights as its cell uses them. */
export interface CellWeights {
  /** [gates · n, n] */
  readonly W: Tensor2D;
  /** The gru's, of its candidate: [n]. */
  readonly bHidden: Tensor1D | undefined;
}

/** What goes from one timestep to the next: [B, n] each. */
export interface CellState {
  readonly h: Tensor2D;
  /** The lstm's. */
  readonly c: Tensor2D | undefined;
}

export interface CellStep extends CellState {
  /** What tells whether a unit is saturated: h, or tanh(c) of an lstm, or the candidate of a gru. */
  readonly telling: Tensor2D;
}

/** One timestep. @param input M x_t + b: [B, gates · n]. */
export type Cell = (weights: CellWeights, input: Tensor2D, state: CellState) => CellStep;

/** Slope of leakyRelu below zero. */
const leak = 0.01;

/** φ by name. */
export function activationOf(tf: Tensorflow, name: ActivationName): (x: Tensor2D) => Tensor2D {
  switch (name) {
    case "tanh":
      return (x) => tf.tanh(x);
    case "relu":
      return (x) => tf.relu(x);
    case "leakyRelu":
      return (x) => tf.leakyRelu(x, leak);
    case "identity":
      return (x) => x;
  }
}

export function cellOf(tf: Tensorflow, spec: ModelSpec): Cell {
  if (spec.cell === "lstm") return lstm(tf);
  if (spec.cell === "gru") return gru(tf);
  const phi = activationOf(tf, spec.activation);
  return ({ W }, input, { h }) => {
    const next = phi(tf.add(tf.matMul(h, W, false, true), input));
    return { h: next, c: undefined, telling: next };
  };
}

function lstm(tf: Tensorflow): Cell {
  return ({ W }, input, { h, c }) => {
    const gates = tf.split(tf.add(tf.matMul(h, W, false, true), input) as Tensor2D, 4, 1);
    const [i, f, g, o] = gates as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const kept = tf.mul(tf.sigmoid(f), c!);
    const next = tf.add(kept, tf.mul(tf.sigmoid(i), tf.tanh(g))) as Tensor2D;
    const telling = tf.tanh(next);
    return { h: tf.mul(tf.sigmoid(o), telling), c: next, telling };
  };
}

function gru(tf: Tensorflow): Cell {
  return ({ W, bHidden }, input, { h }) => {
    const [wr, wz, wn] = tf.split(tf.matMul(h, W, false, true), 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const [xr, xz, xn] = tf.split(input, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const r = tf.sigmoid(tf.add(wr, xr));
    const z = tf.sigmoid(tf.add(wz, xz));
    const candidate = tf.tanh(tf.add(xn, tf.mul(r, tf.add(wn, bHidden!)))) as Tensor2D;
    // (1 − z) ⊙ candidate + z ⊙ h, in one product less.
    const next = tf.add(candidate, tf.mul(z, tf.sub(h, candidate))) as Tensor2D;
    return { h: next, c: undefined, telling: candidate };
  };
}
