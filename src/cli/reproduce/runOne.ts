/** One run of a plan, from whatever state an earlier call left it in to its end. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { replaceFile } from "../../runs/atomicFile.ts";
import { listCheckpoints } from "../../runs/checkpoint.ts";
import { sendCommand } from "../../runs/control.ts";
import { type LaunchedTrainer, launchTrainer } from "../../runs/launch.ts";
import { logEnd } from "../../runs/logEnd.ts";
import { makeFolder } from "../../runs/makeFolder.ts";
import type { RunRecord, RunState } from "../../runs/run.ts";
import { runFile } from "../../runs/runDirectory.ts";
import { readListedRun } from "../../runs/runList.ts";
import { lockOwner } from "../../runs/runLock.ts";
import { startRun, trainerOptions } from "../../runs/startRun.ts";
import { machineText } from "./machine.ts";
import type { Manifest } from "./manifest.ts";
import { experimentFile, experimentText, type PlannedRun } from "./plan.ts";

/** Looks at a run, in milliseconds. */
const interval = 250;

export interface Workshop {
  /** Absolute; holds the manifest, the tables, the experiments and the runs. */
  readonly folder: string;
  readonly runs: string;
  readonly manifest: Manifest;
  /** As typed, for the manifest. */
  readonly command: string;
  /** Of each trainer; undefined: all processors. */
  readonly threads: number | undefined;
}

export type RunStart = "finished" | "followed" | "resumed" | "started";

/** What an earlier call has left of a run: what there is to do. */
export interface Found {
  readonly start: RunStart;
  /** Null for a run that is to be made. */
  readonly directory: string | null;
  readonly record: RunRecord | null;
}

/** Looks for the run of an earlier call. */
export async function findEarlier(planned: PlannedRun, { manifest }: Workshop): Promise<Found> {
  const entry = manifest.find(planned.key, planned.fingerprint);
  const none: Found = { start: "started", directory: null, record: null };
  if (!entry) return none;
  const directory = manifest.directoryOf(entry);
  const { record } = await readListedRun(directory);
  // Deleted or damaged: what cannot be read cannot be gone on with.
  if (!record) return none;
  if (record.state === "finished") return { start: "finished", directory, record };
  // A trainer outlives the command that started it.
  if (lockOwner(directory)) return { start: "followed", directory, record };
  return existsSync(runFile(directory, "experiment")) && listCheckpoints(directory).length > 0
    ? { start: "resumed", directory, record }
    : none;
}

/** A run that is being trained. */
export interface ActiveRun {
  readonly planned: PlannedRun;
  readonly directory: string;
  /** Newest, for the progress. */
  record: RunRecord | null;
  stop(): void;
}

export interface EndedRun {
  readonly directory: string;
  readonly record: RunRecord | null;
  readonly state: RunState;
  /** Why it is not finished; null where it is, or was stopped. */
  readonly reason: string | null;
}

/**
 * Starts, resumes or follows a run, and waits for its end.
 *
 * @param onActive called as soon as the run can be stopped.
 * @throws Error where the run cannot be started.
 */
export async function trainRun(
  planned: PlannedRun,
  found: Found,
  workshop: Workshop,
  onActive: (run: ActiveRun) => void,
): Promise<EndedRun> {
  const { directory, trainer } = await launch(planned, found, workshop);
  let gone = trainer === undefined ? undefined : false;
  trainer?.exited.then(() => {
    gone = true;
  });
  const active: ActiveRun = {
    planned,
    directory,
    record: null,
    stop: () => {
      sendCommand(directory, { command: "stop" });
    },
  };
  onActive(active);
  for (;;) {
    // Looked at first: what a trainer that is gone has written is all there.
    const over = gone ?? lockOwner(directory) === undefined;
    const { record } = await readListedRun(directory);
    // The numbers of a run that is about to go on are those of its past.
    if (trainer === undefined || record?.pid === trainer.pid) active.record = record;
    if (over) return endOf(directory, record, trainer);
    await sleep(interval);
  }
}

async function launch(
  planned: PlannedRun,
  { start, directory }: Found,
  { folder, runs, manifest, threads, command }: Workshop,
): Promise<{ readonly directory: string; readonly trainer: LaunchedTrainer | undefined }> {
  if (directory !== null && start === "followed") return { directory, trainer: undefined };
  if (directory !== null) {
    const trainer = await launchTrainer(directory, { ...trainerOptions(threads, true), resume: true });
    return { directory, trainer };
  }
  const file = experimentFile(folder, planned);
  makeFolder(dirname(file));
  replaceFile(file, experimentText(planned.experiment));
  // The data are those that the person named with --data, wherever they lie.
  const started = await startRun(file, planned.experiment, { root: runs, threads, allowOutside: true });
  manifest.record(
    {
      ...planned.key,
      fingerprint: planned.fingerprint,
      machine: machineText(),
      command,
      started: new Date().toISOString(),
    },
    started.directory,
  );
  return started;
}

function endOf(directory: string, record: RunRecord | null, trainer: LaunchedTrainer | undefined): EndedRun {
  const lastWords = () => logEnd(directory, 1) || `see ${runFile(directory, "log")}`;
  const own = record !== null && (trainer === undefined || record.pid === trainer.pid);
  if (!own) return { directory, record, state: "failed", reason: lastWords() };
  const { state } = record;
  if (state === "finished" || state === "stopped") return { directory, record, state, reason: null };
  if (state === "failed") return { directory, record, state, reason: record.reason ?? lastWords() };
  return { directory, record, state: "interrupted", reason: `its trainer ended at step ${record.step}` };
}
