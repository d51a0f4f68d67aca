/**
 * The copy memory problem (Hochreiter & Schmidhuber 1997, in the form of Arjovsky, Shah & Bengio 2016): symbols, a
 * long run of blanks, a marker, and then the symbols are to be repeated in order.
 */
import type { TaskSettings } from "../experiment/schema.ts";
import { Random } from "../random.ts";
import { emptyInputs } from "./sequences.ts";
import type { Sequences, Task } from "./task.ts";

/**
 * T = delay + 2·copyLength. Inputs [B, T, symbols + 2], one-hot: 0 is the blank, 1 … symbols the alphabet,
 * symbols + 1 the marker, which stands at timestep delay + copyLength (counted from 1). Targets [B, T]: class 0
 * (blank) everywhere but in the last copyLength timesteps, which repeat the first copyLength symbols.
 */
export function copyTask(settings: Extract<TaskSettings, { kind: "copy" }>, seed: number): Task {
  const { delay, symbols, copyLength } = settings;
  const length = delay + 2 * copyLength;
  const inputSize = symbols + 2;
  const markerTimestep = delay + copyLength - 1;

  const generate = (random: Random, size: number, what: string): Sequences => {
    const inputs = emptyInputs(what, size, length, inputSize);
    const targets = new Int32Array(size * length);
    for (let i = 0; i < size; i++) {
      const start = i * length;
      for (let t = 0; t < length; t++) {
        let symbol = 0;
        if (t < copyLength) {
          symbol = 1 + random.below(symbols);
          targets[start + delay + copyLength + t] = symbol;
        } else if (t === markerTimestep) symbol = symbols + 1;
        inputs[(start + t) * inputSize + symbol] = 1;
      }
    }
    return { size, length, inputs, targets };
  };

  const loss = (copyLength * Math.log(symbols)) / length;
  const metric = (length - copyLength + copyLength / symbols) / length;
  return {
    kind: "copy",
    length,
    inputSize,
    outputSize: symbols + 1,
    head: "classifyEach",
    metricName: "accuracy",
    baseline: {
      loss,
      metric,
      reason:
        `knowing when to answer but guessing each of the ${copyLength} symbols gives cross-entropy ` +
        `${copyLength}·ln ${symbols}/${length} ≈ ${loss.toPrecision(3)} and, with all blanks and 1 in ${symbols} ` +
        `symbols right, accuracy ≈ ${(100 * metric).toFixed(1)} %`,
    },
    trainSize: undefined,
    trainBatch: (step, size) => generate(new Random(seed, "copy", "train", step), size, "a batch"),
    test: generate(new Random(seed, "copy", "test"), settings.testSize, "the test set"),
  };
}
