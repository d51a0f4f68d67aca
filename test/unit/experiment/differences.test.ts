import { expect, test } from "vitest";
import { differences } from "../../../src/experiment/differences.ts";
import { experimentSchema } from "../../../src/experiment/schema.ts";

test("only what differs is told, lists as one value, names left out", () => {
  const task = { kind: "copy" } as const;
  const one = experimentSchema.parse({ name: "a", task, model: { cell: "rnn", reflectors: [1, 2] } });
  const two = experimentSchema.parse({ name: "b", task, model: { cell: "spectral", reflectors: [1, 3] } });
  const three = experimentSchema.parse({ task, model: { cell: "spectral" }, training: { clipNorm: 1 } });
  expect(differences([one, two, three])).toEqual([
    { property: "model.cell", values: ["rnn", "spectral", "spectral"] },
    { property: "model.reflectors", values: [[1, 2], [1, 3], undefined] },
    { property: "training.clipNorm", values: [undefined, undefined, 1] },
  ]);
  expect(differences([one, one])).toEqual([]);
});
