import { describe, expect, test } from "vitest";
import { nameFromFile, resolveExperiment } from "../../../src/experiment/resolveExperiment.ts";
import { type ExperimentInput, experimentSchema } from "../../../src/experiment/schema.ts";

const resolved = (input: ExperimentInput, trainSize?: number) =>
  resolveExperiment(experimentSchema.parse(input), { file: "/a/b/my-run.sigmascope.json", trainSize });

const digits = { task: { kind: "digits" }, model: { cell: "spectral" } } as const;

describe("resolveExperiment", () => {
  test("writes out the name, both numbers of reflectors and a tenth of the steps", () => {
    const { name, model, training } = resolved(digits);
    expect(name).toBe("my-run");
    expect(model.reflectors).toEqual([16, 16]);
    expect(training).toMatchObject({ steps: 1000, evaluateEvery: 100, checkpointEvery: 100 });
  });

  test("keeps what the file says", () => {
    const { name, model, training } = resolved({
      ...digits,
      name: "mine",
      model: { cell: "spectral", hidden: 8, reflectors: [3, 5] },
      training: { steps: 4, evaluateEvery: 3 },
    });
    expect(name).toBe("mine");
    expect(model.reflectors).toEqual([3, 5]);
    expect(training).toMatchObject({ steps: 4, evaluateEvery: 3, checkpointEvery: 1 });
  });

  test("has at most as many reflectors as hidden units", () => {
    expect(resolved({ ...digits, model: { cell: "spectral", hidden: 8 } }).model.reflectors).toEqual([8, 8]);
    expect(resolved({ ...digits, model: { cell: "spectral", reflectors: 5 } }).model.reflectors).toEqual([
      5, 5,
    ]);
  });

  test("leaves epochs alone until the size of the training set is known", () => {
    const input = { ...digits, training: { epochs: 3, batch: 100 } };
    expect(resolved(input).training).toMatchObject({ epochs: 3 });
    expect(resolved(input).training.steps).toBeUndefined();
    const { training } = resolved(input, 1437);
    expect(training).toMatchObject({ steps: 44, evaluateEvery: 4, checkpointEvery: 4 });
    expect(training).not.toHaveProperty("epochs");
  });

  test("gives a valid experiment file, and is settled after one pass", () => {
    const once = resolved(digits);
    expect(experimentSchema.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
    expect(resolveExperiment(once, { file: "other" })).toEqual(once);
  });
});

test("nameFromFile", () => {
  expect(nameFromFile("/x/adding-spectral.sigmascope.json")).toBe("adding-spectral");
  expect(nameFromFile("plain.json")).toBe("plain");
  expect(nameFromFile(".sigmascope.json")).toBe("experiment");
});
