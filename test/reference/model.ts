/** The whole network: stacked layers and a head, over a batch, one sequence at a time. */
import type { Batch, ModelSpec } from "../../src/engine/engine.ts";
import { parameterShapes } from "../../src/engine/parameters.ts";
import { activations } from "./activations.ts";
import { gruLayer } from "./cells/gru.ts";
import type { Disturbance, RecurrentLayer, Unrolled, Weights } from "./cells/layer.ts";
import { lstmLayer } from "./cells/lstm.ts";
import { rnnLayer } from "./cells/rnn.ts";
import { createHead, type Head, targetsPerSequence } from "./heads.ts";
import { orthogonalFrom, orthogonalGradient, spectralGradient, spectralMatrix } from "./householder.ts";
import { fromRows, type Matrix, norm, toRows, type Vector } from "./matrix.ts";

/** Parameters, gradients or optimizer state in double precision, by the names of `parameterShapes`, row-major. */
export type Doubles = Map<string, Float64Array>;

/** Changes h_t of one layer and sequence; see `Disturbance`. */
export type StateDisturbance = (sequence: number, layer: number, timestep: number, h: Vector) => Vector;

export interface Evaluation {
  /** Mean over the batch. */
  readonly loss: number;
  readonly metric: number;
  /** [B, outputSize] or [B, T, outputSize]. */
  readonly outputs: Float64Array;
}

export interface LayerMeasure {
  /** ‖∂ℓ_s/∂h_t‖₂ where ℓ_s is sequence s's own loss (the batch's loss is their mean): [T, B]. */
  readonly gradientNorm: Float64Array;
  /** Mean over batch and units: [T]. */
  readonly saturation: Float64Array;
}

export interface GradientEvaluation extends Evaluation {
  /** ∂(mean loss)/∂parameter. */
  readonly gradients: Doubles;
  readonly layers: readonly LayerMeasure[];
  /**
   * ∂ℓ_s/∂h_t of each layer, [layer][s][t][n]. The derivative is total: for a lower layer it includes the paths
   * through the layer above, for an lstm it holds c_t fixed (h_t is what is disturbed, not the cell's state).
   */
  readonly stateGradients: readonly (readonly Matrix[])[];
}

/** The transition matrix a layer's parameters stand for; [gates · n, n] for lstm and gru. */
export function transitionMatrix(spec: ModelSpec, parameters: Doubles, layer: number): Matrix {
  const read = reader(spec, parameters, layer);
  if (spec.cell === "spectral") return spectralMatrix(read("u"), read("v"), read("p")[0]!, spec);
  if (spec.cell === "orthogonal") return orthogonalFrom(read("u"));
  return read("W");
}

/** Parameters of a layer as rows; a vector is one row. */
function reader(spec: ModelSpec, parameters: Doubles, layer: number) {
  const shapes = new Map(parameterShapes(spec).map(({ name, shape }) => [name, shape]));
  return (suffix: string): Matrix => {
    const name = `layers.${layer}.${suffix}`;
    const [first, second] = shapes.get(name) as [number, number?];
    const values = parameters.get(name)!;
    return second === undefined ? toRows(values, 1, first) : toRows(values, first, second);
  };
}

function createLayer(spec: ModelSpec, parameters: Doubles, layer: number): RecurrentLayer {
  const read = reader(spec, parameters, layer);
  const weights: Weights = {
    W: transitionMatrix(spec, parameters, layer),
    M: read("M"),
    b: read("b")[0]!,
    ...(spec.cell === "gru" ? { bHidden: read("bHidden")[0]! } : {}),
  };
  if (spec.cell === "lstm") return lstmLayer(weights);
  if (spec.cell === "gru") return gruLayer(weights);
  return rnnLayer(weights, activations[spec.activation]);
}

interface Network {
  readonly layers: readonly RecurrentLayer[];
  readonly head: Head;
}

function createNetwork(spec: ModelSpec, parameters: Doubles): Network {
  return {
    layers: Array.from({ length: spec.layers }, (_, layer) => createLayer(spec, parameters, layer)),
    head: createHead(
      spec.head,
      toRows(parameters.get("head.W")!, spec.outputSize, spec.hidden),
      Array.from(parameters.get("head.b")!),
    ),
  };
}

