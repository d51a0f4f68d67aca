/** From the task part of an experiment to the task itself. */
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { TaskSettings } from "../experiment/schema.ts";
import { addingTask } from "./adding.ts";
import { copyTask } from "./copy.ts";
import { csvTask } from "./csv.ts";
import { digitsTask } from "./digits.ts";
import type { Task } from "./task.ts";

export interface DataPlaces {
  /** Folder of the experiment file; paths in it are relative to this one. */
  readonly baseDirectory: string;
  /** Data files must lie in this folder once symbolic links are followed … */
  readonly root: string;
  /** … unless the person allowed otherwise. */
  readonly allowOutside: boolean;
}

/**
 * Generates or loads a task's data.
 * @param seed of the training data and their order; finite sets are split in the same way for every seed.
 * @throws Error that names the file, the place and what is allowed when data are missing or malformed.
 */
export async function loadTask(settings: TaskSettings, seed: number, places: DataPlaces): Promise<Task> {
  switch (settings.kind) {
    case "adding":
      return addingTask(settings, seed);
    case "copy":
      return copyTask(settings, seed);
    case "digits":
      return await digitsTask(settings, seed);
    case "csv": {
      const train = await dataFile(settings.train, "task.train", places);
      const test =
        settings.test === undefined ? undefined : await dataFile(settings.test, "task.test", places);
      return await csvTask(settings, seed, train, test);
    }
    case "external":
      throw new Error(
        `task.kind is "external": its data are another program's (${settings.program ?? "which one is not known"}), ` +
          'which alone can train it; Sigmascope trains "adding", "copy", "digits" and "csv"',
      );
  }
}

/** The real path of a data file that an experiment names. */
async function dataFile(path: string, property: string, places: DataPlaces): Promise<string> {
  const named = resolve(places.baseDirectory, path);
  let real: string;
  try {
    real = await realpath(named);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : String(error);
    throw new Error(`${property}: ${JSON.stringify(path)}, which is ${named}, ${reason}`);
  }
  if (!places.allowOutside) {
    const root = await realpath(places.root);
    const fromRoot = relative(root, real);
    if (fromRoot === ".." || fromRoot.startsWith(`..${sep}`) || isAbsolute(fromRoot))
      throw new Error(
        `${property}: ${JSON.stringify(path)} leads to ${real}, which lies outside ${root}; ` +
          "an experiment may read only files inside that folder unless outside files are allowed on purpose",
      );
  }
  if (!(await stat(real)).isFile())
    throw new Error(`${property}: ${JSON.stringify(path)}, which is ${real}, is not a regular file`);
  return real;
}
