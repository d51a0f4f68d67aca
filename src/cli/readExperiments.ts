/** Experiment files from the command line: all are checked before anything is written. */
import { loadExperiment } from "../experiment/parseExperiment.ts";
import { formatProblems } from "../experiment/problem.ts";
import { type Experiment, experimentSchema } from "../experiment/schema.ts";
import { CliError, exitCodes } from "./exitCodes.ts";
import type { Terminal } from "./terminal.ts";

export interface NamedExperiment {
  /** As given on the command line. */
  readonly file: string;
  readonly experiment: Experiment;
}

/** What the command line says instead of the file. */
export interface Overrides {
  readonly steps?: number | undefined;
  readonly seed?: number | undefined;
  readonly engine?: Experiment["engine"] | undefined;
}

/**
 * Reads experiment files and shows every problem of every one of them.
 *
 * @throws CliError (usage) when any has an error.
 */
export async function readExperiments(
  files: readonly string[],
  terminal: Terminal,
): Promise<NamedExperiment[]> {
  const experiments: NamedExperiment[] = [];
  let bad = 0;
  let missing = 0;
  for (const file of files) {
    const parsed = await loadExperiment(file);
    if (parsed.problems.length > 0) terminal.say(formatProblems(parsed.problems, parsed.text));
    if (parsed.ok) experiments.push({ file, experiment: parsed.experiment });
    else if (parsed.missing) missing++;
    else bad++;
  }
  if (bad + missing > 0) {
    const count = bad + missing === 1 ? "1 experiment file" : `${bad + missing} experiment files`;
    const what = bad > 0 ? "has errors" : "cannot be found";
    throw new CliError(
      `${count} ${bad + missing === 1 ? what : what.replace("has", "have")}; nothing was started`,
      bad > 0 ? exitCodes.usage : exitCodes.notFound,
    );
  }
  return experiments;
}

/**
 * The experiments with what the command line says instead.
 *
 * @throws CliError (usage) when that contradicts one of them.
 */
export function overridden(experiments: readonly NamedExperiment[], overrides: Overrides): NamedExperiment[] {
  return experiments.map(({ file, experiment: own }) => {
    const experiment = applyOverrides(own, overrides);
    const { gradientCheckpointing } = experiment.training;
    if (experiment.engine === "tensorflow" && gradientCheckpointing !== "off")
      throw new CliError(
        `training.gradientCheckpointing is ${JSON.stringify(gradientCheckpointing)} in ${file}, which the engine ` +
          '"tensorflow" does not have; set it to "off" there, or take the engine "fused"; nothing was started',
        exitCodes.usage,
      );
    return { file, experiment };
  });
}

/** The experiment with what the command line says instead; steps replace epochs. */
export function applyOverrides(experiment: Experiment, { steps, seed, engine }: Overrides): Experiment {
  const { epochs, ...training } = experiment.training;
  return experimentSchema.parse({
    ...experiment,
    ...(engine === undefined ? {} : { engine }),
    training: {
      ...training,
      ...(steps !== undefined ? { steps } : epochs !== undefined ? { epochs } : {}),
      ...(seed === undefined ? {} : { seed }),
    },
  });
}
