/** Reads an experiment file: either an experiment with every schema default, or all of the file's problems. */
import { readFile, stat } from "node:fs/promises";
import { crossProblems } from "./crossChecks.ts";
import { type ExperimentPositions, positionsOf } from "./locate.ts";
import type { Problem } from "./problem.ts";
import { type Experiment, experimentSchema } from "./schema.ts";
import { schemaProblems } from "./schemaProblems.ts";
import { readSyntax } from "./syntax.ts";
import { LineIndex } from "./textPosition.ts";
import { dataOf } from "./tree.ts";

/** An experiment is a page of text; anything near this size is some other file. */
export const maximumFileSize = 1_000_000;

export type ParsedExperiment =
  | {
      readonly ok: true;
      /** With every schema default written out; see `resolveExperiment` for those that depend on others. */
      readonly experiment: Experiment;
      /** Where in the text each property stands. */
      readonly positions: ExperimentPositions;
      /** Warnings only. */
      readonly problems: readonly Problem[];
      readonly text: string;
    }
  | {
      readonly ok: false;
      /** Every error and warning, in the order of the text; at least one is an error. */
      readonly problems: readonly Problem[];
      /** Null when the file could not be read. */
      readonly text: string | null;
      /** There is no file at this path. */
      readonly missing: boolean;
    };

/**
 * Reads and checks the experiment file at a path. Never throws: a file that cannot be read, is larger than 1 MB
 * or is not UTF-8 is a problem like any other.
 */
export async function loadExperiment(file: string): Promise<ParsedExperiment> {
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size > maximumFileSize) return unreadable(file, tooLarge(size), `${size} bytes`);
    bytes = await readFile(file);
  } catch (error) {
    const missing = ["ENOENT", "ENOTDIR"].includes(String((error as NodeJS.ErrnoException).code));
    return unreadable(file, `cannot be read: ${reasonOf(error)}`, null, missing);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return parseExperiment(decoder.decode(bytes), file);
  } catch {
    return unreadable(file, "is not UTF-8 text; save it with the encoding UTF-8", "bytes that are not UTF-8");
  }
}

/**
 * Checks the text of an experiment file.
 *
 * @param fileName only for the messages.
 */
export function parseExperiment(text: string, fileName: string): ParsedExperiment {
  if (text.length > maximumFileSize)
    return unreadable(fileName, tooLarge(text.length), `${text.length} characters`);
  const lines = new LineIndex(text);
  const { root, problems, structureLost } = readSyntax(text, fileName, lines);
  if (!root) return { ok: false, problems, text, missing: false };
  const broken = problems.length > 0;
  const source = { file: fileName, text, lines, root, data: dataOf(root) };
  const found = [...schemaProblems(source), ...crossProblems(source)].filter((problem) => {
    // What seems missing may be there but unreadable, and a lost brace moves keys into the wrong object.
    if (broken && problem.found === null) return false;
    return !(structureLost && problem.message.startsWith("unknown key"));
  });
  const all = [...problems, ...found].sort((a, b) => a.offset - b.offset);
  if (all.some(({ severity }) => severity === "error"))
    return { ok: false, problems: all, text, missing: false };
  const experiment = experimentSchema.parse(source.data);
  return { ok: true, experiment, positions: positionsOf(root, lines), problems: all, text };
}

function tooLarge(size: number): string {
  return `is ${size} bytes large; an experiment file has at most ${maximumFileSize}`;
}

function unreadable(file: string, message: string, found: string | null, missing = false): ParsedExperiment {
  const problem: Problem = {
    severity: "error",
    file,
    line: 0,
    column: 0,
    offset: 0,
    length: 0,
    path: [],
    message,
    found,
    allowed: null,
  };
  return { ok: false, problems: [problem], text: null, missing };
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
      return "no such file";
    case "EISDIR":
      return "it is a folder";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
