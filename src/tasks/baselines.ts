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
