/** From the names of sets to the runs that make them up. */
import { join } from "node:path";
import { type Experiment, type ExperimentInput, experimentSchema } from "../../experiment/schema.ts";
import { applyOverrides } from "../readExperiments.ts";
import { estimatedSeconds } from "./estimate.ts";
import { DataMissing, type ExperimentSet, type SetContext, type SetExperiment } from "./experimentSet.ts";
import { fingerprintOf, type RunKey } from "./manifest.ts";

export interface PlanOptions extends SetContext {
  readonly seeds: number;
  /** Instead of the sets' own. */
  readonly steps: number | undefined;
}

/** One run of the plan. */
export interface PlannedRun {
  readonly key: RunKey;
  readonly fingerprint: string;
  readonly experiment: Experiment;
  /** Seconds on one thread. */
  readonly estimate: number;
}

export interface PlannedSet {
  readonly set: ExperimentSet;
  readonly experiments: readonly SetExperiment[];
  /** All models with the first seed, then all with the second …: what is there at any time can be compared. */
  readonly runs: readonly PlannedRun[];
}

export interface SkippedSet {
  readonly set: ExperimentSet;
  readonly reason: string;
}

export interface Plan {
  readonly sets: readonly PlannedSet[];
  readonly skipped: readonly SkippedSet[];
}

/** @throws Error where a set's own experiment is none: a mistake in this program. */
export async function makePlan(sets: readonly ExperimentSet[], options: PlanOptions): Promise<Plan> {
  const planned: PlannedSet[] = [];
  const skipped: SkippedSet[] = [];
  for (const set of sets) {
    try {
      const experiments = await set.experiments(options);
      planned.push({ set, experiments, runs: runsOf(set, experiments, options) });
    } catch (error) {
      if (!(error instanceof DataMissing)) throw error;
      skipped.push({ set, reason: error.message });
    }
  }
  return { sets: planned, skipped };
}

function runsOf(
  set: ExperimentSet,
  experiments: readonly SetExperiment[],
  options: PlanOptions,
): PlannedRun[] {
  const { quick, steps, seeds } = options;
  const checked = experiments.map((experiment) => ({
    ...experiment,
    fingerprint: fingerprintOf(experiment.input, options.dataFolder),
    base: experimentSchema.parse({ ...experiment.input, name: runName(set, experiment) }),
  }));
  return Array.from({ length: seeds }, (_, index) => index + 1).flatMap((seed) =>
    checked.map(({ name, fingerprint, base, work }) => {
      const experiment = applyOverrides(base, { seed, steps });
      return {
        key: { set: set.name, experiment: name, seed, quick, steps: steps ?? null },
        fingerprint,
        experiment,
        estimate: estimatedSeconds(experiment, work),
      };
    }),
  );
}

function runName(set: ExperimentSet, { name }: SetExperiment): string {
  return `${set.name} ${name}`.slice(0, 100);
}

/** The file that shows what a run was made from; of all seeds alike. */
export function experimentFile(folder: string, { key }: PlannedRun): string {
  const name = `${key.set} ${key.experiment}${key.quick ? " quick" : ""}`;
  return join(folder, "experiments", `${name.replace(/[^\w.=]+/g, "-")}.sigmascope.json`);
}

/** What stands in that file. */
export function experimentText(experiment: Experiment): string {
  const { seed, ...training } = experiment.training;
  const input: ExperimentInput = { ...experiment, training };
  return `// Made by sigmascope reproduce, which gives the seed (${seed} and so on).\n${JSON.stringify(input, undefined, 2)}\n`;
}
