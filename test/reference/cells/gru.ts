/**
 * Gated recurrent unit (Cho et al. 2014) in PyTorch's form: r, z = sigmoid(W h_{t−1} + M x_t + b);
 * candidate c_t = tanh(M_n x_t + b_n + r ⊙ (W_n h_{t−1} + bHidden)); h_t = (1 − z) ⊙ c_t + z ⊙ h_{t−1}; h_0 = 0.
 * Rows of W, M and b come in the order r, z, n.
 */
import { saturationThreshold, sigmoid } from "../activations.ts";
import {
  addOuter,
  addTo,
  apply,
  applyTransposed,
  hadamard,
  type Matrix,
  sum,
  type Vector,
  zeroMatrix,
  zeroVector,
} from "../matrix.ts";
import type { CellState, Disturbance, RecurrentLayer, Unrolled, Weights } from "./layer.ts";

interface Timestep {
  readonly r: Vector;
  readonly z: Vector;
  readonly candidate: Vector;
  /** W_n h_{t−1} + bHidden. */
  readonly recalled: Vector;
}

export function gruLayer({ W, M, b, bHidden }: Weights): RecurrentLayer {
  const n = W[0]!.length;
  const d = M[0]!.length;
  const gradients = {
    W: zeroMatrix(3 * n, n),
    M: zeroMatrix(3 * n, d),
    b: zeroVector(3 * n),
    bHidden: zeroVector(n),
  };

  function forward(inputs: Matrix, disturb: Disturbance, begin?: CellState): Unrolled {
    const timesteps: Timestep[] = [];
    const states: Matrix = [];
    const saturated: Vector = [];
    const start = begin?.h ?? zeroVector(n);
    let h = start;
    for (const [t, x] of inputs.entries()) {
      const Wh = apply(W, h);
      const Mxb = sum(apply(M, x), b);
      const r = sum(Wh.slice(0, n), Mxb.slice(0, n)).map(sigmoid);
      const z = sum(Wh.slice(n, 2 * n), Mxb.slice(n, 2 * n)).map(sigmoid);
      const recalled = sum(Wh.slice(2 * n), bHidden!);
      const candidate = sum(Mxb.slice(2 * n), hadamard(r, recalled)).map(Math.tanh);
      const before = h;
      h = disturb(
        t,
        candidate.map((value, k) => (1 - z[k]!) * value + z[k]! * before[k]!),
      );
      timesteps.push({ r, z, candidate, recalled });
      states.push(h);
      saturated.push(candidate.filter((value) => Math.abs(value) > saturationThreshold).length);
    }

    function backward(fromAbove: Matrix) {
      const toStates = zeroMatrix(inputs.length, n);
      const toInputs = zeroMatrix(inputs.length, d);
      let fromLater = zeroVector(n);
      for (let t = inputs.length - 1; t >= 0; t--) {
        const { r, z, candidate, recalled } = timesteps[t]!;
        const before = states[t - 1] ?? start;
        const dh = sum(fromAbove[t]!, fromLater);
        const dCandidate = dh.map((value, k) => value * (1 - z[k]!) * (1 - candidate[k]! ** 2));
        const dRecalled = hadamard(dCandidate, r);
        const dr = dCandidate.map((value, k) => value * recalled[k]! * r[k]! * (1 - r[k]!));
        const dz = dh.map((value, k) => value * (before[k]! - candidate[k]!) * z[k]! * (1 - z[k]!));
        // What multiplies W differs from what multiplies M in the candidate's rows: there r stands between.
        const throughW = [...dr, ...dz, ...dRecalled];
        const throughM = [...dr, ...dz, ...dCandidate];
        addOuter(gradients.W, throughW, before);
        addOuter(gradients.M, throughM, inputs[t]!);
        addTo(gradients.b, throughM);
        addTo(gradients.bHidden, dRecalled);
        toStates[t] = dh;
        toInputs[t] = applyTransposed(M, throughM);
        fromLater = sum(hadamard(dh, z), applyTransposed(W, throughW));
      }
      return { toStates, toInputs };
    }
    return { states, saturated, final: { h, c: undefined }, backward };
  }
  return { forward, gradients };
}
