import { expect, test } from "vitest";
import type { Finding } from "../../../src/diagnostics/finding.ts";
import { parseExperiment } from "../../../src/experiment/parseExperiment.ts";
import { experimentSchema } from "../../../src/experiment/schema.ts";
import { standingFindings } from "../../../src/extension/standingFindings.ts";

const finding = (property: string, edits: Record<string, string | number>): Finding => ({
  rule: "vanishing-gradient",
  severity: "warning",
  title: "t",
  evidence: "e",
  sinceStep: 1,
  timestep: null,
  layer: null,
  property: property.split("."),
  remedy: {
    text: "r",
    edits: Object.entries(edits).map(([path, value]) => ({ path: path.split("."), value })),
  },
});
const file = (model: object, training: object = {}) =>
  parseExperiment(JSON.stringify({ task: { kind: "adding" }, model, training }), "x.sigmascope.json");
const ran = experimentSchema.parse({ task: { kind: "adding" }, model: { cell: "rnn" } });
const vanishing = finding("model.cell", { "model.cell": "spectral", "model.radius": 0.05 });

test("stands while the file is what was run", () => {
  expect(standingFindings([vanishing], ran, file({ cell: "rnn" }))).toEqual([vanishing]);
});

test("goes when its property was changed, in whatever way, or its remedy is there", () => {
  expect(standingFindings([vanishing], ran, file({ cell: "gru" }))).toEqual([]);
  expect(standingFindings([vanishing], ran, file({ cell: "spectral", radius: 0.05 }))).toEqual([]);
  expect(standingFindings([vanishing], ran, file({ cell: "rnn", radius: 0.2 }))).toEqual([]);
});

test("one whose property is untouched stays when another's was changed", () => {
  const rash = finding("training.learningRate", { "training.learningRate": 0.0001 });
  expect(standingFindings([vanishing, rash], ran, file({ cell: "gru" }))).toEqual([rash]);
});

test("without edits only the property counts; a file with errors keeps all", () => {
  const bare = finding("training.steps", {});
  expect(standingFindings([bare], ran, file({ cell: "rnn" }))).toEqual([bare]);
  expect(standingFindings([bare], ran, file({ cell: "rnn" }, { steps: 77 }))).toEqual([]);
  expect(standingFindings([bare], ran, file({ cell: "wrong" }))).toEqual([bare]);
  expect(standingFindings([bare], null, file({ cell: "rnn" }))).toEqual([bare]);
});