function sequenceOf(spec: ModelSpec, batch: Batch, sequence: number) {
  const { inputs, targets, length } = batch;
  const values = length * spec.inputSize;
  const perSequence = targetsPerSequence(spec.head, spec.outputSize, length);
  return {
    inputs: toRows(inputs.subarray(sequence * values, (sequence + 1) * values), length, spec.inputSize),
    targets: targets.subarray(sequence * perSequence, (sequence + 1) * perSequence),
  };
}

function forward(
  network: Network,
  spec: ModelSpec,
  batch: Batch,
  sequence: number,
  disturb: StateDisturbance | undefined,
) {
  const { inputs, targets } = sequenceOf(spec, batch, sequence);
  const unrolled: Unrolled[] = [];
  let below = inputs;
  for (const [layer, cell] of network.layers.entries()) {
    const disturbLayer: Disturbance = (t, h) => (disturb ? disturb(sequence, layer, t, h) : h);
    unrolled.push(cell.forward(below, disturbLayer));
    below = unrolled[layer]!.states;
  }
  return { unrolled, result: network.head.forward(below, targets) };
}

/** Loss, metric and outputs of a batch. `disturb` changes states on the way, for finite differences. */
export function evaluate(
  spec: ModelSpec,
  parameters: Doubles,
  batch: Batch,
  disturb?: StateDisturbance,
): Evaluation {
  const network = createNetwork(spec, parameters);
  let loss = 0;
  let metric = 0;
  const outputs: number[] = [];
  for (let s = 0; s < batch.size; s++) {
    const { result } = forward(network, spec, batch, s, disturb);
    loss += result.loss / batch.size;
    metric += result.metric / batch.size;
    outputs.push(...result.outputs.flat());
  }
  return { loss, metric, outputs: Float64Array.from(outputs) };
}

/** `evaluate`, and the gradients by backpropagation through time. */
export function evaluateWithGradients(
  spec: ModelSpec,
  parameters: Doubles,
  batch: Batch,
): GradientEvaluation {
  const network = createNetwork(spec, parameters);
  const { size, length } = batch;
  let loss = 0;
  let metric = 0;
  const outputs: number[] = [];
  const stateGradients: Matrix[][] = network.layers.map(() => []);
  const layers = network.layers.map(() => ({
    gradientNorm: new Float64Array(length * size),
    saturation: new Float64Array(length),
  }));
  for (let s = 0; s < size; s++) {
    const { unrolled, result } = forward(network, spec, batch, s, undefined);
    loss += result.loss / size;
    metric += result.metric / size;
    outputs.push(...result.outputs.flat());
    let fromAbove = network.head.backward(unrolled.at(-1)!.states, result);
    for (let layer = unrolled.length - 1; layer >= 0; layer--) {
      const { toStates, toInputs } = unrolled[layer]!.backward(fromAbove);
      stateGradients[layer]!.push(toStates);
      for (let t = 0; t < length; t++) {
        layers[layer]!.gradientNorm[t * size + s] = norm(toStates[t]!);
        layers[layer]!.saturation[t]! += unrolled[layer]!.saturated[t]! / (size * spec.hidden);
      }
      fromAbove = toInputs;
    }
  }
  const gradients = collectGradients(spec, parameters, network, size);
  return { loss, metric, outputs: Float64Array.from(outputs), gradients, layers, stateGradients };
}

/** The layers' and head's summed gradients as gradients of the mean loss, by parameter. */
function collectGradients(spec: ModelSpec, parameters: Doubles, network: Network, size: number): Doubles {
  const gradients: Doubles = new Map();
  const put = (name: string, total: Matrix) =>
    gradients.set(
      name,
      fromRows(total).map((value) => value / size),
    );
  for (const [layer, { gradients: total }] of network.layers.entries()) {
    const read = reader(spec, parameters, layer);
    const prefix = `layers.${layer}.`;
    if (spec.cell === "spectral") {
      const pulled = spectralGradient(read("u"), read("v"), read("p")[0]!, spec, total.W);
      put(`${prefix}u`, pulled.u);
      put(`${prefix}v`, pulled.v);
      put(`${prefix}p`, [pulled.p]);
    } else if (spec.cell === "orthogonal") put(`${prefix}u`, orthogonalGradient(read("u"), total.W));
    else put(`${prefix}W`, total.W);
    put(`${prefix}M`, total.M);
    put(`${prefix}b`, [total.b]);
    if (total.bHidden) put(`${prefix}bHidden`, [total.bHidden]);
  }
  put("head.W", network.head.gradients.W);
  put("head.b", [network.head.gradients.b]);
  return gradients;
}
