/** From the task part of an experiment to the task itself. */
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { TaskSettings } from "../experiment/schema.ts";
import { addingTask } from "./adding.ts";
import { copyTask } from "./copy.ts";
import { csvTask } from "./csv.ts";
import { digitsTask } from "./digits.ts";
import { howToGetMnist, mnistTask } from "./mnist.ts";
import type { Task } from "./task.ts";
import { textTask } from "./text.ts";
import { ucrTask } from "./ucr.ts";

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
    case "mnist":
      return await mnistTask(settings, seed, await dataFolder(settings.folder, "task.folder", places));
    case "text":
      return await textTask(settings, seed, {
        train: await dataFile(settings.train, "task.train", places),
        test: await dataFile(settings.test, "task.test", places),
        valid:
          settings.valid === undefined ? undefined : await dataFile(settings.valid, "task.valid", places),
      });
    case "ucr":
      return await ucrTask(
        settings,
        seed,
        await dataFile(settings.train, "task.train", places),
        await dataFile(settings.test, "task.test", places),
      );
    case "external":
      throw new Error(
        `task.kind is "external": its data are another program's (${settings.program ?? "which one is not known"}), ` +
          'which alone can train it; Sigmascope trains "adding", "copy", "digits", "csv", "mnist", "text" and "ucr"',
      );
  }
}

/** The real path of a data file that an experiment names. */
async function dataFile(path: string, property: string, places: DataPlaces): Promise<string> {
  const { real, named } = await realPath(path, property, places);
  if (!(await stat(real)).isFile()) throw new Error(`${named}, which is ${real}, is not a regular file`);
  return real;
}

/** The real path of a folder of data files. */
async function dataFolder(path: string, property: string, places: DataPlaces): Promise<string> {
  const { real, named } = await realPath(path, property, places, `; ${howToGetMnist}`);
  if (!(await stat(real)).isDirectory()) throw new Error(`${named}, which is ${real}, is not a folder`);
  return real;
}

/** @returns the real path, and how to name it in an error message. */
async function realPath(
  path: string,
  property: string,
  places: DataPlaces,
  hint = "",
): Promise<{ real: string; named: string }> {
  const named = resolve(places.baseDirectory, path);
  let real: string;
  try {
    real = await realpath(named);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : String(error);
    throw new Error(`${property}: ${JSON.stringify(path)}, which is ${named}, ${reason}${hint}`);
  }
  if (!places.allowOutside) {
    const root = await realpath(places.root);
    const fromRoot = relative(root, real);
    if (fromRoot === ".." || fromRoot.startsWith(`..${sep}`) || isAbsolute(fromRoot))
      throw new Error(
        `${property}: ${JSON.stringify(path)} leads to ${real}, which lies outside ${root}; ` +
          "an experiment may read only files inside that folder, unless --allow-outside lets it read others",
      );
  }
  return { real, named: `${property}: ${JSON.stringify(path)}` };
}
