import { expect, test } from "vitest";
import { type Experiment, modelSchema } from "../../../src/experiment/schema.ts";
import { experimentSwitchPlan } from "../../../src/extension/experimentSwitchPlan.ts";

const modelOf = (model: Partial<Experiment["model"]>) => modelSchema.parse({ cell: "rnn", ...model });
const nothing = () => false;

test("a W that would start outside the band is not replaced unasked", () => {
  const { question, done } = experimentSwitchPlan(
    modelOf({ initialization: "uniform" }),
    nothing,
    "spectral",
  );
  expect(question).toBe(
    '"uniform" starts W with singular values from near 0 to about 1.15. A spectral cell starts with the orthogonal matrix nearest to it, all of whose singular values are moved to 1; then every singular value stays inside (0.9, 1.1).',
  );
  expect(done).toBe("W = U diag(σ) Vᵀ from now on: every singular value stays inside (0.9, 1.1).");
  expect(experimentSwitchPlan(modelOf({ initialization: "glorot" }), nothing, "spectral").question).toContain(
    "from near 0 to about 2.",
  );
});

test("a W that starts orthogonal loses nothing, and nothing is asked", () => {
  for (const initialization of ["orthogonal", "identity", "henaff"] as const)
    expect(experimentSwitchPlan(modelOf({ initialization }), nothing, "spectral").question).toBeUndefined();
  const orthogonal = modelOf({ cell: "orthogonal", initialization: "uniform" });
  expect(experimentSwitchPlan(orthogonal, nothing, "spectral").question).toBeUndefined();
});

test("back to a free W, properties of the band that the file keeps are told as idle", () => {
  const spectral = modelOf({ cell: "spectral" });
  expect(experimentSwitchPlan(spectral, nothing, "rnn")).toEqual({
    question: undefined,
    done: "W is trained itself from now on; nothing holds its singular values.",
  });
  expect(experimentSwitchPlan(spectral, (name) => name === "radius", "rnn").done).toMatch(
    / radius has no effect until it is switched back\.$/,
  );
  expect(experimentSwitchPlan(spectral, (name) => name !== "center", "rnn").done).toMatch(
    / reflectors and radius have no effect/,
  );
});
