/** Writes the HTML report of runs. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buildReport } from "../report/buildReport.ts";
import type { OpenedRun } from "../runs/store.ts";
import { SystemFailure } from "../runs/systemError.ts";

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
