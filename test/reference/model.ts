/** The whole network: stacked layers and a head, over a batch, one sequence at a time. */
import type { Batch, ModelSpec, States } from "../../src/engine/engine.ts";
import { isDeep, matrixShape, parameterShapes } from "../../src/engine/parameters.ts";
import { activations } from "./activations.ts";
import { denseLayer } from "./cells/dense.ts";
import { gruLayer } from "./cells/gru.ts";
import type { CellState, Disturbance, RecurrentLayer, Unrolled, Weights } from "./cells/layer.ts";
import { lstmLayer } from "./cells/lstm.ts";
import { rnnLayer } from "./cells/rnn.ts";
import { createHead, type Head, targetsPerSequence } from "./heads.ts";
import { orthogonalFrom, orthogonalGradient, spectralGradient, spectralMatrix } from "./householder.ts";
import { addTo, fromRows, type Matrix, norm, toRows, type Vector, zeroMatrix, zeroVector } from "./matrix.ts";

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
  /** h_T and c_T of each layer and sequence, [layer][s]. */
  readonly final: readonly (readonly CellState[])[];
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
  const shape = matrixShape(spec, layer);
  if (spec.cell === "spectral") return spectralMatrix(read("u"), read("v"), read("p")[0]!, shape);
  if (spec.cell === "orthogonal" && shape.rows !== shape.columns)
    return spectralMatrix(read("u"), read("v"), undefined, shape);
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
  if (isDeep(spec)) {
    const weights = { W: transitionMatrix(spec, parameters, layer), b: read("b")[0]! };
    return denseLayer(weights, activations[spec.activation], spec.net === "resnet" && layer > 0);
  }
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
  /** Rows that symbols are looked up in, with the gradient that they have had so far. */
  readonly embedding: { readonly rows: Matrix; readonly gradient: Matrix } | undefined;
}

function createNetwork(spec: ModelSpec, parameters: Doubles): Network {
  const table = parameters.get("embedding.W");
  const rows = table && toRows(table, spec.vocabulary!, spec.hidden);
  const headWeights = spec.embedding === "tied" ? table! : parameters.get("head.W")!;
  return {
    embedding: rows && { rows, gradient: zeroMatrix(spec.vocabulary!, spec.hidden) },
    layers: Array.from({ length: spec.layers }, (_, layer) => createLayer(spec, parameters, layer)),
    head: createHead(
      spec.head,
      toRows(headWeights, spec.outputSize, spec.hidden),
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
  const symbols = spec.vocabulary === undefined ? undefined : inputs.map(([symbol]) => symbol!);
  let below = symbols
    ? symbols.map((symbol) => network.embedding?.rows[symbol] ?? oneHot(symbol, spec.vocabulary!))
    : inputs;
  for (const [layer, cell] of network.layers.entries()) {
    const disturbLayer: Disturbance = (t, h) => (disturb ? disturb(sequence, layer, t, h) : h);
    const begin = batch.initial && stateOf(spec, batch.initial, batch.size, layer, sequence);
    unrolled.push(cell.forward(below, disturbLayer, begin));
    below = unrolled[layer]!.states;
  }
  return { unrolled, symbols, result: network.head.forward(below, targets) };
}

function oneHot(symbol: number, size: number): Vector {
  const x = zeroVector(size);
  x[symbol] = 1;
  return x;
}

function stateOf(
  { hidden }: ModelSpec,
  { h, c }: States,
  size: number,
  layer: number,
  sequence: number,
): CellState {
  const from = (layer * size + sequence) * hidden;
  const read = (values: Float32Array) => Array.from(values.subarray(from, from + hidden));
  return { h: read(h), c: c && read(c) };
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
  const final: CellState[][] = network.layers.map(() => []);
  for (let s = 0; s < batch.size; s++) {
    const { result, unrolled } = forward(network, spec, batch, s, disturb);
    for (const [layer, { final: end }] of unrolled.entries()) final[layer]!.push(end);
    loss += result.loss / batch.size;
    metric += result.metric / batch.size;
    outputs.push(...result.outputs.flat());
  }
  return { loss, metric, outputs: Float64Array.from(outputs), final };
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
  const final: CellState[][] = network.layers.map(() => []);
  const stateGradients: Matrix[][] = network.layers.map(() => []);
  const layers = network.layers.map(() => ({
    gradientNorm: new Float64Array(length * size),
    saturation: new Float64Array(length),
  }));
  for (let s = 0; s < size; s++) {
    const { unrolled, symbols, result } = forward(network, spec, batch, s, undefined);
    for (const [layer, { final: end }] of unrolled.entries()) final[layer]!.push(end);
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
    // What is left has reached the first layer's inputs.
    symbols?.forEach((symbol, t) => {
      if (network.embedding) addTo(network.embedding.gradient[symbol]!, fromAbove[t]!);
    });
  }
  const gradients = collectGradients(spec, parameters, network, size);
  return {
    loss,
    metric,
    outputs: Float64Array.from(outputs),
    final,
    gradients,
    layers: isDeep(spec) ? [byDepth(layers, size)] : layers,
    stateGradients,
  };
}

/** The layers of a feed-forward net as timesteps of one. */
function byDepth(layers: readonly LayerMeasure[], size: number): LayerMeasure {
  return {
    gradientNorm: Float64Array.from(
      layers.flatMap(({ gradientNorm }) => Array.from(gradientNorm.subarray(0, size))),
    ),
    saturation: Float64Array.from(layers, ({ saturation }) => saturation[0]!),
  };
}

/** The layers' and head's summed gradients as gradients of the mean loss, by parameter. */
function collectGradients(spec: ModelSpec, parameters: Doubles, network: Network, size: number): Doubles {
  const gradients: Doubles = new Map();
  const put = (name: string, total: Matrix) =>
    gradients.set(
      name,
      fromRows(total).map((value) => value / size),
    );
  const { embedding } = network;
  if (embedding) {
    if (spec.embedding === "tied")
      for (const [symbol, row] of embedding.gradient.entries()) addTo(row, network.head.gradients.W[symbol]!);
    put("embedding.W", embedding.gradient);
  }
  for (const [layer, { gradients: total }] of network.layers.entries()) {
    const read = reader(spec, parameters, layer);
    const prefix = `layers.${layer}.`;
    if (spec.cell === "spectral") {
      const pulled = spectralGradient(read("u"), read("v"), read("p")[0]!, matrixShape(spec, layer), total.W);
      put(`${prefix}u`, pulled.u);
      put(`${prefix}v`, pulled.v);
      put(`${prefix}p`, [pulled.p]);
    } else if (spec.cell === "orthogonal" && isDeep(spec) && layer === 0 && parameters.has(`${prefix}v`)) {
      const pulled = spectralGradient(read("u"), read("v"), undefined, matrixShape(spec, layer), total.W);
      put(`${prefix}u`, pulled.u);
      put(`${prefix}v`, pulled.v);
    } else if (spec.cell === "orthogonal") put(`${prefix}u`, orthogonalGradient(read("u"), total.W));
    else put(`${prefix}W`, total.W);
    if (!isDeep(spec)) put(`${prefix}M`, total.M);
    put(`${prefix}b`, [total.b]);
    if (total.bHidden) put(`${prefix}bHidden`, [total.bHidden]);
  }
  if (spec.embedding !== "tied") put("head.W", network.head.gradients.W);
  put("head.b", [network.head.gradients.b]);
  return gradients;
}
