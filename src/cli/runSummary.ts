/** What `--json` prints about a run. */
import { basename } from "node:path";
import type { Finding } from "../diagnostics/finding.ts";
import type { RunCapacity, RunRecord, RunState } from "../runs/run.ts";
import type { WrittenNumber } from "./format.ts";

export interface RunSummary {
  readonly run: string;
  /** Absolute. */
  readonly directory: string;
  readonly state: RunState;
  readonly step: number;
  readonly loss: number | null;
  readonly metric: number | null;
  readonly testMetric: number | null;
  readonly stepsPerSecond: number | null;
  readonly halfLife: WrittenNumber;
  readonly reach: number | null;
  readonly sigma: readonly [number, number] | null;
  /** See `src/diagnostics/capacity.ts`. */
  readonly capacity: RunCapacity | null;
  readonly findings: readonly Finding[];
}

/** @param state with `interrupted` where the trainer is gone. */
export function summarize(record: RunRecord, directory: string, state: RunState): RunSummary {
  return {
    // A run that was copied goes by its folder's name, as everywhere on the command line.
    run: basename(directory),
    directory,
    state,
    step: record.step,
    loss: record.loss,
    metric: record.metric,
    testMetric: record.testMetric,
    stepsPerSecond: record.stepsPerSecond,
    halfLife: record.halfLife,
    reach: record.reach,
    sigma: record.sigma,
    capacity: record.capacity ?? null,
    findings: record.findings,
  };
}
