import { expect, test } from "vitest";
import { parseExperiment } from "../../../src/experiment/parseExperiment.ts";
import { cellNames, type Experiment } from "../../../src/experiment/schema.ts";
import { variant } from "../../../src/extension/variants.ts";

function experiment(model: object): Experiment {
  const text = JSON.stringify({
    task: { kind: "adding" },
    model,
    training: { epochs: undefined, steps: 10 },
  });
  const parsed = parseExperiment(text, "a.sigmascope.json");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.experiment;
}

test.each(cellNames)("an experiment with cell %s can be run vanilla and spectral", (cell) => {
  const from = experiment({ cell, hidden: 32 });
  for (const to of ["rnn", "spectral"] as const) {
    const changed = variant(from, { cell: to }, "a.sigmascope.json");
    expect(changed).toEqual({ ...from, model: { ...from.model, cell: to } });
  }
});

test("with nothing to change it stays the same", () => {
  const from = experiment({ cell: "rnn" });
  expect(variant(from, {}, "a.sigmascope.json")).toBe(from);
});

test("the engine of the settings replaces the file's", () => {
  expect(variant(experiment({ cell: "rnn" }), { engine: "fused" }, "a").engine).toBe("fused");
});
