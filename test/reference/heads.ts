/** The heads: what is read from the last layer's states, and the loss and metric of one sequence. */
import type { HeadName } from "../../src/engine/engine.ts";
import {
  addOuter,
  addTo,
  apply,
  applyTransposed,
  type Matrix,
  sum,
  type Vector,
  zeroMatrix,
  zeroVector,
} from "./matrix.ts";

/** The head applied to one sequence; losses of B sequences average to the loss of the batch. */
export interface HeadResult {
  /** [1][outputSize], or [T][outputSize] for classifyEach. */
  readonly outputs: Matrix;
  /** Mean over this sequence's timesteps (classifyEach) or outputs (regressLast). */
  readonly loss: number;
  readonly metric: number;
  /** ∂loss/∂outputs. */
  readonly gradient: Matrix;
}

/** Softmax cross-entropy of one row of logits and its gradient; a tie counts for the first of the largest. */
function crossEntropy(logits: Vector, target: number) {
  const largest = Math.max(...logits);
  const exponentials = logits.map((value) => Math.exp(value - largest));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return {
    loss: Math.log(total) + largest - logits[target]!,
    correct: logits.indexOf(largest) === target ? 1 : 0,
    gradient: exponentials.map((value, k) => value / total - (k === target ? 1 : 0)),
  };
}

const scoreClasses = (outputs: Matrix, targets: ArrayLike<number>): HeadResult => {
  const rows = outputs.map((logits, t) => crossEntropy(logits, targets[t]!));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    outputs,
    loss: mean(rows.map((row) => row.loss)),
    metric: mean(rows.map((row) => row.correct)),
    gradient: rows.map((row) => row.gradient.map((value) => value / rows.length)),
  };
};

const scoreNumbers = (outputs: Matrix, targets: ArrayLike<number>): HeadResult => {
  const [row] = outputs as [Vector];
  const errors = row.map((value, k) => value - targets[k]!);
  const loss = errors.reduce((total, error) => total + error ** 2, 0) / errors.length;
  return { outputs, loss, metric: loss, gradient: [errors.map((error) => (2 * error) / errors.length)] };
};

/** The targets of one sequence: 1, outputSize or T values. */
export function targetsPerSequence(head: HeadName, outputSize: number, length: number): number {
  return head === "classifyLast" ? 1 : head === "regressLast" ? outputSize : length;
}

export interface Head {
  forward(states: Matrix, targets: ArrayLike<number>): HeadResult;
  /** Adds to the head's gradients; returns ∂loss/∂h_t, [T][n], of the last layer through the head alone. */
  backward(states: Matrix, result: HeadResult): Matrix;
  readonly gradients: { readonly W: Matrix; readonly b: Vector };
}

export function createHead(name: HeadName, W: Matrix, b: Vector): Head {
  const gradients = { W: zeroMatrix(W.length, W[0]!.length), b: zeroVector(b.length) };
  const read = (states: Matrix) => (name === "classifyEach" ? states : states.slice(-1));
  return {
    gradients,
    forward(states, targets) {
      const outputs = read(states).map((h) => sum(apply(W, h), b));
      return name === "regressLast" ? scoreNumbers(outputs, targets) : scoreClasses(outputs, targets);
    },
    backward(states, result) {
      const toStates = zeroMatrix(states.length, W[0]!.length);
      const first = states.length - result.gradient.length;
      for (const [row, dy] of result.gradient.entries()) {
        const h = states[first + row]!;
        addOuter(gradients.W, dy, h);
        addTo(gradients.b, dy);
        toStates[first + row] = applyTransposed(W, dy);
      }
      return toStates;
    },
  };
}
