/** From text to a tree of JSON with comments: syntax errors, duplicate keys, and limits for hostile files. */
import { createScanner, type Node, type ParseError, parseTree } from "./jsonc.ts";
import type { Problem } from "./problem.ts";
import { LineIndex } from "./textPosition.ts";

/** An experiment is three levels deep; the parser is recursive, so a file of nothing but brackets must end early. */
const maximumDepth = 32;

export interface Syntax {
  /** Undefined when there is no value at all, or the text is nested too deeply. */
  readonly root: Node | undefined;
  readonly problems: Problem[];
  /** Braces or keys were unreadable, so that a key may stand in the wrong object. */
  readonly structureLost: boolean;
}

/** Numbers of jsonc-parser's ParseErrorCode, whose declaration is not there at run time. */
const code = {
  invalidSymbol: 1,
  invalidNumber: 2,
  propertyNameExpected: 3,
  valueExpected: 4,
  colonExpected: 5,
  commaExpected: 6,
  closeBraceExpected: 7,
  closeBracketExpected: 8,
  endOfFileExpected: 9,
  endOfCommentExpected: 11,
  endOfStringExpected: 12,
  endOfNumberExpected: 13,
  invalidUnicode: 14,
  invalidEscape: 15,
  invalidCharacter: 16,
};

const structural = new Set([
  code.propertyNameExpected,
  code.closeBraceExpected,
  code.closeBracketExpected,
  code.endOfFileExpected,
  code.endOfCommentExpected,
  code.endOfStringExpected,
]);

/** Reads JSON with comments and trailing commas; reports every syntax error and every duplicate key. */
export function readSyntax(text: string, file: string, lines: LineIndex = new LineIndex(text)): Syntax {
  // A byte-order mark is harmless; a space in its place keeps every offset.
  const source = text.startsWith("\ufeff") ? ` ${text.slice(1)}` : text;
  const at = (offset: number, length: number, message: string, found: string, allowed: string): Problem => ({
    severity: "error",
    file,
    ...lines.range(offset, length),
    path: [],
    message,
    found,
    allowed,
  });

  const deep = firstTooDeep(source);
  if (deep !== undefined) {
    const message = `nested more than ${maximumDepth} levels deep; an experiment needs three`;
    const problem = at(deep, 1, message, `more than ${maximumDepth} levels`, `${maximumDepth} levels`);
    return { root: undefined, problems: [problem], structureLost: true };
  }
  const errors: ParseError[] = [];
  const root = parseTree(source, errors, { allowTrailingComma: true });
  const problems = withoutConsequences(errors, source).map((error) => {
    const { message, found, allowed } = explain(error, source);
    return at(error.offset, Math.max(1, error.length), message, found, allowed);
  });
  if (root) {
    for (const { property, first, path } of duplicates(root)) {
      const [key] = property.children!;
      const { line } = lines.position(first.offset);
      const message = `key ${JSON.stringify(key!.value)} is given twice; the first is in line ${line}`;
      problems.push({ ...at(key!.offset, key!.length, message, String(key!.value), "each key once"), path });
    }
  }
  return { root, problems, structureLost: errors.some(({ error }) => structural.has(error)) };
}

/** Offset of the bracket that opens one level too many. */
function firstTooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let token = scanner.scan(); token !== 17 /* end of file */; token = scanner.scan()) {
    if (token === 1 || token === 3) depth++;
    else if (token === 2 || token === 4) depth--;
    if (depth > maximumDepth) return scanner.getTokenOffset();
  }
  return undefined;
}

/**
 * Leaves out the errors that only follow from the one before: those with nothing but blank between, and those
 * later in the same line before the next comma, where the parser has not found its feet again.
 */
function withoutConsequences(errors: readonly ParseError[], text: string): ParseError[] {
  let end = -1;
  return errors.filter((error) => {
    const between = end < 0 ? null : text.slice(end, error.offset);
    end = Math.max(end, error.offset + error.length);
    return between !== null ? between.trim() !== "" && /[,\n\r]/.test(between) : true;
  });
}

function explain(error: ParseError, text: string): { message: string; found: string; allowed: string } {
  const token = text.slice(error.offset, error.offset + error.length);
  const found = token === "" ? "the end of the file" : shorten(token);
  const expected = (allowed: string) => ({
    message: `found ${found} where ${allowed} is due`,
    found,
    allowed,
  });
  const value = 'text in double quotes, a number, true, false, "[" or "{"';
  switch (error.error) {
    case code.propertyNameExpected:
      return token === ","
        ? { message: "found a second comma in a row", found, allowed: "one comma between properties" }
        : expected("a key in double quotes");
    case code.valueExpected:
      return expected("a value");
    case code.colonExpected:
      return expected("a colon between key and value");
    case code.commaExpected:
      return expected("a comma");
    case code.closeBraceExpected:
      return expected('"}"');
    case code.closeBracketExpected:
      return expected('"]"');
    case code.endOfFileExpected:
      return expected("the end of the file");
    case code.endOfCommentExpected:
      return { message: "this comment never ends", found, allowed: '"*/"' };
    case code.endOfStringExpected:
      return { message: `text ${found} does not end in this line`, found, allowed: 'a closing "' };
    case code.invalidNumber:
    case code.endOfNumberExpected:
      return {
        message: `${found} is not a number in JSON`,
        found,
        allowed: "a number such as 12, 0.5 or 1e-3",
      };
    case code.invalidUnicode:
    case code.invalidEscape:
      return {
        message: `text ${found} holds an escape that JSON does not know; write a backslash as \\\\`,
        found,
        allowed: '\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hexadecimal digits',
      };
    case code.invalidCharacter:
      return { message: `text ${found} holds a control character`, found, allowed: "an escape such as \\t" };
    default: {
      const advice = token.startsWith("'")
        ? "; text stands in double quotes"
        : /^(True|False)$/.test(token)
          ? `; write ${token.toLowerCase()}`
          : "";
      return { message: `${found} is nothing that JSON knows${advice}`, found, allowed: value };
    }
  }
}

/** Text of a token, cut where it is too long for a message. */
export function shorten(text: string, width = 60): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** Properties whose key was given before in the same object. */
function* duplicates(
  node: Node,
  path: (string | number)[] = [],
): Generator<{ property: Node; first: Node; path: (string | number)[] }> {
  const seen = new Map<string, Node>();
  for (const [index, child] of (node.children ?? []).entries()) {
    if (node.type !== "object") {
      yield* duplicates(child, [...path, index]);
      continue;
    }
    const key = String(child.children![0]!.value);
    const first = seen.get(key);
    if (first) yield { property: child, first, path: [...path, key] };
    else seen.set(key, child);
    const value = child.children![1];
    if (value) yield* duplicates(value, [...path, key]);
  }
}
