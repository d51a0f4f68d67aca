/** A layer of a feed-forward net: h = φ(W x + b), or x + φ(W x + b), of the one timestep there is. */
import type { Activation } from "../activations.ts";
import {
  addOuter,
  addTo,
  apply,
  applyTransposed,
  hadamard,
  type Matrix,
  sum,
  zeroMatrix,
  zeroVector,
} from "../matrix.ts";
import type { Disturbance, RecurrentLayer, Unrolled, Weights } from "./layer.ts";

export function denseLayer(
  { W, b }: Pick<Weights, "W" | "b">,
  activation: Activation,
  residual: boolean,
): RecurrentLayer {
  const gradients = { W: zeroMatrix(W.length, W[0]!.length), M: [], b: zeroVector(W.length) };

  function forward(inputs: Matrix, disturb: Disturbance): Unrolled {
    const x = inputs[0]!;
    const a = sum(apply(W, x), b);
    const f = a.map(activation.value);
    const h = disturb(0, residual ? sum(x, f) : f);
    function backward(fromAbove: Matrix) {
      const dh = fromAbove[0]!;
      const da = hadamard(dh, a.map(activation.derivative));
      addOuter(gradients.W, da, x);
      addTo(gradients.b, da);
      const dx = applyTransposed(W, da);
      return { toStates: [dh], toInputs: [residual ? sum(dx, dh) : dx] };
    }
    return {
      states: [h],
      saturated: [f.filter(activation.saturated).length],
      final: { h, c: undefined },
      backward,
    };
  }
  return { forward, gradients };
}
