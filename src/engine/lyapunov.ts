/**
 * Lyapunov exponents of a model's recurrence along a real sequence, layer by layer, and what the singular values of W
 * and the slopes of φ let one expect of them.
 *
 * Of h_t = φ(W h_{t−1} + M x_t + b) the Jacobian is diag(φ'(a_t)) W. Its singular values are not those of W: σ = 1
 * everywhere still lets gradients die where φ' < 1. The exponents are those of the product that backpropagation
 * multiplies by, so a gradient changes by about exp(λ₁) per timestep going back.
 *
 * In a stack each layer has exponents of its own, given its inputs: the whole stack's Jacobian is block triangular, so
 * its exponents are those of all layers together.
 */
import { defaultTransient, lyapunovExponents } from "../spectral/lyapunov.ts";
import type { ModelSpec, TensorMap } from "./engine.ts";
import { assertParameters, gateCount } from "./parameters.ts";
import { type Recurrence, recurrenceOf } from "./recurrence.ts";
import { spectrumOf } from "./singularValues.ts";

export interface LayerLyapunov {
  /** The leading k exponents in nats per timestep, descending: [k]. −Infinity for directions that die at once. */
  readonly exponents: Float64Array;
  /** How many there are: n; of an lstm, whose state is (h, c), 2n. */
  readonly stateSize: number;
  /** Timesteps that they are the mean over. */
  readonly timesteps: number;
  /**
   * ln σ_max + ln of the mean slope φ'(a): what λ₁ would be if the leading direction met the largest singular value at
   * every timestep and every unit had the mean slope. Null for lstm and gru, where no one W stands for the recurrence.
   */
  readonly expectedTop: number | null;
  /**
   * Mean of ln σ_i plus the mean over units and timesteps of ln φ'(a). The mean of all n exponents is exactly this, since
   * ln |det J_t| = Σ ln σ_i + Σ ln φ'(a_i). Null for lstm and gru.
   */
  readonly expectedMean: number | null;
}

export interface LyapunovOptions {
  /** Leading exponents of each layer; default: all. */
  readonly most?: number;
}

/** Whether a model has a recurrence to take exponents of: a feed-forward net has none. */
export function isRecurrent(spec: Pick<ModelSpec, "net">): boolean {
  return spec.net === undefined;
}

/**
 * Exponents of every layer along one sequence, from h_0 = 0.
 *
 * O(k · gates · n² · T) a layer, so off the hot path. Deterministic, to the bit.
 *
 * @param inputs [T, d], or [T] symbols where the spec has a vocabulary.
 * @throws Error for a feed-forward net, a missing parameter, and numbers that are not finite, naming where.
 */
export function lyapunovOf(
  spec: ModelSpec,
  parameters: TensorMap,
  inputs: Float32Array,
  options: LyapunovOptions = {},
): LayerLyapunov[] {
  assertParameters(spec, parameters);
  if (!isRecurrent(spec)) throw new Error(`a ${spec.net} has no recurrence, and so no Lyapunov exponents`);
  const length = inputs.length / spec.inputSize;
  if (!(Number.isInteger(length) && length >= 1))
    throw new Error(`${inputs.length} inputs are no timesteps of ${spec.inputSize} values`);
  const spectra = spectrumOf(spec, parameters);
  const gated = spec.cell === "lstm" || spec.cell === "gru";
  let drive = firstDrive(spec, parameters, inputs);
  return Array.from({ length: spec.layers }, (_, layer) => {
    const recurrence = recurrenceOf(spec, parameters, layer);
    const walk = along(recurrence, drive, spec, layer, length, options);
    drive = dense(spec, parameters, layer + 1, walk.states);
    const { exponents, slope, logSlope } = walk;
    const sigma = gated ? undefined : spectra[layer]!.W!;
    return {
      exponents,
      stateSize: recurrence.stateSize,
      timesteps: length - defaultTransient(length),
      expectedTop: sigma ? Math.log(sigma[0]!) + Math.log(slope) : null,
      expectedMean: sigma ? mean(sigma.map(Math.log)) + logSlope : null,
    };
  });
}

/** M x_t + b of a layer at timestep index t, written to an array [gates · n]. */
type Drive = (t: number, out: Float64Array) => void;

interface Walk {
  readonly exponents: Float64Array;
  /** h_t: [T, n]. */
  readonly states: Float64Array;
  /** Mean over units and counted timesteps of φ', and of ln φ'; NaN for gated cells. */
  readonly slope: number;
  readonly logSlope: number;
}

function along(
  recurrence: Recurrence,
  drive: Drive,
  spec: ModelSpec,
  layer: number,
  length: number,
  { most = Number.POSITIVE_INFINITY }: LyapunovOptions,
): Walk {
  const { stateSize, h, slopes } = recurrence;
  const n = spec.hidden;
  const states = new Float64Array(length * n);
  const driven = new Float64Array(gateCount(spec) * n);
  const transient = defaultTransient(length);
  let [slope, logSlope] = [0, 0];
  const exponents = lyapunovExponents({
    size: stateSize,
    count: Math.min(stateSize, most),
    steps: length,
    transient,
    apply: (t, frame) => {
      drive(t, driven);
      recurrence.advance(driven);
      const bad = h.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0)
        throw new Error(`layer ${layer}: unit ${bad} is ${h[bad]} at timestep ${t + 1} of the sequence`);
      states.set(h, t * n);
      if (slopes && t >= transient)
        for (let i = 0; i < n; i++) {
          slope += slopes[i]!;
          logSlope += Math.log(slopes[i]!);
        }
      recurrence.multiply(frame);
    },
  });
  const count = slopes ? n * (length - transient) : 0;
  return { exponents, states, slope: slope / count, logSlope: logSlope / count };
}

/** What drives the lowest layer: numbers, or symbols, which are one-hot or looked up in the embedding. */
function firstDrive(spec: ModelSpec, parameters: TensorMap, inputs: Float32Array): Drive {
  if (spec.vocabulary === undefined) return dense(spec, parameters, 0, Float64Array.from(inputs));
  const { vocabulary } = spec;
  const bad = inputs.find((symbol) => !(Number.isInteger(symbol) && symbol >= 0 && symbol < vocabulary));
  if (bad !== undefined) throw new Error(`${bad} is no symbol: there are 0 … ${vocabulary - 1}`);
  if (spec.embedding !== undefined) {
    const rows = parameters.get("embedding.W")!.data;
    const n = spec.hidden;
    const embedded = new Float64Array(inputs.length * n);
    for (const [t, symbol] of inputs.entries())
      embedded.set(rows.subarray(symbol * n, (symbol + 1) * n), t * n);
    return dense(spec, parameters, 0, embedded);
  }
  const m = parameters.get("layers.0.M")!.data;
  const b = parameters.get("layers.0.b")!.data;
  return (t, out) => {
    for (let i = 0; i < out.length; i++) out[i] = b[i]! + m[i * vocabulary + inputs[t]!]!;
  };
}

/** @param inputs of all timesteps: [T, d]. */
function dense(spec: ModelSpec, parameters: TensorMap, layer: number, inputs: Float64Array): Drive {
  if (layer === spec.layers) return () => {};
  const m = parameters.get(`layers.${layer}.M`)!;
  const b = parameters.get(`layers.${layer}.b`)!.data;
  const columns = m.shape[1]!;
  return (t, out) => {
    for (let i = 0; i < out.length; i++) {
      let sum = b[i]!;
      for (let k = 0; k < columns; k++) sum += m.data[i * columns + k]! * inputs[t * columns + k]!;
      out[i] = sum;
    }
  };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
