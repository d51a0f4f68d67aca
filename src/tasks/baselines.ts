/** How well a model that looks at nothing would do on a finite set. */
import type { Task } from "./task.ts";

/**
 * The model that always answers with the class frequencies of the training set: its cross-entropy and its accuracy
 * on the test set.
 * @param classes names for people, by class index; every class occurs in `train`.
 */
export function classBaseline(
  train: ArrayLike<number>,
  test: ArrayLike<number>,
  classes: readonly string[],
): Task["baseline"] {
  const counts = new Float64Array(classes.length);
  for (let i = 0; i < train.length; i++) counts[train[i]!]!++;
  const favourite = counts.indexOf(Math.max(...counts));
  let loss = 0;
  let hits = 0;
  for (let i = 0; i < test.length; i++) {
    loss -= Math.log(counts[test[i]!]! / train.length) / test.length;
    if (test[i] === favourite) hits++;
  }
  const metric = hits / test.length;
  return {
    loss,
    metric,
    reason:
      `always answering with the class frequencies of the training set gives cross-entropy ${loss.toFixed(3)}; ` +
      `always naming its most frequent class (${classes[favourite]}) is right for ${hits} of ${test.length} ` +
      `test sequences (${(100 * metric).toFixed(1)} %)`,
  };
}

/** The model that always answers with the mean of the training targets: its mean squared error on the test set. */
export function meanBaseline(train: ArrayLike<number>, test: ArrayLike<number>): Task["baseline"] {
  let mean = 0;
  for (let i = 0; i < train.length; i++) mean += train[i]! / train.length;
  let error = 0;
  for (let i = 0; i < test.length; i++) error += (test[i]! - mean) ** 2 / test.length;
  return {
    loss: error,
    metric: error,
    reason:
      `always answering ${mean.toPrecision(4)}, the mean of the training targets, gives a mean squared error of ` +
      `${error.toPrecision(4)} on the test set`,
  };
}

/**
 * The model that always answers with the symbol frequencies of the training text: its cross-entropy on the test text,
 * and what that is in bits per character or perplexity. Where a symbol of the test text does not occur in training,
 * one more occurrence of every symbol is counted (Laplace's rule), which keeps the loss finite.
 * @param counts of each symbol in the training text.
 * @param test the symbols to predict.
 */
export function unigramBaseline(
  counts: Float64Array,
  test: ArrayLike<number>,
  level: "character" | "word",
): Task["baseline"] {
  const tested = new Float64Array(counts.length);
  for (let i = 0; i < test.length; i++) tested[test[i]!]!++;
  const more = tested.some((count, symbol) => count > 0 && counts[symbol] === 0) ? 1 : 0;
  let total = 0;
  for (const count of counts) total += count + more;
  let loss = 0;
  for (const [symbol, count] of tested.entries())
    if (count > 0) loss -= (count / test.length) * Math.log((counts[symbol]! + more) / total);
  const metric = level === "character" ? loss / Math.LN2 : Math.exp(loss);
  const unit =
    level === "character"
      ? `${metric.toFixed(3)} bits per character`
      : `a perplexity of ${metric.toFixed(1)}`;
  return {
    loss,
    metric,
    reason:
      `always answering with the ${level} frequencies of the training text` +
      `${more ? " (one more of each, since some of the test text do not occur in it)" : ""} ` +
      `gives ${unit} (cross-entropy ${loss.toFixed(3)})`,
  };
}
