/** Labelled sequences from text files. `docs/data.md` describes the two formats. */
import { classBaseline, meanBaseline } from "./baselines.ts";
import { readLong } from "./csv/long.ts";
import { readRows } from "./csv/rows.ts";
import type { CsvSettings } from "./csv/settings.ts";
import type { LabelledTable } from "./csv/table.ts";
import { classTargets, numberTargets } from "./csv/targets.ts";
import { EpochOrder } from "./epochOrder.ts";
import { holdOut } from "./holdOut.ts";
import { type LabelledSequences, pick } from "./sequences.ts";
import type { Task } from "./task.ts";

/**
 * @param trainFile absolute path.
 * @param testFile absolute path; undefined: a fixed part of the training file is held out, the same for every seed.
 * @throws CsvError at the first thing in a file that is wrong.
 */
export async function csvTask(
  settings: CsvSettings,
  seed: number,
  trainFile: string,
  testFile: string | undefined,
): Promise<Task> {
  const read = settings.format === "rows" ? readRows : readLong;
  const trainTable = await read(trainFile, settings);
  const testTable = testFile === undefined ? undefined : await read(testFile, settings, trainTable);

  let classes: readonly string[] = [];
  let trainTargets: Int32Array | Float32Array;
  let testTargets: Int32Array | Float32Array | undefined;
  if (settings.target === "class")
    ({ classes, trainTargets, testTargets } = classTargets(trainTable, testTable));
  else {
    trainTargets = numberTargets(trainTable);
    testTargets = testTable && numberTargets(testTable);
  }

  let train = sequencesOf(trainTable, trainTargets);
  let test: LabelledSequences;
  if (testTable && testTargets) test = sequencesOf(testTable, testTargets);
  else {
    const split = holdOut(trainTargets, Math.max(1, Math.round(settings.testFraction * train.size)));
    if (split.test.length === 0 || split.train.length === 0)
      throw new Error(
        `${trainFile}: its ${train.size} sequences are too few to hold some out for the test set ` +
          "(each class keeps at least one for training); add sequences or name a test file in task.test",
      );
    test = pick(train, split.test);
    train = pick(train, split.train);
  }
  if (settings.normalize) normalize(train, test);

  const epochs = new EpochOrder(seed, train.size);
  const classification = settings.target === "class";
  return {
    kind: "csv",
    length: train.length,
    inputSize: train.inputSize,
    outputSize: classification ? classes.length : 1,
    head: classification ? "classifyLast" : "regressLast",
    metricName: classification ? "accuracy" : "mean squared error",
    baseline: classification
      ? classBaseline(train.targets, test.targets, classes)
      : meanBaseline(train.targets, test.targets),
    trainSize: train.size,
    trainBatch: (step, size) => pick(train, epochs.batch(step, size)),
    test,
  };
}

function sequencesOf(table: LabelledTable, targets: Int32Array | Float32Array): LabelledSequences {
  const { length, inputSize, values } = table;
  return { size: table.labels.length, length, inputSize, inputs: values, targets };
}

/**
 * Scales every input to mean 0 and variance 1 over all sequences and timesteps of the training set, in place; an
 * input that never changes is only shifted to 0.
 */
function normalize(train: LabelledSequences, test: LabelledSequences): void {
  const { inputSize } = train;
  const count = train.inputs.length / inputSize;
  for (let channel = 0; channel < inputSize; channel++) {
    let mean = 0;
    for (let i = channel; i < train.inputs.length; i += inputSize) mean += train.inputs[i]! / count;
    let variance = 0;
    for (let i = channel; i < train.inputs.length; i += inputSize)
      variance += (train.inputs[i]! - mean) ** 2 / count;
    // Rounding leaves a constant input with a variance that is tiny beside the square of its mean.
    const scale = variance > 1e-14 * mean * mean ? 1 / Math.sqrt(variance) : 1;
    for (const { inputs } of [train, test])
      for (let i = channel; i < inputs.length; i += inputSize) inputs[i] = (inputs[i]! - mean) * scale;
  }
}
