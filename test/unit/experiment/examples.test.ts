import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadExperiment } from "../../../src/experiment/parseExperiment.ts";

const folder = fileURLToPath(new URL("../../../examples/", import.meta.url));
const examples = readdirSync(folder).filter((name) => name.endsWith(".sigmascope.json"));

test("each task has a vanilla and a spectral example", () => {
  for (const task of ["adding", "copy", "digits", "mnist", "deep"])
    for (const cell of ["vanilla", "spectral"]) expect(examples).toContain(`${task}-${cell}.sigmascope.json`);
});

test.each(examples)("%s has no problems, and its name says what it is", async (name) => {
  const parsed = await loadExperiment(`${folder}${name}`);
  expect(parsed.problems).toEqual([]);
  if (!parsed.ok) throw new Error("unreachable: a file without problems is ok");
  const [task, cell] = name.split(/[-.]/);
  expect(parsed.experiment.task.kind).toBe(task === "deep" ? "mnist" : task);
  expect(parsed.experiment.model.net).toBe(task === "deep" ? "mlp" : "recurrent");
  expect(parsed.experiment.model.cell).toBe(cell === "vanilla" ? "rnn" : cell);
});
