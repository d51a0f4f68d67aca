/** Language modelling on text files: the next character or word, in the form of the Penn Treebank files. */
import type { TaskSettings } from "../experiment/schema.ts";
import { unigramBaseline } from "./baselines.ts";
import { CsvError } from "./csv/csvError.ts";
import type { Task } from "./task.ts";
import { testWindows, trainWindows } from "./text/streams.ts";
import { readCorpus } from "./text/vocabulary.ts";

type TextSettings = Extract<TaskSettings, { kind: "text" }>;

/** Absolute paths. */
export interface TextFiles {
  readonly train: string;
  readonly test: string;
  /** Evaluated instead of `test` where it is given; the vocabulary is the same either way. */
  readonly valid: string | undefined;
}

/**
 * T = `window`; an input is the number of a symbol, and its target that of the next one. State is carried from window
 * to window of `batch` parallel streams. A pass over the training set are its ⌊(N − 1) / window⌋ windows.
 *
 * @throws CsvError for a file that is empty, not UTF-8, too large or too short; `trainBatch` throws an Error when the
 *   text is too short for the size of the batch.
 */
export async function textTask(settings: TextSettings, seed: number, files: TextFiles): Promise<Task> {
  const { level, window } = settings;
  const evaluated = files.valid ?? files.test;
  const otherFiles = files.valid === undefined ? [files.test] : [files.valid, files.test];
  const { vocabulary, counts, train, others } = await readCorpus(
    files.train,
    otherFiles,
    level,
    settings.vocabulary,
  );
  const heldOut = others[0]!;
  assertWindow(files.train, train, window);
  assertWindow(evaluated, heldOut, window);
  const { test, testStreams } = testWindows(heldOut, window);
  return {
    kind: "text",
    length: window,
    inputSize: 1,
    vocabulary,
    outputSize: vocabulary,
    head: "classifyEach",
    metricName: level === "character" ? "bits per character" : "perplexity",
    baseline: unigramBaseline(counts, test.targets, level),
    trainSize: Math.floor((train.length - 1) / window),
    trainBatch: trainWindows(train, window, seed, files.train),
    test,
    testStreams,
  };
}

function assertWindow(file: string, ids: Int32Array, window: number): void {
  if (ids.length <= window)
    throw new CsvError(
      file,
      null,
      null,
      `found ${ids.length} symbols; a task.window of ${window} and one symbol to predict need ${window + 1}`,
    );
}
