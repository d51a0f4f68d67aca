/** Changes to the text of an experiment file that leave its comments and layout as they are. */
import type { Edit } from "../diagnostics/finding.ts";
import { applyTextEdits, createScanner, modify, type Node } from "./jsonc.ts";
import { readSyntax } from "./syntax.ts";
import { placeAt } from "./tree.ts";

/**
 * Applies a remedy's edits to the text of an experiment file, in their order. Objects that are not there yet, such
 * as `training`, are made.
 *
 * @returns the new text.
 * @throws Error when the text has syntax errors, or a path leads through something that is not an object.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce(applyEdit, text);
}

function applyEdit(text: string, { path, value }: Edit): string {
  const { root, problems } = readSyntax(text, "the experiment file");
  const [problem] = problems;
  if (!root || problem)
    throw new Error(
      `the file cannot be edited while it has errors: line ${problem?.line ?? 1}: ${problem?.message ?? "it is empty"}`,
    );
  for (let depth = 0; depth < path.length; depth++) {
    const place = placeAt(root, path.slice(0, depth));
    if (!place) break;
    if (place.value?.type !== "object")
      throw new Error(
        `${path.join(".")} cannot be set: ${path.slice(0, depth).join(".") || "the file"} is not an object`,
      );
  }
  const parent = placeAt(root, path.slice(0, -1))?.value;
  if (parent && !placeAt(root, path)) {
    const inserted = insertOnNewLine(text, parent, path.at(-1)!, value);
    if (inserted !== undefined) return inserted;
  }
  const formattingOptions = { ...indentation(text), eol: lineEnd(text) };
  return applyTextEdits(text, modify(text, [...path], value, { formattingOptions }));
}

/**
 * Adds a property on a line of its own after an object's last one, behind the comment that may follow it there
 * (jsonc-parser would put it before that comment, which then speaks of the wrong property).
 *
 * @returns undefined where the object's last property does not end its line.
 */
function insertOnNewLine(text: string, parent: Node, key: string, value: Edit["value"]): string | undefined {
  const last = parent.children?.at(-1);
  if (!last) return undefined;
  const end = last.offset + last.length;
  const comma = trailingComma(text, end);
  const rest = /^[^\r\n]*/.exec(text.slice(comma ?? end))![0];
  // A block comment may hold anything, line ends included: leave that to jsonc-parser.
  if (!/^,?[ \t]*(\/\/.*)?$/.test(rest)) return undefined;
  const lineStart = text.lastIndexOf("\n", last.offset) + 1;
  const indent = text.slice(lineStart, last.offset);
  if (!/^[ \t]*$/.test(indent)) return undefined;
  const property = `${lineEnd(text)}${indent}${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  const lineStop = (comma ?? end) + rest.length;
  return comma === undefined
    ? `${text.slice(0, end)},${text.slice(end, lineStop)}${property}${text.slice(lineStop)}`
    : `${text.slice(0, lineStop)}${property},${text.slice(lineStop)}`;
}

/** Offset of the comma that follows an object's last property, comments between them skipped. */
function trailingComma(text: string, end: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(end);
  return scanner.scan() === 5 /* comma */ ? scanner.getTokenOffset() : undefined;
}

function lineEnd(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** The indentation of the first indented line. */
function indentation(text: string): { insertSpaces: boolean; tabSize: number } {
  const first = /^([ \t]+)\S/m.exec(text)?.[1] ?? "  ";
  return { insertSpaces: !first.startsWith("\t"), tabSize: first.startsWith("\t") ? 4 : first.length };
}
