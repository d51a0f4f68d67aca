/** Making a run directory and starting its trainer. */
import { resolveExperiment } from "../experiment/resolveExperiment.ts";
import type { Experiment } from "../experiment/schema.ts";
import { type LaunchedTrainer, type LaunchOptions, launchTrainer } from "./launch.ts";
import { createRun } from "./runDirectory.ts";

export interface StartOptions {
  /** Folder of the runs. */
  readonly root: string;
  readonly threads?: number | undefined;
  /** Let a task read data outside the folder of the experiment file. */
  readonly allowOutside?: boolean | undefined;
  /** Variables of the trainer beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface StartedRun {
  readonly directory: string;
  readonly trainer: LaunchedTrainer;
}

export async function startRun(
  file: string,
  experiment: Experiment,
  { root, threads, allowOutside, env }: StartOptions,
): Promise<StartedRun> {
  const resolved = resolveExperiment(experiment, { file });
  const directory = createRun(root, resolved, { experimentFile: file, name: resolved.name ?? file });
  const trainer = await launchTrainer(directory, trainerOptions(threads, allowOutside, env));
  return { directory, trainer };
}

/** Options of a trainer, for a new run and for one that goes on. */
export function trainerOptions(
  threads: number | undefined,
  allowOutside: boolean | undefined,
  env: StartOptions["env"] = {},
): LaunchOptions {
  return {
    ...(threads === undefined ? {} : { threads }),
    env: { ...env, ...(allowOutside ? { SIGMASCOPE_ALLOW_OUTSIDE: "1" } : {}) },
  };
}
