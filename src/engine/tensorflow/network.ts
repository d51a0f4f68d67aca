/** The whole network over a batch: stacked layers, unrolled in time, from TensorFlow.js operations. */
import type { Batch, ModelSpec } from "../engine.ts";
import { type CellState, cellOf } from "./cells.ts";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensorflow } from "./tensorflow.ts";
import { transitionMatrix } from "./transition.ts";

/** Parameters by name. */
export type Parameters = ReadonlyMap<string, Tensor>;

/** Looks on while a batch goes through. */
export interface Watcher {
  /** Called with each h_t as it is made; what it returns takes its place. */
  state(layer: number, timestep: number, h: Tensor2D): Tensor2D;
  /** Called with what tells a layer's saturated units. */
  telling(layer: number, timestep: number, values: Tensor2D): void;
}

export interface Network {
  readonly tf: Tensorflow;
  readonly spec: ModelSpec;
}

/** A parameter of a layer by its short name. */
function layerReader(parameters: Parameters, layer: number): (name: string) => Tensor {
  return (name) => parameters.get(`layers.${layer}.${name}`)!;
}

/** [T, B, d] of a batch's [B, T, d]. */
export function timeMajorInputs({ tf, spec }: Network, batch: Batch): Tensor3D {
  const inputs = tf.tensor3d(batch.inputs, [batch.size, batch.length, spec.inputSize]);
  return tf.transpose(inputs, [1, 0, 2]);
}

/**
 * Runs the layers and the head.
 * @param inputs [T, B, d].
 * @returns the head's outputs: [B, outputs], or for classifyEach [T · B, outputs], timestep by timestep.
 */
export function runNetwork(
  { tf, spec }: Network,
  parameters: Parameters,
  inputs: Tensor3D,
  watcher?: Watcher,
): Tensor2D {
  const [length, batch] = inputs.shape;
  const n = spec.hidden;
  const cell = cellOf(tf, spec);
  let below: Tensor3D = inputs;
  let states: Tensor2D[] = [];
  for (let layer = 0; layer < spec.layers; layer++) {
    const read = layerReader(parameters, layer);
    const weights = {
      W: transitionMatrix(tf, spec, read),
      bHidden: spec.cell === "gru" ? (read("bHidden") as Tensor1D) : undefined,
    };
    const driven = drive(tf, below, read("M") as Tensor2D, read("b") as Tensor1D);
    let state: CellState = {
      h: tf.zeros([batch, n]),
      c: spec.cell === "lstm" ? tf.zeros([batch, n]) : undefined,
    };
    states = driven.map((input, t) => {
      const { h, c, telling } = cell(weights, input, state);
      watcher?.telling(layer, t, telling);
      state = { h: watcher ? watcher.state(layer, t, h) : h, c };
      return state.h;
    });
    if (layer + 1 < spec.layers) below = tf.stack(states) as Tensor3D;
  }
  const read =
    spec.head === "classifyEach"
      ? (tf.reshape(tf.stack(states), [length * batch, n]) as Tensor2D)
      : states.at(-1)!;
  const product = tf.matMul(read, parameters.get("head.W") as Tensor2D, false, true);
  return tf.add(product, parameters.get("head.b")!);
}

/** M x_t + b of every timestep, as one product: [B, gates · n] each. */
function drive(tf: Tensorflow, inputs: Tensor3D, M: Tensor2D, b: Tensor1D): Tensor2D[] {
  const [length, batch, d] = inputs.shape;
  const flat = tf.reshape(inputs, [length * batch, d]) as Tensor2D;
  const product = tf.add(tf.matMul(flat, M, false, true), b);
  // The gradient of `unstack` fails for one piece (TensorFlow.js 4.22).
  if (length === 1) return [product as Tensor2D];
  return tf.unstack(tf.reshape(product, [length, batch, M.shape[0]])) as Tensor2D[];
}
