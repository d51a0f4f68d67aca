/** Trains the runs of a plan, several at a time. */
import type { Interruption } from "../interruption.ts";
import type { PlannedRun, PlannedSet } from "./plan.ts";
import { type ActiveRun, type EndedRun, type Found, findEarlier, trainRun, type Workshop } from "./runOne.ts";

/** A run of the plan, as far as it has come. */
export interface PoolRun {
  readonly set: PlannedSet;
  readonly planned: PlannedRun;
  /** As an earlier call left it. */
  readonly found: Found;
  active: ActiveRun | null;
  end: EndedRun | null;
}

export interface PoolListener {
  started(run: PoolRun): void;
  ended(run: PoolRun): Promise<void>;
}

/** All runs of a plan in their order, each with what an earlier call has left of it. */
export async function lookAtRuns(sets: readonly PlannedSet[], workshop: Workshop): Promise<PoolRun[]> {
  const runs: PoolRun[] = [];
  for (const set of sets)
    for (const planned of set.runs) {
      const found = await findEarlier(planned, workshop);
      const { directory, record } = found;
      const end: EndedRun | null =
        found.start === "finished" && directory !== null
          ? { directory, record, state: "finished", reason: null }
          : null;
      runs.push({ set, planned, found, active: null, end });
    }
  return runs;
}

/**
 * Trains whatever has not ended, `jobs` at a time, in order. A run that fails does not stop the others; Ctrl-C stops
 * all, each after a checkpoint, and no more are started.
 */
export async function trainAll(
  runs: readonly PoolRun[],
  jobs: number,
  workshop: Workshop,
  interruption: Interruption,
  listener: PoolListener,
): Promise<void> {
  const waiting = runs.filter(({ end }) => end === null);
  const worker = async (): Promise<void> => {
    for (;;) {
      if (interruption.requested) return;
      const run = waiting.shift();
      if (!run) return;
      run.end = await trainOne(run, workshop, interruption, listener);
      run.active = null;
      await listener.ended(run);
    }
  };
  // One that throws, as when the disk is full, must not leave the others unwatched.
  const outcomes = await Promise.allSettled(Array.from({ length: jobs }, worker));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function trainOne(
  run: PoolRun,
  workshop: Workshop,
  interruption: Interruption,
  listener: PoolListener,
): Promise<EndedRun> {
  try {
    return await trainRun(run.planned, run.found, workshop, (active) => {
      run.active = active;
      if (interruption.requested) active.stop();
      listener.started(run);
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { directory: run.found.directory ?? "", record: null, state: "failed", reason };
  }
}
