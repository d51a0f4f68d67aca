/** A problem in an experiment file, and how problems are shown to a person. */
import { LineIndex } from "./textPosition.ts";

export interface Problem {
  /** A file with an error cannot be run; a warning says that a value has no effect. */
  readonly severity: "error" | "warning";
  readonly file: string;
  /** Counted from 1; both are 0 when the problem is the file as a whole, such as a file that cannot be read. */
  readonly line: number;
  readonly column: number;
  /** Where in the text, in UTF-16 units. */
  readonly offset: number;
  readonly length: number;
  /** The property, e.g. ["model", "cell"]; empty for the file and for syntax errors. */
  readonly path: readonly (string | number)[];
  /** One sentence that says everything: the place, the value found, the values allowed. */
  readonly message: string;
  /** The value found, as text; null where something is missing. */
  readonly found: string | null;
  /** The values allowed, as text; null where that says nothing. */
  readonly allowed: string | null;
  /** What was probably meant, as JSON to stand at the place instead; absent where nothing is near. */
  readonly meant?: string;
}

/** Longest stretch of a source line that is quoted. */
const quotedWidth = 120;
/** More problems than this are counted, not shown: a file that bad needs a look, not a list. */
const shownProblems = 100;

/**
 * Shows problems as `file:line:column: severity: message`, each with its line quoted and a caret under the place.
 *
 * @param problems any number, of one file.
 * @param source the file's text; null when it could not be read.
 * @returns lines without a last newline; control characters of the source are replaced, never sent to a terminal.
 */
export function formatProblems(problems: readonly Problem[], source: string | null): string {
  const index = new LineIndex(source ?? "");
  const blocks = problems.slice(0, shownProblems).map((problem) => {
    const head = `${problem.severity}: ${printable(problem.message)}`;
    if (problem.line === 0) return `${problem.file}: ${head}`;
    const place = `${problem.file}:${problem.line}:${problem.column}: ${head}`;
    return source === null ? place : `${place}\n${quote(index.line(problem.line), problem)}`;
  });
  if (problems.length > shownProblems)
    blocks.push(`… and ${problems.length - shownProblems} more problems in this file`);
  return blocks.join("\n");
}

/** The line with its number, and a caret line under it; a long line is cut to the part around the place. */
function quote(line: string, { line: number, column, length }: Problem): string {
  const at = Math.min(column - 1, line.length);
  const from = line.length <= quotedWidth ? 0 : Math.max(0, at - quotedWidth / 2);
  const shown = line.slice(from, from + quotedWidth);
  const lead = from > 0 ? "…" : "";
  const trail = from + quotedWidth < line.length ? "…" : "";
  const gutter = `  ${number} | `;
  // Tabs stay tabs under tabs, so that the caret stands right at any tab width.
  const padding = lead.replace(/./g, " ") + shown.slice(0, at - from).replace(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(length, shown.length - (at - from))));
  return `${gutter}${lead}${printable(shown)}${trail}\n${gutter.replace(/[^|]/g, " ")}${padding}${carets}`;
}

/** Replaces control and direction-changing characters, tabs excepted: a file must not drive the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, "\ufffd");
}
