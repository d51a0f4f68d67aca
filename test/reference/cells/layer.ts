/** What every recurrent cell of the reference offers: unroll one sequence, then go back through it. */
import type { Matrix, Vector } from "../matrix.ts";

/** Changes h_t after it was computed; everything later sees the changed h_t. For finite differences. */
export type Disturbance = (timestep: number, h: Vector) => Vector;

/** h and, of an lstm, c at one timestep. */
export interface CellState {
  readonly h: Vector;
  readonly c: Vector | undefined;
}

/** One sequence run through a layer. Index t of an array is timestep t + 1 of the mathematics. */
export interface Unrolled {
  /** h_1 … h_T: [T][n]. */
  readonly states: Matrix;
  /** Saturated (or dead) units at each timestep: [T]. */
  readonly saturated: Vector;
  /** h_T and c_T. */
  readonly final: CellState;
  /**
   * Backpropagation through time; adds to the layer's gradients.
   * @param fromAbove [T][n], what reaches h_t other than through this layer's own later timesteps: from the head or
   *   from the layer above.
   * @returns the whole ∂L/∂h_t, [T][n], and ∂L/∂x_t, [T][d].
   */
  backward(fromAbove: Matrix): { toStates: Matrix; toInputs: Matrix };
}

/** Weights of a dense cell; `W` and `M` have a block of n rows for each gate. `bHidden` is the gru's. */
export interface Weights {
  readonly W: Matrix;
  readonly M: Matrix;
  readonly b: Vector;
  readonly bHidden?: Vector;
}

export interface RecurrentLayer {
  /** @param begin h_0 and c_0; absent: zero. */
  forward(inputs: Matrix, disturb: Disturbance, begin?: CellState): Unrolled;
  /** Sums over every `backward` so far. */
  readonly gradients: Weights;
}
