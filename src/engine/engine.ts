/**
 * The interface between the trainer and whatever computes: the fused WebAssembly engine and TensorFlow.js.
 *
 * Tensors that cross this border are dense, row-major and live in ordinary memory; how an engine packs or pads
 * them is its own affair.
 */
import type { ActivationName, CellName, NetName } from "../experiment/schema.ts";

/** A named dense array in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Parameters or optimizer state by name, e.g. `layers.0.W`, `head.b`. See `parameters.ts` for the names. */
export type TensorMap = Map<string, Tensor>;

/**
 * What the last layer's states are read for.
 * - `classifyLast`: class logits from h_T; mean softmax cross-entropy over the batch.
 * - `regressLast`: numbers from h_T; mean squared error over batch and outputs.
 * - `classifyEach`: class logits from every h_t; mean softmax cross-entropy over batch and timesteps.
 */
export type HeadName = "classifyLast" | "regressLast" | "classifyEach";

export interface ModelSpec {
  readonly cell: CellName;
  /**
   * Absent: "recurrent". The others are feed-forward, of sequences of one timestep: h_1 = φ(W_1 x + b_1), and then
   * h_l = φ(W_l h_{l−1} + b_l) of an mlp, h_l = h_{l−1} + φ(W_l h_{l−1} + b_l) of a resnet. W_l is dense for the cell
   * rnn, U diag(σ) Vᵀ for spectral and orthogonal; the first, [n, d], with as many reflectors as express any matrix.
   */
  readonly net?: Exclude<NetName, "recurrent">;
  /** Input size d: values per timestep. 1 where inputs are symbols. */
  readonly inputSize: number;
  /** V, where each input is the whole number of a symbol, 0 … V − 1: one-hot for the first layer, or looked up. */
  readonly vocabulary?: number;
  /** Symbols are looked up in a matrix [V, n]; "tied": it is head.W as well, so that outputSize is V. */
  readonly embedding?: "tied" | "free";
  /** Hidden size n. */
  readonly hidden: number;
  /** Stacked recurrent layers; of a feed-forward net its depth. */
  readonly layers: number;
  /** φ of rnn, spectral and orthogonal; lstm and gru always use sigmoid and tanh. */
  readonly activation: ActivationName;
  /** Outputs of the head: classes, or numbers. */
  readonly outputSize: number;
  readonly head: HeadName;
  /** [m₁, m₂], reflectors of U and V; for spectral (both) and orthogonal (m₁). 1 ≤ m ≤ hidden. */
  readonly reflectors: readonly [number, number];
  /** r and σ*: the band of singular values of a spectral cell is (center − radius, center + radius). */
  readonly radius: number;
  readonly center: number;
}

export interface OptimizerSettings {
  readonly optimizer: "adam" | "rmsprop" | "sgd";
  /** Momentum of sgd. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** Global L2 norm to clip to, or undefined. */
  readonly clipNorm: number | undefined;
  /**
   * Symbols that a step's softmax is taken over, of a model with an embedding: those of the batch and a sample of the
   * rest (Jean et al. 2015). Absent: all.
   */
  readonly sampledSoftmax?: number;
}

/** What sequences hand on to the ones that continue them: h_T, and c_T of an lstm, [layers, B, n] each. */
export interface States {
  readonly h: Float32Array;
  readonly c: Float32Array | undefined;
}

/** B sequences of T timesteps. */
export interface Batch {
  /** B. */
  readonly size: number;
  /** T. */
  readonly length: number;
  /** [B, T, d]. */
  readonly inputs: Float32Array;
  /** classifyLast: Int32Array [B]; regressLast: Float32Array [B, outputSize]; classifyEach: Int32Array [B, T]. */
  readonly targets: Int32Array | Float32Array;
  /** h_0 and c_0; absent: zero. Gradients do not flow back through them. */
  readonly initial?: States;
}

/**
 * What one recorded step measures of one recurrent layer; or of a whole feed-forward net, whose layers take the place
 * of timesteps: T is then its depth.
 */
export interface LayerProbe {
  /** ‖∂L/∂h_t‖₂ of each sequence, where L is the mean loss over the batch times B, i.e. per sequence: [T, B]. */
  readonly gradientNorm: Float32Array;
  /** Share of units that are saturated (tanh: |h| > 0.975; lstm: of tanh(c); gru: of the candidate) or dead (relu, leakyRelu: output ≤ 0) at each timestep: [T]. identity: zeros. */
  readonly saturation: Float32Array;
}

export interface ParameterProbe {
  readonly name: string;
  /** L2 norm of the gradient of the mean loss, before clipping. */
  readonly gradientNorm: number;
  /** ‖update‖₂ / ‖parameter before it‖₂ (0 when both are 0). */
  readonly updateRatio: number;
}

export interface StepProbe {
  readonly layers: readonly LayerProbe[];
  readonly parameters: readonly ParameterProbe[];
}

export interface StepResult {
  /** Mean loss over the batch, before the update. */
  readonly loss: number;
  /** classifyLast, classifyEach: share of correct predictions, 0 … 1; regressLast: mean squared error. */
  readonly metric: number;
  /** Global L2 norm of the gradient of the mean loss, before clipping and after. */
  readonly gradientNorm: number;
  readonly clippedGradientNorm: number;
  /** True when loss and global gradient norm are finite; when false, no parameter was changed. */
  readonly finite: boolean;
  /** Present when asked for. */
  readonly probe: StepProbe | undefined;
  /** h_T and c_T where the batch has `initial` states. */
  readonly final?: States;
}

export interface EvaluationResult {
  readonly loss: number;
  readonly metric: number;
  /** h_T and c_T where the batch has `initial` states. */
  readonly final?: States;
}

/** A model with its optimizer, in an engine. */
export interface Model {
  readonly spec: ModelSpec;
  /** Copies of the parameters. */
  getParameters(): TensorMap;
  /** Copies of the optimizer's state: `m.<parameter>`, `v.<parameter>` (as the optimizer needs) and `t.<parameter>` (steps taken; shape []). */
  getOptimizerState(): TensorMap;
  /** One forward and backward pass and one update. */
  trainStep(batch: Batch, learningRate: number, probe: boolean): StepResult;
  /** Gradients of the mean loss without an update; for tests and switching. */
  gradients(batch: Batch): { loss: number; gradients: TensorMap; layers: readonly LayerProbe[] };
  evaluate(batch: Batch): EvaluationResult;
  /** Head outputs: [B, outputSize], or [B, T, outputSize] for classifyEach. */
  predict(batch: Batch): Float32Array;
  dispose(): void;
}

export interface Engine {
  readonly name: "fused" | "tensorflow";
  /** For people: the build and threads in use. */
  readonly description: string;
  /**
   * @param parameters values for every parameter that `parameterShapes(spec)` names.
   * @param optimizerState state to go on from; what is missing starts at zero.
   */
  createModel(
    spec: ModelSpec,
    optimizer: OptimizerSettings,
    parameters: TensorMap,
    optimizerState?: TensorMap,
  ): Model;
  dispose(): Promise<void>;
}
