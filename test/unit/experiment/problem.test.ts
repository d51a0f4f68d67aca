import { expect, test } from "vitest";
import { parseExperiment } from "../../../src/experiment/parseExperiment.ts";
import { formatProblems } from "../../../src/experiment/problem.ts";

/** A file's problems as a person sees them. */
function shown(text: string): string[] {
  const { problems } = parseExperiment(text, "a.json");
  return formatProblems(problems, text).split("\n");
}

test("each problem has its line quoted, with carets under the place", () => {
  expect(shown('{\n\t"task": {"kind": "copy"},\n\t"model": {"cell": "rmn"}\n}')).toEqual([
    'a.json:3:20: error: model.cell is "rmn"; it must be "rnn", "spectral", "orthogonal", "lstm" or "gru"; did you mean "rnn"?',
    '  3 | \t"model": {"cell": "rmn"}',
    "    | \t                  ^^^^^",
  ]);
});

test("a long line is cut around the place", () => {
  const padding = " ".repeat(300);
  const [, quoted, carets] = shown(`{${padding}"task": {"kind": "copy"}, "model": {"cell": 7}${padding}}`);
  expect(quoted).toContain('"cell": 7');
  expect(quoted!.length).toBeLessThan(140);
  expect(quoted![carets!.indexOf("^")]).toBe("7");
});

test("control characters never reach the terminal", () => {
  const lines = shown('{"task": {"kind": "\u001b[31mcopy\u202e"}, "model": {"cell": "rnn"}}').join("\n");
  expect(lines).toContain("copy");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  expect(lines).not.toMatch(/[\u001b\u202e]/);
});

test("a file that cannot be read has no place", () => {
  const problem = {
    severity: "error",
    file: "none.json",
    line: 0,
    column: 0,
    offset: 0,
    length: 0,
    path: [],
    message: "cannot be read: no such file",
    found: null,
    allowed: null,
  } as const;
  expect(formatProblems([problem], null)).toBe("none.json: error: cannot be read: no such file");
});

test("a flood of problems is counted, not shown", () => {
  const keys = Array.from({ length: 150 }, (_, i) => `"zzzz${i}": 1`).join(",\n");
  const lines = shown(`{"task": {"kind": "copy"}, "model": {"cell": "rnn"},\n${keys}}`);
  expect(lines).toHaveLength(301);
  expect(lines.at(-1)).toBe("… and 50 more problems in this file");
});
