/** `experiment.json`: what a run was asked to do. */
import { join } from "node:path";
import { parseExperiment } from "../experiment/parseExperiment.ts";
import { formatProblems } from "../experiment/problem.ts";
import type { Experiment } from "../experiment/schema.ts";
import { runFiles } from "./runDirectory.ts";
import { readText } from "./runList.ts";

/** A run's resolved experiment. @throws Error with every problem of `experiment.json`. */
export async function readExperiment(runDirectory: string): Promise<Experiment> {
  const file = join(runDirectory, runFiles.experiment);
  const parsed = parseExperiment(await readText(file), file);
  if (parsed.ok) return parsed.experiment;
  throw new Error(formatProblems(parsed.problems, parsed.text));
}

/** @throws Error when another program trains the run: a trainer of ours has neither its data nor its checkpoints. */
export async function assertResumable(runDirectory: string): Promise<void> {
  const { task } = await readExperiment(runDirectory);
  if (task.kind === "external")
    throw new Error(
      `${runDirectory} was recorded by ${task.program ?? "another program"}, which alone can go on with it`,
    );
}
