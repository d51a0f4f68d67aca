/** Finding runs in a folder of runs, and opening one. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import type { Experiment } from "../experiment/schema.ts";
import { readEvents } from "./events.ts";
import { readExperiment } from "./experimentOfRun.ts";
import type { RunEvent, RunRecord, RunState } from "./run.ts";
import { runFiles } from "./runDirectory.ts";
import { listRuns, readRecord, runNames } from "./runList.ts";
import { liveState } from "./runRecord.ts";
import { systemCode } from "./systemError.ts";
import type { TelemetryRow } from "./telemetry.ts";
import { readTelemetry } from "./telemetryReader.ts";

export { readExperiment } from "./experimentOfRun.ts";
export { type ListedRun, listRuns } from "./runList.ts";

/** Ids listed in an error message. */
const shownMatches = 10;

/**
 * Finds the run that a user means.
 *
 * @param reference a run's id, a beginning that only one id has, the path of a run's directory, or `last` for the
 *   newest.
 * @returns the absolute path of its directory.
 * @throws Error that lists the runs that match when there are several, or names near ones when there is none.
 */
export async function resolveRun(root: string, reference: string): Promise<string> {
  const absoluteRoot = resolve(root);
  const names = await runNames(absoluteRoot);
  if (names.includes(reference)) return join(absoluteRoot, reference);
  if (await isRunDirectory(reference)) return resolve(reference);
  if (reference === "last") {
    const [newest] = await listRuns(absoluteRoot);
    if (newest !== undefined) return newest.directory;
  }
  if (names.length === 0)
    throw new Error(
      `there is no run "${reference}": ${absoluteRoot} has no runs; start one with: sigmascope train FILE`,
    );
  const matches = reference === "" ? [] : names.filter((name) => name.startsWith(reference)).sort();
  if (matches.length === 1) return join(absoluteRoot, matches[0]!);
  if (matches.length > 1)
    throw new Error(`"${reference}" is the beginning of ${matches.length} runs:\n${list(matches)}`);
  const near = closest(reference, names);
  const hint =
    distance(reference, near) <= Math.max(2, reference.length / 3)
      ? `did you mean ${near}?`
      : `the newest are:\n${list(names.sort().reverse())}`;
  throw new Error(`there is no run "${reference}" in ${absoluteRoot}; ${hint}`);
}

async function isRunDirectory(path: string): Promise<boolean> {
  if (path === "") return false;
  try {
    return (await stat(join(path, runFiles.record))).isFile();
  } catch {
    return false;
  }
}

function list(names: readonly string[]): string {
  const lines = names.slice(0, shownMatches).map((name) => `  ${name}`);
  if (names.length > shownMatches) lines.push(`  … and ${names.length - shownMatches} more`);
  return lines.join("\n");
}

export interface OpenedRun {
  readonly id: string;
  readonly directory: string;
  readonly record: RunRecord;
  readonly state: RunState;
  readonly experiment: Experiment;
  readonly rows: readonly TelemetryRow[];
  readonly events: readonly RunEvent[];
  /** One sentence for each thing that could not be read: damaged lines, telemetry that breaks off. */
  readonly problems: readonly string[];
}

/**
 * Reads a whole run. Telemetry or events that are missing or damaged are read as far as they go, and `problems` says
 * so; without a good `run.json` and `experiment.json` there is no run.
 *
 * @throws Error that names the file and what is wrong with it.
 */
export async function openRun(directory: string): Promise<OpenedRun> {
  const absolute = resolve(directory);
  const record = await readRecord(absolute);
  const experiment = await readExperiment(absolute);
  const events = readEvents(absolute);
  const problems = [...events.problems];
  let rows: readonly TelemetryRow[] = [];
  try {
    const telemetry = readTelemetry(join(absolute, runFiles.telemetry));
    rows = telemetry.rows;
    if (telemetry.damage !== null) problems.push(telemetry.damage);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") problems.push(error instanceof Error ? error.message : String(error));
  }
  return {
    id: basename(absolute),
    directory: absolute,
    record,
    state: liveState(record),
    experiment,
    rows,
    events: events.events,
    problems,
  };
}
