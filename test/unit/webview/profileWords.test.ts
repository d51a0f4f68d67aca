import { expect, test } from "vitest";
import { inLayers } from "../../../src/diagnostics/words.ts";
import { bandOf } from "../../../webview/charts/bandOf.ts";
import { inUnit, matrixText, ofMatrix } from "../../../webview/charts/profileWords.ts";

test("texts about timesteps stay as they are for recurrent nets, and speak of layers for others", () => {
  const text = "‖∂L/∂hₜ‖ at timestep 3 of 40 timesteps; axis: timestep t";
  expect(inUnit(text, undefined)).toBe(text);
  expect(inUnit(text, "timesteps")).toBe(text);
  expect(inUnit(text, "layers")).toBe("‖∂L/∂hₗ‖ at layer 3 of 40 layers; axis: layer l");
  expect(inUnit("right for 20 of 80 test sequences", "layers")).toBe("right for 20 of 80 test examples");
  expect(inUnit("1, where a linear recurrence neither shrinks nor grows", "layers")).toBe(
    "1, where a linear layer neither shrinks nor grows",
  );
  expect(inUnit("Timesteps until it halves", "layers")).toBe("Layers until it halves");
});

test("matrices are told by what they belong to", () => {
  expect(["W", "forget", "layer 15"].map(matrixText)).toEqual(["W", "W of gate forget", "W of layer 15"]);
});

test("titles name the matrix where there are several", () => {
  expect([null, "W", "layer 15"].map(ofMatrix)).toEqual(["", "", " of W of layer 15"]);
});

test("the band of a resnet's first layer is its own", () => {
  const band = { low: 0, high: 0.2, first: { low: 0.9, high: 1.1 } };
  expect(bandOf(band, "layer 1")).toMatchObject({ low: 0.9, high: 1.1 });
  expect(bandOf(band, "layer 15")).toMatchObject({ low: 0, high: 0.2 });
  expect(bandOf(band, null)).toBe(band);
  expect(bandOf({ low: 0.9, high: 1.1 }, "layer 1")).toEqual({ low: 0.9, high: 1.1 });
});

test("findings and verdicts of feed-forward nets speak of layers", () => {
  expect(
    inLayers("it halves every 3 timesteps going back in time, and the last timestep's reaches 4 of 30."),
  ).toBe("it halves every 3 layers going back through the layers, and the last layer's reaches 4 of 30.");
});
