/** Writes the HTML report of runs. */
import { constants } from "node:fs";
import { access, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { buildReport } from "../report/buildReport.ts";
import type { OpenedRun } from "../runs/store.ts";
import { SystemFailure } from "../runs/systemError.ts";
import { CliError, exitCodes } from "./exitCodes.ts";

/** Finds out beforehand whether a report could be written. @throws CliError (usage). */
export async function assertWritable(file: string): Promise<void> {
  const path = resolve(file);
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory())
    throw new CliError(`the report cannot be written to ${path}: it is a folder`, exitCodes.usage);
  try {
    await access(there ? path : dirname(path), constants.W_OK);
  } catch (error) {
    const failure = new SystemFailure(error, "write to", there ? path : dirname(path));
    throw new CliError(`the report cannot be written: ${failure.message}`, exitCodes.usage);
  }
}

/** @returns the absolute path of the report. */
export async function writeReport(runs: readonly OpenedRun[], file: string): Promise<string> {
  const path = resolve(file);
  const title = runs.map(({ record }) => record.name).join(" · ");
  const html = await buildReport(runs, { title });
  try {
    await writeFile(path, html);
  } catch (error) {
    throw new SystemFailure(error, "write", path);
  }
  return path;
}
