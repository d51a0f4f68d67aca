/** The whole network over a batch: stacked layers, unrolled in time, from TensorFlow.js operations. */
import type { Batch, ModelSpec } from "../engine.ts";
import { isDeep, layerInputs } from "../parameters.ts";
import type { Candidates } from "../sampledSoftmax.ts";
import { activationOf, type CellState, cellOf } from "./cells.ts";
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

/** Inputs of one batch, and where its sequences begin. */
export interface NetworkInputs {
  /** [T, B, d]; of symbols [T, B, 1]. */
  readonly sequences: Tensor3D;
  /** Of each layer; undefined: zero. */
  readonly initial: readonly CellState[] | undefined;
  /** The classes that outputs are wanted of; absent: all. */
  readonly candidates?: Candidates | undefined;
}

/** A batch as tensors. */
export function inputsOf(network: Network, batch: Batch): NetworkInputs {
  return { sequences: timeMajorInputs(network, batch), initial: initialStates(network, batch) };
}

function initialStates({ tf, spec }: Network, { size, initial }: Batch): CellState[] | undefined {
  if (!initial) return undefined;
  const { hidden, layers } = spec;
  const read = (values: Float32Array, layer: number): Tensor2D => {
    const from = layer * size * hidden;
    return tf.tensor2d(values.slice(from, from + size * hidden), [size, hidden]);
  };
  return Array.from({ length: layers }, (_, layer) => ({
    h: read(initial.h, layer),
    c: initial.c && read(initial.c, layer),
  }));
}

/** [T, B, d] of a batch's [B, T, d]. */
function timeMajorInputs({ tf, spec }: Network, batch: Batch): Tensor3D {
  const inputs = tf.tensor3d(batch.inputs, [batch.size, batch.length, spec.inputSize]);
  return tf.transpose(inputs, [1, 0, 2]);
}

/** What the first layer reads, [T, B, d]: numbers as they are, symbols one-hot or looked up. */
function firstInputs({ tf, spec }: Network, parameters: Parameters, sequences: Tensor3D): Tensor3D {
  if (spec.vocabulary === undefined) return sequences;
  const [length, batch] = sequences.shape;
  const symbols = tf.cast(tf.reshape(sequences, [length * batch]), "int32") as Tensor1D;
  const chosen = tf.cast(tf.oneHot(symbols, spec.vocabulary), "float32") as Tensor2D;
  // A product, where `gather` would do: its gradient needs a kernel that the WebAssembly backend lacks (4.22).
  const rows =
    spec.embedding === undefined ? chosen : tf.matMul(chosen, parameters.get("embedding.W") as Tensor2D);
  return tf.reshape(rows, [length, batch, layerInputs(spec, 0)]) as Tensor3D;
}

/** What a batch leaves behind. */
export interface NetworkOutputs {
  /** [B, outputs], or for classifyEach [T · B, outputs], timestep by timestep. */
  readonly outputs: Tensor2D;
  /** h_T and c_T of each layer; none of a feed-forward net. */
  readonly final: readonly CellState[];
}

/** Runs the layers and the head. */
export function runNetwork(
  network: Network,
  parameters: Parameters,
  inputs: NetworkInputs,
  watcher?: Watcher,
): NetworkOutputs {
  const { tf, spec } = network;
  const { states, final } = isDeep(spec)
    ? runDeepLayers(network, parameters, inputs, watcher)
    : runRecurrentLayers(network, parameters, inputs, watcher);
  const [length, batch] = inputs.sequences.shape;
  const read =
    spec.head === "classifyEach"
      ? (tf.reshape(tf.stack([...states]), [length * batch, spec.hidden]) as Tensor2D)
      : states.at(-1)!;
  const weights = parameters.get(spec.embedding === "tied" ? "embedding.W" : "head.W") as Tensor2D;
  const biases = parameters.get("head.b") as Tensor1D;
  const head = inputs.candidates
    ? candidateHead(tf, spec, inputs.candidates, weights, biases)
    : { weights, biases };
  const product = tf.matMul(read, head.weights, false, true);
  return { outputs: tf.add(product, head.biases), final };
}

/** The head's rows of some classes, as products, for the reason that `firstInputs` gives. */
function candidateHead(
  tf: Tensorflow,
  spec: ModelSpec,
  { classes, shift }: Candidates,
  weights: Tensor2D,
  biases: Tensor1D,
): { weights: Tensor2D; biases: Tensor } {
  const chosen = tf.cast(tf.oneHot(tf.tensor1d(classes, "int32"), spec.outputSize), "float32") as Tensor2D;
  const own = tf.reshape(tf.matMul(chosen, tf.reshape(biases, [spec.outputSize, 1])), [classes.length]);
  return { weights: tf.matMul(chosen, weights), biases: tf.add(own, tf.tensor1d(shift)) };
}

interface TopStates {
  /** h_t of the last layer. */
  readonly states: readonly Tensor2D[];
  readonly final: readonly CellState[];
}

function runRecurrentLayers(
  network: Network,
  parameters: Parameters,
  { sequences, initial }: NetworkInputs,
  watcher: Watcher | undefined,
): TopStates {
  const { tf, spec } = network;
  const batch = sequences.shape[1];
  const n = spec.hidden;
  const cell = cellOf(tf, spec);
  const final: CellState[] = [];
  let below = firstInputs(network, parameters, sequences);
  let states: Tensor2D[] = [];
  for (let layer = 0; layer < spec.layers; layer++) {
    const read = layerReader(parameters, layer);
    const weights = {
      W: transitionMatrix(tf, spec, layer, read),
      bHidden: spec.cell === "gru" ? (read("bHidden") as Tensor1D) : undefined,
    };
    const driven = drive(tf, below, read("M") as Tensor2D, read("b") as Tensor1D);
    let state: CellState = initial?.[layer] ?? {
      h: tf.zeros([batch, n]),
      c: spec.cell === "lstm" ? tf.zeros([batch, n]) : undefined,
    };
    states = driven.map((input, t) => {
      const { h, c, telling } = cell(weights, input, state);
      watcher?.telling(layer, t, telling);
      state = { h: watcher ? watcher.state(layer, t, h) : h, c };
      return state.h;
    });
    final.push(state);
    if (layer + 1 < spec.layers) below = tf.stack(states) as Tensor3D;
  }
  return { states, final };
}

/** h_l = φ(W_l h_{l−1} + b_l), with h_{l−1} added after the first layer of a resnet. */
function runDeepLayers(
  network: Network,
  parameters: Parameters,
  { sequences }: NetworkInputs,
  watcher: Watcher | undefined,
): TopStates {
  const { tf, spec } = network;
  const phi = activationOf(tf, spec.activation);
  const inputs = firstInputs(network, parameters, sequences);
  let h = tf.reshape(inputs, [inputs.shape[1], inputs.shape[2]]) as Tensor2D;
  for (let layer = 0; layer < spec.layers; layer++) {
    const read = layerReader(parameters, layer);
    const W = transitionMatrix(tf, spec, layer, read);
    const f = phi(tf.add(tf.matMul(h, W, false, true), read("b")));
    watcher?.telling(layer, 0, f);
    const next: Tensor2D = spec.net === "resnet" && layer > 0 ? tf.add(h, f) : f;
    h = watcher ? watcher.state(layer, 0, next) : next;
  }
  return { states: [h], final: [] };
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
