/** Defaults that depend on other values: what a run directory's `experiment.json` has beyond the schema's. */
import { basename } from "node:path";
import type { Experiment } from "./schema.ts";

export interface ResolveContext {
  /** The experiment file, whose name names the run where the experiment has no name of its own. */
  readonly file: string;
  /** Size of the training set, known once the task is loaded; needed to turn epochs into steps. */
  readonly trainSize?: number | undefined;
}

const defaultSteps = 1000;
const defaultReflectors = 16;

/**
 * Writes out every default: the name, both numbers of reflectors, steps, and the steps between evaluations and
 * between checkpoints (a tenth of the run, at least 1).
 *
 * An experiment in epochs whose training set's size is not given keeps `epochs`, and `steps`, `evaluateEvery` and
 * `checkpointEvery` stay as they are: the trainer resolves it again when it has loaded the data. Once the steps
 * are known, `epochs` is left out, so that what comes out is always a valid experiment file itself.
 */
export function resolveExperiment(experiment: Experiment, context: ResolveContext): Experiment {
  const { model, training } = experiment;
  const { reflectors } = model;
  const m = reflectors ?? Math.min(model.hidden, defaultReflectors);
  return {
    ...experiment,
    name: experiment.name ?? nameFromFile(context.file),
    model: { ...model, reflectors: typeof m === "number" ? [m, m] : m },
    training: resolveTraining(training, context.trainSize),
  };
}

function resolveTraining(
  training: Experiment["training"],
  trainSize: number | undefined,
): Experiment["training"] {
  const { epochs, ...rest } = training;
  if (epochs !== undefined && trainSize === undefined) return training;
  const steps =
    epochs !== undefined && trainSize !== undefined
      ? Math.max(1, Math.ceil((epochs * trainSize) / training.batch))
      : (training.steps ?? defaultSteps);
  const tenth = Math.max(1, Math.round(steps / 10));
  return {
    ...rest,
    steps,
    evaluateEvery: training.evaluateEvery ?? tenth,
    checkpointEvery: training.checkpointEvery ?? tenth,
  };
}

/** `examples/adding-spectral.sigmascope.json` → `adding-spectral`. */
export function nameFromFile(file: string): string {
  const base = basename(file).replace(/\.jsonc?$/i, "");
  return (base.replace(/\.sigmascope$/i, "") || "experiment").slice(0, 100);
}
