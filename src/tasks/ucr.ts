/** Labelled time series of the UCR archive (H. A. Dau et al. 2019). `docs/data.md` describes the two formats. */
import { basename } from "node:path";
import type { TaskSettings } from "../experiment/schema.ts";
import { classBaseline } from "./baselines.ts";
import { CsvError } from "./csv/csvError.ts";
import { classTargets } from "./csv/targets.ts";
import { EpochOrder } from "./epochOrder.ts";
import { pick } from "./sequences.ts";
import type { Task } from "./task.ts";
import { layOut, longest } from "./ucr/layout.ts";
import type { LabelledSeries } from "./ucr/series.ts";
import { readTs } from "./ucr/tsFile.ts";
import { readTsv } from "./ucr/tsvFile.ts";

type UcrSettings = Extract<TaskSettings, { kind: "ucr" }>;

/**
 * Missing values are filled in, each dimension of each series is normalised if the settings say so, and only then are
 * series of unequal lengths padded or resampled. T is the longest series of both files (pad) or of the training file
 * (resample), over `inputSize`.
 *
 * @param trainFile absolute path.
 * @param testFile absolute path.
 * @throws CsvError at the first thing in a file that is wrong; Error for settings that do not fit the files.
 */
export async function ucrTask(
  settings: UcrSettings,
  seed: number,
  trainFile: string,
  testFile: string,
): Promise<Task> {
  const { unequal, inputSize: together } = settings;
  assertOneSet(trainFile, testFile);
  const trainSeries = await readSeries(trainFile, settings.normalize);
  const testSeries = await readSeries(testFile, settings.normalize);
  const { dimensions } = trainSeries;
  if (testSeries.dimensions !== dimensions)
    throw new CsvError(
      testFile,
      testSeries.places[0]!.line,
      null,
      `found series of ${testSeries.dimensions} dimensions; expected ${dimensions} as in ${trainFile}`,
    );
  if (dimensions > 1 && together !== 1)
    throw new Error(
      `task.inputSize is ${together}; ${trainFile} has series of ${dimensions} dimensions, of which all values of a ` +
        "timestep are read together: allowed is 1",
    );
  const { classes, trainTargets, testTargets } = classTargets(trainSeries, testSeries, "");
  const length = unequal === "pad" ? longest(trainSeries, testSeries) : longest(trainSeries);
  const layout = { unequal, length, together };
  const train = layOut(trainSeries, trainTargets, layout, "the training set");
  const test = layOut(testSeries, testTargets!, layout, "the test set");
  const epochs = new EpochOrder(seed, train.size);
  return {
    kind: "ucr",
    length: train.length,
    inputSize: train.inputSize,
    outputSize: classes.length,
    head: "classifyLast",
    metricName: "accuracy",
    baseline: classBaseline(train.targets, test.targets, classes),
    trainSize: train.size,
    trainBatch: (step, size) => pick(train, epochs.batch(step, size)),
    test,
  };
}

/** The archive calls the two files of a set NAME_TRAIN and NAME_TEST. */
function assertOneSet(trainFile: string, testFile: string): void {
  const [, train] = /^(.+)_train\.\w+$/i.exec(basename(trainFile)) ?? [];
  const [, test] = /^(.+)_test\.\w+$/i.exec(basename(testFile)) ?? [];
  if (train === undefined || test === undefined || train === test) return;
  throw new Error(
    `task.train is ${trainFile} and task.test ${testFile}: files of two sets, ${train} and ${test}; give the two files of one`,
  );
}

async function readSeries(file: string, normalize: boolean): Promise<LabelledSeries> {
  const name = file.toLowerCase();
  if (name.endsWith(".ts")) return await readTs(file, normalize);
  if (name.endsWith(".tsv") || name.endsWith(".txt")) return await readTsv(file, normalize);
  throw new CsvError(
    file,
    null,
    null,
    "its name ends neither in .tsv (or .txt, separated by tabs) nor in .ts",
  );
}
