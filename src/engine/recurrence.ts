/**
 * One recurrent layer in double precision, a timestep at a time, with its Jacobian ∂s_t/∂s_{t−1} along the way. It is
 * what the engines compute (up to their rounding), for looking at a trained model and not for training.
 *
 * The state s is h, [n]; of an lstm (h, c), [2n]. Gate order as in `parameters.ts`.
 */
import type { ActivationName } from "../experiment/schema.ts";
import { materializeOrthogonal } from "../spectral/orthogonal.ts";
import { materialize } from "../spectral/spectral.ts";
import type { ModelSpec, TensorMap } from "./engine.ts";
import { gateCount } from "./parameters.ts";

/** A layer's walk along a sequence, from s_0 = 0. */
export interface Recurrence {
  /** n, or 2n of an lstm. */
  readonly stateSize: number;
  /** h_t of the newest timestep: [n]; changed by `advance`. */
  readonly h: Float64Array;
  /** φ'(a_t) of the newest timestep: [n]; absent for lstm and gru. */
  readonly slopes?: Float64Array;
  /** Goes on by one timestep. @param drive M x_t + b: [gates · n]. */
  advance(drive: Float64Array): void;
  /** Replaces each vector v of a frame [count, stateSize] by J_t v, J_t = ∂s_t/∂s_{t−1} at the newest timestep. */
  multiply(frame: Float64Array): void;
}

/** @throws Error when an array's length does not fit the spec; see `assertParameters`. */
export function recurrenceOf(spec: ModelSpec, parameters: TensorMap, layer: number): Recurrence {
  const w = transitionOf(spec, parameters, layer);
  if (spec.cell === "lstm") return lstm(w, spec.hidden);
  if (spec.cell === "gru")
    return gru(w, spec.hidden, Float64Array.from(parameters.get(`layers.${layer}.bHidden`)!.data));
  return plain(w, spec.hidden, spec.activation);
}

/** W in double precision: [gates · n, n]. */
function transitionOf(spec: ModelSpec, parameters: TensorMap, layer: number): Float64Array {
  const { hidden: n, reflectors, radius, center } = spec;
  const values = (name: string) => Float64Array.from(parameters.get(`layers.${layer}.${name}`)!.data);
  if (spec.cell === "spectral")
    return materialize(
      { rows: n, columns: n, reflectors, radius, center },
      { u: values("u"), v: values("v"), p: values("p") },
    );
  if (spec.cell === "orthogonal")
    return materializeOrthogonal({ size: n, reflectors: reflectors[0] }, values("u"));
  const w = values("W");
  if (w.length !== gateCount(spec) * n * n)
    throw new Error(
      `layers.${layer}.W has ${w.length} values; a ${spec.cell} of ${n} units has ${gateCount(spec) * n * n}`,
    );
  return w;
}

/** Slope of leakyRelu below 0. */
const leak = 0.01;

interface Activation {
  readonly value: (a: number) => number;
  /** At the kink of relu and leakyRelu the derivative from the left, as in the engines. */
  readonly slope: (a: number) => number;
}

/** φ and φ'. sech² keeps its digits where 1 − tanh² has none left: at |a| = 20 it is 1.7e-17, not 0. */
const activations: Readonly<Record<ActivationName, Activation>> = {
  tanh: { value: Math.tanh, slope: sechSquared },
  relu: { value: (a) => Math.max(a, 0), slope: (a) => (a > 0 ? 1 : 0) },
  leakyRelu: { value: (a) => (a > 0 ? a : leak * a), slope: (a) => (a > 0 ? 1 : leak) },
  identity: { value: (a) => a, slope: () => 1 },
};

function sechSquared(a: number): number {
  const decay = Math.exp(-2 * Math.abs(a));
  return (4 * decay) / ((1 + decay) * (1 + decay));
}

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
/** Its derivative, without cancellation for large a. */
function sigmoidSlope(a: number): number {
  const decay = Math.exp(-Math.abs(a));
  return decay / ((1 + decay) * (1 + decay));
}

/** rnn, spectral, orthogonal: h_t = φ(a_t), a_t = W h_{t−1} + M x_t + b; J_t = diag(φ'(a_t)) W. */
function plain(w: Float64Array, n: number, activation: ActivationName): Recurrence {
  const { value, slope } = activations[activation];
  const h = new Float64Array(n);
  const slopes = new Float64Array(n);
  const times = multiplier(w, n, n);
  return {
    stateSize: n,
    h,
    slopes,
    advance(drive) {
      const a = times(h, n);
      for (let i = 0; i < n; i++) {
        const total = a[i]! + drive[i]!;
        h[i] = value(total);
        slopes[i] = slope(total);
      }
    },
    multiply(frame) {
      const product = times(frame, n);
      for (let i = 0; i < frame.length; i++) frame[i] = slopes[i % n]! * product[i]!;
    },
  };
}

/**
 * r, z = sigmoid(W h_{t−1} + M x_t + b); c = tanh(M_n x_t + b_n + r ⊙ m), m = W_n h_{t−1} + bHidden;
 * h_t = (1 − z) ⊙ c + z ⊙ h_{t−1}.
 */
