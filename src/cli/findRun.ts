/** Runs named on the command line. */
import { type OpenedRun, openRun, resolveRun } from "../runs/store.ts";
import { CliError, exitCodes } from "./exitCodes.ts";

/** The directory of the run that a person means. @throws CliError (notFound). */
export async function findRun(root: string, reference: string): Promise<string> {
  try {
    return await resolveRun(root, reference);
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), exitCodes.notFound);
  }
}

/** Finds and reads runs. @throws CliError (notFound), or Error naming the damaged file. */
export async function openRuns(root: string, references: readonly string[]): Promise<OpenedRun[]> {
  const directories: string[] = [];
  for (const reference of references) directories.push(await findRun(root, reference));
  return Promise.all(directories.map((directory) => openRun(directory)));
}
