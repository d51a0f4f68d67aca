/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000):
 * i, f, o = sigmoid(·), g = tanh(·), each of W h_{t−1} + M x_t + b; c_t = f ⊙ c_{t−1} + i ⊙ g;
 * h_t = o ⊙ tanh(c_t); h_0 = c_0 = 0. Rows of W, M and b come in the order i, f, g, o.
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
  readonly i: Vector;
  readonly f: Vector;
  readonly g: Vector;
  readonly o: Vector;
  readonly cBefore: Vector;
  readonly tanhC: Vector;
}

export function lstmLayer({ W, M, b }: Weights): RecurrentLayer {
  const n = W[0]!.length;
  const d = M[0]!.length;
  const gradients = { W: zeroMatrix(4 * n, n), M: zeroMatrix(4 * n, d), b: zeroVector(4 * n) };

  function forward(inputs: Matrix, disturb: Disturbance, begin?: CellState): Unrolled {
    const timesteps: Timestep[] = [];
    const states: Matrix = [];
    const saturated: Vector = [];
    const start = begin?.h ?? zeroVector(n);
    let h = start;
    let c = begin?.c ?? zeroVector(n);
    for (const [t, x] of inputs.entries()) {
      const a = sum(apply(W, h), apply(M, x), b);
      const i = a.slice(0, n).map(sigmoid);
      const f = a.slice(n, 2 * n).map(sigmoid);
      const g = a.slice(2 * n, 3 * n).map(Math.tanh);
      const o = a.slice(3 * n, 4 * n).map(sigmoid);
      const cBefore = c;
      c = sum(hadamard(f, cBefore), hadamard(i, g));
      const tanhC = c.map(Math.tanh);
      h = disturb(t, hadamard(o, tanhC));
      timesteps.push({ i, f, g, o, cBefore, tanhC });
      states.push(h);
      saturated.push(tanhC.filter((value) => Math.abs(value) > saturationThreshold).length);
    }

    function backward(fromAbove: Matrix) {
      const toStates = zeroMatrix(inputs.length, n);
      const toInputs = zeroMatrix(inputs.length, d);
      let fromLater = zeroVector(n);
      let dcFromLater = zeroVector(n);
      for (let t = inputs.length - 1; t >= 0; t--) {
        const { i, f, g, o, cBefore, tanhC } = timesteps[t]!;
        const dh = sum(fromAbove[t]!, fromLater);
        const dc = dcFromLater.map((later, k) => later + dh[k]! * o[k]! * (1 - tanhC[k]! ** 2));
        const da = [
          ...dc.map((value, k) => value * g[k]! * i[k]! * (1 - i[k]!)),
          ...dc.map((value, k) => value * cBefore[k]! * f[k]! * (1 - f[k]!)),
          ...dc.map((value, k) => value * i[k]! * (1 - g[k]! ** 2)),
          ...dh.map((value, k) => value * tanhC[k]! * o[k]! * (1 - o[k]!)),
        ];
        addOuter(gradients.W, da, states[t - 1] ?? start);
        addOuter(gradients.M, da, inputs[t]!);
        addTo(gradients.b, da);
        toStates[t] = dh;
        toInputs[t] = applyTransposed(M, da);
        fromLater = applyTransposed(W, da);
        dcFromLater = hadamard(dc, f);
      }
      return { toStates, toInputs };
    }
    return { states, saturated, final: { h, c }, backward };
  }
  return { forward, gradients };
}