function gru(w: Float64Array, n: number, bHidden: Float64Array): Recurrence {
  const h = new Float64Array(n);
  const times = multiplier(w, 3 * n, n);
  // J v = keep ⊙ v + reset ⊙ W_r v + update ⊙ W_z v + candidate ⊙ W_n v.
  const keep = new Float64Array(n);
  const reset = new Float64Array(n);
  const update = new Float64Array(n);
  const candidate = new Float64Array(n);
  return {
    stateSize: n,
    h,
    advance(drive) {
      const a = times(h, n);
      for (let i = 0; i < n; i++) {
        const [ar, az] = [a[i]! + drive[i]!, a[n + i]! + drive[n + i]!];
        const [r, z] = [sigmoid(ar), sigmoid(az)];
        const recalled = a[2 * n + i]! + bHidden[i]!;
        const ac = drive[2 * n + i]! + r * recalled;
        const c = Math.tanh(ac);
        const toCandidate = (1 - z) * sechSquared(ac);
        keep[i] = z;
        reset[i] = toCandidate * recalled * sigmoidSlope(ar);
        update[i] = (h[i]! - c) * sigmoidSlope(az);
        candidate[i] = toCandidate * r;
        h[i] = (1 - z) * c + z * h[i]!;
      }
    },
    multiply(frame) {
      const product = times(frame, n);
      for (let from = 0, p = 0; from < frame.length; from += n, p += 3 * n)
        for (let i = 0; i < n; i++)
          frame[from + i] =
            keep[i]! * frame[from + i]! +
            reset[i]! * product[p + i]! +
            update[i]! * product[p + n + i]! +
            candidate[i]! * product[p + 2 * n + i]!;
    },
  };
}

/** i, f, o = sigmoid(·), g = tanh(·), each of W h_{t−1} + M x_t + b; c_t = f ⊙ c_{t−1} + i ⊙ g; h_t = o ⊙ tanh(c_t). */
function lstm(w: Float64Array, n: number): Recurrence {
  const h = new Float64Array(n);
  const c = new Float64Array(n);
  const times = multiplier(w, 4 * n, n);
  // δc = forget ⊙ δc' + Σ_gates ⊙ W δh'; δh = toH ⊙ δc + output ⊙ W_o δh'.
  const forget = new Float64Array(n);
  const gates = [0, 1, 2].map(() => new Float64Array(n)) as [Float64Array, Float64Array, Float64Array];
  const output = new Float64Array(n);
  const toH = new Float64Array(n);
  return {
    stateSize: 2 * n,
    h,
    advance(drive) {
      const a = times(h, n);
      for (let k = 0; k < n; k++) {
        const ai = a[k]! + drive[k]!;
        const af = a[n + k]! + drive[n + k]!;
        const ag = a[2 * n + k]! + drive[2 * n + k]!;
        const ao = a[3 * n + k]! + drive[3 * n + k]!;
        const [i, f, g, o] = [sigmoid(ai), sigmoid(af), Math.tanh(ag), sigmoid(ao)];
        forget[k] = f;
        gates[0][k] = g * sigmoidSlope(ai);
        gates[1][k] = c[k]! * sigmoidSlope(af);
        gates[2][k] = i * sechSquared(ag);
        c[k] = f * c[k]! + i * g;
        const tanhC = Math.tanh(c[k]!);
        output[k] = tanhC * sigmoidSlope(ao);
        toH[k] = o * sechSquared(c[k]!);
        h[k] = o * tanhC;
      }
    },
    multiply(frame) {
      const product = times(frame, 2 * n);
      for (let from = 0, p = 0; from < frame.length; from += 2 * n, p += 4 * n)
        for (let k = 0; k < n; k++) {
          const toC =
            forget[k]! * frame[from + n + k]! +
            gates[0][k]! * product[p + k]! +
            gates[1][k]! * product[p + n + k]! +
            gates[2][k]! * product[p + 2 * n + k]!;
          frame[from + k] = toH[k]! * toC + output[k]! * product[p + 3 * n + k]!;
          frame[from + n + k] = toC;
        }
    },
  };
}

/**
 * v ↦ A v for many vectors at once, so that A is read from memory once.
 *
 * @param a [rows, columns].
 * @returns a function of vectors (`stride` values apart, of which the first `columns` count) that gives [count, rows],
 *   which is valid until its next call.
 */
function multiplier(
  a: Float64Array,
  rows: number,
  columns: number,
): (vectors: Float64Array, stride: number) => Float64Array {
  let out = new Float64Array(rows);
  return (vectors, stride) => {
    const count = vectors.length / stride;
    if (out.length !== count * rows) out = new Float64Array(count * rows);
    for (let r = 0; r < rows; r++) {
      const row = a.subarray(r * columns, (r + 1) * columns);
      let j = 0;
      for (; j + 4 <= count; j += 4) {
        const from = j * stride;
        let [s0, s1, s2, s3] = [0, 0, 0, 0];
        for (let k = 0; k < columns; k++) {
          const weight = row[k]!;
          s0 += weight * vectors[from + k]!;
          s1 += weight * vectors[from + stride + k]!;
          s2 += weight * vectors[from + 2 * stride + k]!;
          s3 += weight * vectors[from + 3 * stride + k]!;
        }
        out[j * rows + r] = s0;
        out[(j + 1) * rows + r] = s1;
        out[(j + 2) * rows + r] = s2;
        out[(j + 3) * rows + r] = s3;
      }
      for (; j < count; j++) {
        let sum = 0;
        for (let k = 0; k < columns; k++) sum += row[k]! * vectors[j * stride + k]!;
        out[j * rows + r] = sum;
      }
    }
    return out;
  };
}
