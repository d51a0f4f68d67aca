/** Inputs that are symbols: made one-hot, or looked up in the embedding, whose gradient they add to. */
import type { Batch, ModelSpec } from "../engine.ts";

/**
 * Writes the first layer's inputs [B, T, d].
 * @param to index of the first float.
 * @param embedding index of the matrix's first float; undefined: one-hot, d = V.
 */
export function writeSymbols(
  floats: Float32Array,
  to: number,
  spec: ModelSpec,
  { inputs }: Batch,
  embedding: number | undefined,
): void {
  const { hidden } = spec;
  if (embedding === undefined) {
    const size = spec.vocabulary!;
    floats.fill(0, to, to + inputs.length * size);
    for (let i = 0; i < inputs.length; i++) floats[to + i * size + inputs[i]!] = 1;
    return;
  }
  for (let i = 0; i < inputs.length; i++) {
    const row = embedding + inputs[i]! * hidden;
    floats.copyWithin(to + i * hidden, row, row + hidden);
  }
}

/** Adds ∂L/∂x [B, T, n] to the rows of the embedding's gradient that the symbols stand for, in the batch's order. */
export function addSymbolGradients(
  floats: Float32Array,
  inputGradients: number,
  spec: ModelSpec,
  { inputs }: Batch,
  gradient: number,
): void {
  const { hidden } = spec;
  for (let i = 0; i < inputs.length; i++) {
    const row = gradient + inputs[i]! * hidden;
    const from = inputGradients + i * hidden;
    for (let j = 0; j < hidden; j++) floats[row + j]! += floats[from + j]!;
  }
}
