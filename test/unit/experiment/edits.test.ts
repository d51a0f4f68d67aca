import { describe, expect, test } from "vitest";
import { applyEdits } from "../../../src/experiment/edits.ts";
import { locate, locateNearest } from "../../../src/experiment/locate.ts";
import { parseExperiment } from "../../../src/experiment/parseExperiment.ts";

const text = `{
  // what to learn
  "task": { "kind": "adding" },
  "model": {
    "cell": "rnn", // the vanilla cell
    "hidden": 64 // n
  }
}
`;

describe("applyEdits", () => {
  test("replaces a value and adds a property, and keeps every comment where it was", () => {
    const edits = [
      { path: ["model", "cell"], value: "spectral" },
      { path: ["model", "radius"], value: 0.05 },
    ];
    expect(applyEdits(text, edits)).toBe(`{
  // what to learn
  "task": { "kind": "adding" },
  "model": {
    "cell": "spectral", // the vanilla cell
    "hidden": 64, // n
    "radius": 0.05
  }
}
`);
  });

  test("keeps a trailing comma and Windows line ends", () => {
    const windows = text.replace("64 //", "64, //").replaceAll("\n", "\r\n");
    const edited = applyEdits(windows, [{ path: ["model", "radius"], value: 0.05 }]);
    expect(edited).toContain('    "hidden": 64, // n\r\n    "radius": 0.05,\r\n  }\r\n');
  });

  test("makes objects that are not there, with the file's indentation", () => {
    const edited = applyEdits(text, [{ path: ["training", "clipNorm"], value: 1 }]);
    expect(edited).toContain('  },\n  "training": {\n    "clipNorm": 1\n  }\n}\n');
    const tabs = applyEdits(text.replaceAll("  ", "\t"), [{ path: ["training", "clipNorm"], value: 1 }]);
    expect(tabs).toContain('\t},\n\t"training": {\n\t\t"clipNorm": 1\n\t}\n}\n');
  });

  test.each([
    '{"task":{"kind":"adding"},"model":{"cell":"rnn"}}',
    '{"task":{"kind":"adding"},"model":{"cell":"rnn",},}',
    '{"task":{"kind":"adding"},"model":{"cell":"rnn" /* , */}}',
    '{"task":{"kind":"adding"},\n"model":\n{\n"cell":"rnn" /* a\n b */,\n}\n}',
    '{"task":{"kind":"adding"},\n"model":{\n  "cell":"rnn"\n  // last\n  ,\n}}',
    '\ufeff{"task":{"kind":"adding"},\n  "model":{\n  "cell":"rnn"}\n  , "training": {}}',
  ])("the edited file holds what was asked for: %j", (source) => {
    const edits = [
      { path: ["model", "radius"], value: 0.2 },
      { path: ["model", "cell"], value: "spectral" },
      { path: ["training", "clipNorm"], value: 1 },
    ];
    const parsed = parseExperiment(applyEdits(source, edits), "x");
    if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.problems)}\n${parsed.text}`);
    expect(parsed.experiment.model).toMatchObject({ cell: "spectral", radius: 0.2 });
    expect(parsed.experiment.training.clipNorm).toBe(1);
    for (const comment of source.match(/\/\*[\s\S]*?\*\/|\/\/.*/g) ?? [])
      expect(parsed.text).toContain(comment);
  });

  test("refuses a broken file and a path through a value", () => {
    const edits = [{ path: ["model", "cell", "kind"], value: 1 }];
    expect(() => applyEdits(text, edits)).toThrow(
      "model.cell.kind cannot be set: model.cell is not an object",
    );
    expect(() => applyEdits('{\n"model" 3}', edits)).toThrow(
      "the file cannot be edited while it has errors: line 2: found 3 where a colon between key and value is due",
    );
    expect(() => applyEdits("[".repeat(100), edits)).toThrow("nested more than 32 levels");
  });
});

describe("locate", () => {
  test("finds key and value", () => {
    expect(locate(text, ["model", "hidden"])).toMatchObject({
      key: { line: 6, column: 5, length: 8 },
      value: { line: 6, column: 15, length: 2 },
    });
    expect(locate(text, ["model", "radius"])).toBeUndefined();
    expect(locate("", ["model"])).toBeUndefined();
  });

  test("nearest falls back to the object around a default, and to the file", () => {
    expect(locateNearest(text, ["model", "radius"])).toMatchObject({ path: ["model"], key: { line: 4 } });
    expect(locateNearest(text, ["training", "clipNorm"])).toMatchObject({ path: [], value: { line: 1 } });
  });

  test("of duplicate keys the last counts, as it does for the value", () => {
    expect(locate('{"a": 1,\n"a": 2}', ["a"])).toMatchObject({ value: { line: 2 } });
  });

  test("finds list items", () => {
    expect(locate('{"model": {"reflectors": [4, 16]}}', ["model", "reflectors", 1])).toMatchObject({
      key: undefined,
      value: { offset: 29, length: 2 },
    });
  });
});
