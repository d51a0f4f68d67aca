/** Runs for the editor to open and to list. */
import { cpSync, linkSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { runFile } from "../src/runs/runDirectory.ts";
import { readRunRecord, writeRunRecord } from "../src/runs/runRecord.ts";

/** Another run with the same telemetry, which lies on the disk once. @returns its directory. */
export function twinOf(directory: string, name: string): string {
  const twin = join(dirname(directory), `${basename(directory)}-${name}`);
  mkdirSync(twin);
  cpSync(runFile(directory, "experiment"), runFile(twin, "experiment"));
  linkSync(runFile(directory, "telemetry"), runFile(twin, "telemetry"));
  writeRunRecord(twin, { ...readRunRecord(directory), id: basename(twin), name });
  return twin;
}

/** Ended runs of `experiments` experiments, without telemetry: a list reads their records alone. */
export function writeManyRuns(root: string, pattern: string, count: number, experiments: number): void {
  const record = readRunRecord(pattern);
  for (let i = 0; i < count; i++) {
    const created = new Date(Date.now() - 60_000 * (i + 1)).toISOString();
    const id = `20261101-${String(i).padStart(6, "0")}-many-0000`;
    const directory = join(root, id);
    mkdirSync(directory, { recursive: true });
    cpSync(runFile(pattern, "experiment"), runFile(directory, "experiment"));
    writeRunRecord(directory, {
      ...record,
      id,
      name: `run-${i}`,
      experimentFile: join(root, `experiment-${i % experiments}.sigmascope.json`),
      created,
      heartbeat: created,
    });
  }
}
