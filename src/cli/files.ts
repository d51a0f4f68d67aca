/** Files named on the command line. */
import { stat } from "node:fs/promises";
import { CliError, exitCodes } from "./exitCodes.ts";

export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The error for a file that is named and not there. */
export function noSuchFile(path: string): CliError {
  return new CliError(`there is no file ${path}`, exitCodes.notFound);
}
