/** "Did you mean …?" for misspelt keys and words. */
import { closest, distance } from "fastest-levenshtein";

/** What other libraries call our keys and words: too far for a spelling distance, but meant all the same. */
const otherNames: Readonly<Record<string, string>> = {
  lr: "learningRate",
  learning_rate: "learningRate",
  batchsize: "batch",
  batch_size: "batch",
  hiddensize: "hidden",
  hidden_size: "hidden",
  units: "hidden",
  numlayers: "layers",
  num_layers: "layers",
  gradientclip: "clipNorm",
  clip: "clipNorm",
  init: "initialization",
  sequencelength: "length",
  vanilla: "rnn",
  svd: "spectral",
  regression: "number",
  classification: "class",
  tfjs: "tensorflow",
  wasm: "fused",
};

/** The candidate that was probably meant, or undefined where none is near. Letter case does not count. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0 || word.length > 100) return undefined;
  const lower = word.toLowerCase();
  const known = Object.hasOwn(otherNames, lower) ? otherNames[lower] : undefined;
  if (known !== undefined && candidates.includes(known)) return known;
  const byLower = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const nearest = closest(lower, [...byLower.keys()]);
  const allowed = Math.max(1, Math.floor(Math.max(lower.length, nearest.length) / 3));
  return distance(lower, nearest) <= allowed ? byLower.get(nearest) : undefined;
}
