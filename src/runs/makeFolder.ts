/** Making a folder and those above it. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { attempt, systemCode } from "./systemError.ts";

/**
 * Makes a folder, and those above it that do not exist.
 *
 * Node's own recursive form never returns where a file system answers ENOENT to the making of a folder in a folder
 * that exists, as `/proc` does.
 *
 * @throws SystemFailure that names the folder that could not be made.
 */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  attempt("create", folder, () => {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process was quicker.
      if (systemCode(error) !== "EEXIST" || !isFolder(folder)) throw error;
    }
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
