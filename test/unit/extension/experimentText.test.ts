import { expect, test } from "vitest";
import { parseExperiment } from "../../../src/experiment/parseExperiment.ts";
import { resolveExperiment } from "../../../src/experiment/resolveExperiment.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import {
  cellsFor,
  copyText,
  experimentText,
  fileName,
  freeName,
  nameProblem,
  taskKinds,
} from "../../../src/extension/experimentText.ts";

const combinations = taskKinds.flatMap((task) =>
  cellsFor(task).flatMap((cell) => [8, 512].map((hidden) => ({ task, cell, hidden }))),
);

const deep = { task: "mnist", net: "mlp" };

test("a deep net has no gates to choose, every other task has all cells", () => {
  expect(cellsFor("deep")).toEqual(["rnn", "spectral", "orthogonal"]);
  expect(cellsFor("mnist")).toEqual(cellNames);
});

test.each(combinations)("a new file for $task, $cell, $hidden is valid, without a warning", (chosen) => {
  const parsed = parseExperiment(experimentText(chosen), "new.sigmascope.json");
  expect(parsed.problems).toEqual([]);
  if (!parsed.ok) throw new Error("not valid");
  const { task, net } = chosen.task === "deep" ? deep : { task: chosen.task, net: "recurrent" };
  expect(parsed.experiment.task.kind).toBe(task);
  expect(parsed.experiment.model.net).toBe(net);
  expect(parsed.experiment.model.cell).toBe(chosen.cell);
  expect(parsed.experiment.model.hidden).toBe(chosen.hidden);
});

test("a new file begins with what it is for", () => {
  const text = experimentText({ task: "digits", cell: "lstm", hidden: 64 });
  expect(text.split("\n")[0]).toBe("// Read handwritten digits pixel by pixel, with an LSTM.");
  expect(experimentText({ task: "adding", cell: "rnn", hidden: 64 })).toContain("with a vanilla RNN.");
  expect(experimentText({ task: "deep", cell: "spectral", hidden: 64 })).toContain(
    "with a deep feed-forward net of spectral layers.",
  );
});

test("a name that is taken gets a number", () => {
  expect(freeName("adding", new Set())).toBe("adding");
  expect(freeName("adding", new Set(["adding.sigmascope.json", "adding-2.sigmascope.json"]))).toBe(
    "adding-3",
  );
});

test("a file's name has its ending once", () => {
  for (const name of ["a", "a.json", "a.sigmascope.json", " a "])
    expect(fileName(name)).toBe("a.sigmascope.json");
  expect(fileName("v1.2")).toBe("v1.2.sigmascope.json");
});

test("names that cannot be a file's are refused with the reason", () => {
  expect(nameProblem("adding", new Set())).toBeUndefined();
  expect(nameProblem("  ", new Set())).toMatch(/name/);
  expect(nameProblem("../adding", new Set())).toMatch(/cannot have/);
  expect(nameProblem(".hidden", new Set())).toMatch(/dot/);
  expect(nameProblem("adding", new Set(["adding.sigmascope.json"]))).toBe(
    "adding.sigmascope.json exists already.",
  );
});

test.each(combinations)(
  "the copy of a run of $task, $cell, $hidden is valid, without a warning",
  (chosen) => {
    const parsed = parseExperiment(experimentText(chosen), "new.sigmascope.json");
    if (!parsed.ok) throw new Error("not valid");
    const resolved = resolveExperiment(parsed.experiment, { file: "new.sigmascope.json", trainSize: 1000 });
    const text = copyText(resolved, "A copy.");
    const copy = parseExperiment(text, "copy.sigmascope.json");
    expect(copy.problems).toEqual([]);
    if (!copy.ok) throw new Error("not valid");
    expect(text.startsWith("// A copy.\n{")).toBe(true);
    expect(resolveExperiment(copy.experiment, { file: "new.sigmascope.json" })).toEqual(resolved);
  },
);
