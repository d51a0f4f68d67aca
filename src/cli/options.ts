/** Options that several commands share, and how their values are read. */
import { availableParallelism } from "node:os";
import { InvalidArgumentError, Option } from "commander";

/** A reader for a whole number in a range; commander turns its error into a usage message. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum)
      throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
    return value;
  };
}

/** A reader for a positive number up to a maximum. */
export function positiveNumber(maximum: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value > 0 && value <= maximum))
      throw new InvalidArgumentError(`It must be a number above 0 and at most ${maximum}.`);
    return value;
  };
}

export const threadsOption = () =>
  new Option(
    "--threads <n>",
    `worker threads (default: all ${availableParallelism()} processors); the result is the same for any number`,
  ).argParser(wholeNumber(1, 256));

export const engineOption = (instead: string) =>
  new Option("--engine <name>", `engine, instead of ${instead}`).choices(["auto", "fused", "tensorflow"]);

export const tensorflowOption = () =>
  new Option(
    "--tensorflow-folder <folder>",
    "where your own @tensorflow/tfjs-node or tfjs-node-gpu is installed, for the engine tensorflow",
  );

export const runsOption = () => new Option("--runs <folder>", "folder with the runs").default(defaultRuns);

export const jsonOption = (what: string) =>
  new Option("--json", `print ${what} as one JSON line, the last line of standard output`);

/** Where runs are kept, below the working directory, unless told otherwise. */
export const defaultRuns = ".sigmascope/runs";
