/** h_t = φ(W h_{t−1} + M x_t + b), h_0 = 0. */
import type { Activation } from "../activations.ts";
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

export function rnnLayer({ W, M, b }: Weights, activation: Activation): RecurrentLayer {
  const n = W.length;
  const d = M[0]!.length;
  const gradients = { W: zeroMatrix(n, n), M: zeroMatrix(n, d), b: zeroVector(n) };

  function forward(inputs: Matrix, disturb: Disturbance, begin?: CellState): Unrolled {
    const preActivations: Matrix = [];
    const states: Matrix = [];
    const saturated: Vector = [];
    const start = begin?.h ?? zeroVector(n);
    let h = start;
    for (const [t, x] of inputs.entries()) {
      const a = sum(apply(W, h), apply(M, x), b);
      h = disturb(t, a.map(activation.value));
      preActivations.push(a);
      states.push(h);
      saturated.push(h.filter(activation.saturated).length);
    }

    function backward(fromAbove: Matrix) {
      const toStates = zeroMatrix(inputs.length, n);
      const toInputs = zeroMatrix(inputs.length, d);
      let fromLater = zeroVector(n);
      for (let t = inputs.length - 1; t >= 0; t--) {
        const dh = sum(fromAbove[t]!, fromLater);
        const da = hadamard(dh, preActivations[t]!.map(activation.derivative));
        addOuter(gradients.W, da, states[t - 1] ?? start);
        addOuter(gradients.M, da, inputs[t]!);
        addTo(gradients.b, da);
        toStates[t] = dh;
        toInputs[t] = applyTransposed(M, da);
        fromLater = applyTransposed(W, da);
      }
      return { toStates, toInputs };
    }
    return { states, saturated, final: { h, c: undefined }, backward };
  }
  return { forward, gradients };
}
