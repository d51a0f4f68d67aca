/** Splitting one set of sequences into a training and a test part. */
import { Random } from "../random.ts";

export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Holds out `count` of the sequences, the same ones for every training seed, so that runs with different seeds are
 * measured on the same test set.
 *
 * With classes the split is stratified: the shuffled sequences are laid out class by class and taken at even
 * distances, and every class keeps at least one sequence for training (so fewer than `count` may be held out).
 * @param targets class (Int32Array) or number (Float32Array) of each sequence.
 * @param count sequences to hold out, less than their number.
 */
export function holdOut(targets: Int32Array | Float32Array, count: number): Split {
  const size = targets.length;
  const order = [...new Random(0, "holdOut").permutation(size)];
  const stratified = targets instanceof Int32Array;
  // Sorting is stable: within a class the sequences stay shuffled.
  if (stratified) order.sort((a, b) => targets[a]! - targets[b]!);
  const train: number[] = [];
  const test: number[] = [];
  order.forEach((index, i) => {
    const due = Math.round(((i + 1) * count) / size) - test.length;
    const firstOfClass = stratified && (i === 0 || targets[order[i - 1]!] !== targets[index]);
    (due > 0 && !firstOfClass ? test : train).push(index);
  });
  return { train, test };
}
