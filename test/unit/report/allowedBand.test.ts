import { expect, test } from "vitest";
import { parseExperiment } from "../../../src/experiment/parseExperiment.ts";
import { allowedBand } from "../../../src/report/allowedBand.ts";
import { modelText, taskText } from "../../../src/report/reportRun.ts";

const spectral = { net: "recurrent", cell: "spectral", center: 1, radius: 0.5 } as const;

test("a cell's band lies around its center, and nothing holds a free matrix", () => {
  expect(allowedBand(spectral)).toEqual({ low: 0.5, high: 1.5 });
  expect(allowedBand({ ...spectral, cell: "orthogonal" })).toEqual({ low: 1, high: 1 });
  expect(allowedBand({ ...spectral, cell: "rnn" })).toBeNull();
  expect(allowedBand({ ...spectral, net: "mlp" })).toEqual({ low: 0.5, high: 1.5 });
});

test("blocks of a resnet have a band of sizes from 0, and its first layer one around 1", () => {
  const first = { low: 0.5, high: 1.5 };
  expect(allowedBand({ ...spectral, net: "resnet", center: 0 })).toEqual({ low: 0, high: 0.5, first });
  expect(allowedBand({ ...spectral, net: "resnet" })).toEqual({ low: 0.5, high: 1.5 });
});

test("a run's task and model in words: a deep net has a depth, and no T", () => {
  const words = (text: string) => {
    const parsed = parseExperiment(text, "any.sigmascope.json");
    if (!parsed.ok) throw new Error("not valid");
    const { experiment } = parsed;
    return [taskText(experiment, 40), modelText(experiment).replaceAll("\u00a0", " ")];
  };
  expect(
    words(
      '{ "task": { "kind": "mnist", "length": 1 }, "model": { "net": "resnet", "layers": 40, "cell": "rnn" } }',
    ),
  ).toEqual(["mnist", "resnet, dense, n = 64, 40 layers, tanh"]);
  expect(
    words('{ "task": { "kind": "mnist", "permuted": true }, "model": { "cell": "gru", "layers": 2 } }'),
  ).toEqual(["mnist, permuted, T = 40", "gru, n = 64, 2 layers"]);
});
