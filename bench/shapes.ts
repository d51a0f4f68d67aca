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
  { n: 128, B: 128, T: 784 },
  { n: 256, B: 64, T: 150 },
  { n: 512, B: 64, T: 100 },
  { n: 1024, B: 32, T: 50 },
];

/** The cells in the order in which they are measured. */
export const cells: readonly CellName[] = ["rnn", "spectral", "orthogonal", "lstm", "gru"];

/** A cell, and for those with reflectors how many. */
export interface Contender {
  readonly cell: CellName;
  readonly m: number | null;
}

/** Every cell at hidden size n; those with reflectors with 16, n/4 and n of them, as far as these differ. */
export function contendersAt(n: number): Contender[] {
  const counts = [...new Set([16, n / 4, n])].filter((m) => m <= n).sort((a, b) => a - b);
  return cells.flatMap((cell): Contender[] =>
    cell === "spectral" || cell === "orthogonal" ? counts.map((m) => ({ cell, m })) : [{ cell, m: null }],
  );
}

/**
 * Floating-point operations of the recurrent products of one training step: forward, backward to the states, backward
 * to the weights, each 2·T·B·n² a gate. Input, head, element-wise and optimizer work are not counted.
 */
export function recurrenceOperations(cell: CellName, { n, B, T }: Shape): number {
  const gates = cell === "lstm" ? 4 : cell === "gru" ? 3 : 1;
  return 6 * gates * T * B * n * n;
}
