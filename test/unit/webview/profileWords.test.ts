import { expect, test } from "vitest";
import { inLayers } from "../../../src/diagnostics/words.ts";
import { inUnit, matrixText } from "../../../webview/charts/profileWords.ts";

test("texts about timesteps stay as they are for recurrent nets, and speak of layers for others", () => {
  const text = "‖∂L/∂hₜ‖ at timestep 3 of 40 timesteps; axis: timestep t";
  expect(inUnit(text, undefined)).toBe(text);
  expect(inUnit(text, "timesteps")).toBe(text);
  expect(inUnit(text, "layers")).toBe("‖∂L/∂hₗ‖ at layer 3 of 40 layers; axis: layer l");
  expect(inUnit("Timesteps until it halves", "layers")).toBe("Layers until it halves");
});

test("matrices are told by what they belong to", () => {
  expect(["W", "forget", "layer 15"].map(matrixText)).toEqual(["W", "W of gate forget", "W of layer 15"]);
});

test("findings and verdicts of feed-forward nets speak of layers", () => {
  expect(
    inLayers("it halves every 3 timesteps going back in time, and the last timestep's reaches 4 of 30."),
  ).toBe("it halves every 3 layers going back through the layers, and the last layer's reaches 4 of 30.");
});
