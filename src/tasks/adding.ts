/**
 * The adding problem (Hochreiter & Schmidhuber 1997): each timestep brings a number and a marker; the answer is the
 * sum of the two marked numbers, one in each half of the sequence.
 */
import type { TaskSettings } from "../experiment/schema.ts";
import { Random } from "../random.ts";
import { emptyInputs } from "./sequences.ts";
import type { Sequences, Task } from "./task.ts";

/** Inputs [B, T, 2]: a number uniform in [0, 1) and a marker 0 or 1. Targets [B, 1]: the sum of the marked numbers. */
export function addingTask(settings: Extract<TaskSettings, { kind: "adding" }>, seed: number): Task {
  const { length } = settings;
  const half = Math.floor(length / 2);

  const generate = (random: Random, size: number, what: string): Sequences => {
    const inputs = emptyInputs(what, size, length, 2);
    const targets = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const start = i * length * 2;
      random.fillUniform(inputs, start, 2, length);
      const first = start + 2 * random.below(half);
      const second = start + 2 * (half + random.below(length - half));
      inputs[first + 1] = 1;
      inputs[second + 1] = 1;
      targets[i] = inputs[first]! + inputs[second]!;
    }
    return { size, length, inputs, targets };
  };

  return {
    kind: "adding",
    length,
    inputSize: 2,
    outputSize: 1,
    head: "regressLast",
    metricName: "mean squared error",
    baseline: {
      loss: 1 / 6,
      metric: 1 / 6,
      reason:
        "always answering 1, the mean of the sum of two numbers uniform in 0 … 1, " +
        "gives a mean squared error of 1/6 ≈ 0.167, the variance of that sum",
    },
    trainSize: undefined,
    trainBatch: (step, size) => generate(new Random(seed, "adding", "train", step), size, "a batch"),
    test: generate(new Random(seed, "adding", "test"), settings.testSize, "the test set"),
  };
}
