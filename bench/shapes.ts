/** What is measured: sizes that a researcher would try. */
import type { CellName } from "../src/experiment/schema.ts";

export interface Shape {
  readonly n: number;
  readonly B: number;
  readonly T: number;
}

export const shapes: readonly Shape[] = [
  { n: 32, B: 32, T: 100 },
  { n: 64, B: 64, T: 150 },
  { n: 128, B: 128, T: 100 },
  { n: 256, B: 64, T: 150 },
  { n: 512, B: 64, T: 100 },
];

/** A cell, and for those with reflectors how many: a number, or "n" for as many as the hidden size. */
export const contenders: readonly { readonly cell: CellName; readonly m: number | "n" | null }[] = [
  { cell: "rnn", m: null },
  { cell: "spectral", m: 16 },
  { cell: "spectral", m: "n" },
  { cell: "orthogonal", m: 16 },
  { cell: "lstm", m: null },
  { cell: "gru", m: null },
];

/**
 * Floating-point operations of the recurrent products of one training step: forward, backward to the states, backward
 * to the weights, each 2·T·B·n² a gate. Input, head, element-wise and optimizer work are not counted.
 */
export function recurrenceOperations(cell: CellName, { n, B, T }: Shape): number {
  const gates = cell === "lstm" ? 4 : cell === "gru" ? 3 : 1;
  return 6 * gates * T * B * n * n;
}
