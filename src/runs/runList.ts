/** The runs of a folder, as a list shows them: their `run.json` and nothing else. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { RunRecord, RunState } from "./run.ts";
import { runFiles } from "./runDirectory.ts";
import { liveState, parseRunRecord } from "./runRecord.ts";
import { SystemFailure, systemCode } from "./systemError.ts";

/** A run as a list shows it; one whose `run.json` cannot be read is listed with the reason. */
export type ListedRun = { readonly id: string; readonly directory: string } & (
  | { readonly record: RunRecord; readonly state: RunState; readonly error: null }
  | { readonly record: null; readonly state: null; readonly error: string }
);

/** Files read at the same time: a network file system answers slowly, but many at once. */
export const concurrency = 32;

/**
 * The runs in a folder, newest first. Reads each run's `run.json` only. A folder that does not exist has no runs;
 * files and hidden folders in it are no runs.
 *
 * @throws SystemFailure where the folder exists and cannot be read.
 */
export async function listRuns(root: string): Promise<ListedRun[]> {
  const names = await runNames(root);
  const runs: ListedRun[] = [];
  for (let start = 0; start < names.length; start += concurrency) {
    const batch = names.slice(start, start + concurrency);
    runs.push(...(await Promise.all(batch.map((name) => readListedRun(join(resolve(root), name))))));
  }
  return runs.sort(newestFirst);
}

/** Names of the run directories in a folder, in no order. @throws SystemFailure as `listRuns`. */
export async function runNames(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
      .map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw new SystemFailure(error, "read", root);
  }
}

/** One run for a list. Never throws. */
export async function readListedRun(directory: string): Promise<ListedRun> {
  const id = basename(directory);
  try {
    const record = await readRecord(directory);
    return { id, directory, record, state: liveState(record), error: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { id, directory, record: null, state: null, error: reason };
  }
}

/** A run's record. @throws Error that names the file and what is wrong with it. */
export async function readRecord(directory: string): Promise<RunRecord> {
  const file = join(directory, runFiles.record);
  return parseRunRecord(await readText(file), file);
}

/** @throws SystemFailure. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new SystemFailure(error, "read", file);
  }
}

/** Order of a list of runs: the newest first, then by id. */
export function newestFirst(a: ListedRun, b: ListedRun): number {
  const [ageA, ageB] = [byAge(a), byAge(b)];
  if (ageA !== ageB) return ageA < ageB ? 1 : -1;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

/** Creation as 17 digits, to the millisecond: runs may follow each other in one second. Of a damaged run, from its name. */
function byAge({ id, record }: ListedRun): string {
  const time = record?.created ?? /^\d{8}-\d{6}/.exec(id)?.[0] ?? "";
  return time.replace(/\D/g, "").slice(0, 17).padEnd(17, "0");
}
