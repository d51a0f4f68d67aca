/** Rows of a set's table: each model over its seeds. */
import type { ExperimentSet, SetExperiment } from "./experimentSet.ts";
import type { RunResult } from "./measure.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";

/** A run that has not been finished. */
export interface UnfinishedRun {
  readonly seed: number;
  /** As a person reads it, such as `failed at step 12: …`. */
  readonly what: string;
  readonly failed: boolean;
}

export interface ExperimentOutcome {
  readonly experiment: SetExperiment;
  /** Finished runs. */
  readonly results: readonly RunResult[];
  readonly unfinished: readonly UnfinishedRun[];
  readonly seeds: number;
}

export interface SummaryRow {
  readonly model: string;
  readonly data: string | null;
  readonly metricName: string | null;
  readonly testMetric: Statistics | null;
  readonly testLoss: Statistics | null;
  /** Seeds that learnt the task; null where the set has no mark for it. */
  readonly solved: number | null;
  readonly parameters: number | null;
  readonly steps: number | null;
  readonly seconds: Statistics | null;
  /** Each finished seed's. */
  readonly halfLives: readonly number[];
  readonly reach: Statistics | null;
  readonly length: number | null;
  /** Smallest and largest over all seeds. */
  readonly sigma: readonly [number, number] | null;
  readonly finished: number;
  readonly failed: number;
  readonly seeds: number;
}

export function summaryRow(set: ExperimentSet, outcome: ExperimentOutcome): SummaryRow {
  const { experiment, results, unfinished, seeds } = outcome;
  const known = (of: (result: RunResult) => number | null) =>
    results.map(of).filter((value): value is number => value !== null);
  const [first] = results;
  const ranges = results.flatMap(({ sigma }) => (sigma === null ? [] : [sigma]));
  const { solved } = set;
  return {
    model: experiment.model,
    data: experiment.data ?? null,
    metricName: first?.metricName ?? null,
    testMetric: statisticsOf(known(({ testMetric }) => testMetric)),
    testLoss: statisticsOf(known(({ testLoss }) => testLoss)),
    solved: solved
      ? results.filter(({ testMetric, length }) => testMetric !== null && solved.holds(testMetric, length))
          .length
      : null,
    parameters: first?.parameters ?? null,
    steps: first?.steps ?? null,
    seconds: statisticsOf(results.map(({ seconds }) => seconds)),
    halfLives: known(({ halfLife }) => halfLife),
    reach: statisticsOf(known(({ reach }) => reach)),
    length: first?.length ?? null,
    sigma:
      ranges.length === 0
        ? null
        : [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))],
    finished: results.length,
    failed: unfinished.filter(({ failed }) => failed).length,
    seeds,
  };
}
