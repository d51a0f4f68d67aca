/** Lyapunov exponents of a checkpoint along sequences of its run's test set. */
import { basename, dirname, resolve } from "node:path";
import { type LayerLyapunov, lyapunovOf } from "../engine/lyapunov.ts";
import { readCheckpoint } from "../runs/checkpoint.ts";
import { runFiles } from "../runs/runDirectory.ts";
import { readRunRecord } from "../runs/runRecord.ts";
import { readExperiment } from "../runs/store.ts";
import { sliceSequences } from "./evaluation.ts";
import { loadTaskOf } from "./preparation.ts";

export interface InspectedLyapunov {
  /** Absolute. */
  readonly run: string;
  /** Of the test set: the first so many, over which everything below is the mean. */
  readonly sequences: number;
  /** T, and how many of its timesteps count. */
  readonly length: number;
  readonly timesteps: number;
  readonly layers: readonly InspectedLayer[];
}

export interface InspectedLayer {
  /** From 0. */
  readonly layer: number;
  /** How many exponents there are: n; of an lstm 2n. */
  readonly stateSize: number;
  /** Nats per timestep, descending: all of them, or as many as were asked for. */
  readonly exponents: readonly number[];
  readonly top: number;
  readonly median: number;
  readonly mean: number;
  readonly smallest: number;
  /** How many are above 0. */
  readonly positive: number;
  /** Smallest and largest first exponent of any of the sequences. */
  readonly topRange: readonly [number, number];
  /** See `LayerLyapunov`; null for lstm and gru. */
  readonly expectedTop: number | null;
  readonly expectedMean: number | null;
}

export interface InspectLyapunovOptions {
  /** Of the test set; all of it where it is smaller. */
  readonly sequences: number;
  /** Leading exponents of each layer. */
  readonly most: number;
  /** Data files may lie outside the experiment file's folder. */
  readonly allowOutside: boolean;
}

/**
 * @param file a checkpoint inside its run's directory, which says what the model was trained on.
 * @throws Error when it is none, when the run's task cannot be loaded, or numbers are not finite.
 */
export async function inspectLyapunov(
  file: string,
  { sequences, most, allowOutside }: InspectLyapunovOptions,
): Promise<InspectedLyapunov> {
  const folder = dirname(resolve(file));
  if (basename(folder) !== runFiles.checkpoints)
    throw new Error(
      `${file} is no checkpoint in a run's folder; Lyapunov exponents are taken along sequences of the run's test set`,
    );
  const run = dirname(folder);
  const record = readRunRecord(run);
  const experiment = await readExperiment(run);
  const { spec, parameters } = readCheckpoint(file);
  const task = await loadTaskOf(experiment, record, allowOutside);
  const count = Math.min(sequences, task.test.size);
  const found = Array.from({ length: count }, (_, i) =>
    lyapunovOf(spec, parameters, sliceSequences(task.test, i, i + 1).inputs, { most }),
  );
  return {
    run,
    sequences: count,
    length: task.length,
    timesteps: found[0]![0]!.timesteps,
    layers: found[0]!.map((_, layer) =>
      summary(
        layer,
        found.map((layers) => layers[layer]!),
      ),
    ),
  };
}

/** @param found one layer's, of each sequence. */
function summary(layer: number, found: readonly LayerLyapunov[]): InspectedLayer {
  const { stateSize, exponents: first, expectedTop, expectedMean } = found[0]!;
  const exponents = Array.from(first, (_, i) => mean(found.map(({ exponents: all }) => all[i]!)));
  const count = exponents.length;
  const middle = count >> 1;
  const tops = found.map(({ exponents: all }) => all[0]!);
  return {
    layer,
    stateSize,
    exponents,
    top: exponents[0]!,
    median: count % 2 === 1 ? exponents[middle]! : (exponents[middle - 1]! + exponents[middle]!) / 2,
    mean: mean(exponents),
    smallest: exponents[count - 1]!,
    positive: exponents.filter((exponent) => exponent > 0).length,
    topRange: [Math.min(...tops), Math.max(...tops)],
    expectedTop: expectedTop === null ? null : mean(found.map((one) => one.expectedTop!)),
    expectedMean: expectedMean === null ? null : mean(found.map((one) => one.expectedMean!)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
