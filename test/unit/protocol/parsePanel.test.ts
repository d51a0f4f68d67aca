import { expect, test } from "vitest";
import { parseFromPanel, parseToPanel } from "../../../src/protocol/parsePanel.ts";

const good = [
  { type: "ready" },
  { type: "command", command: "pause" },
  { type: "remedy", rule: "vanishing-gradient", train: true },
  { type: "save", name: "loss", format: "csv", content: "a,b\n" },
  { type: "save", name: "loss", format: "png", content: Uint8Array.of(1) },
  { type: "ask", id: 1, request: { kind: "lines", steps: null, width: 800 } },
  { type: "ask", id: 2, request: { kind: "moment", step: 7, layer: 0 } },
  {
    type: "ask",
    id: 3,
    request: { kind: "heatMap", layer: 0, steps: [1.5, 9.25], timesteps: [1, 20], width: 10, height: 10 },
  },
];

test.each(good)("a page may say %j", (message) => {
  expect(parseFromPanel(message)).toEqual(message);
});

test.each([
  undefined,
  null,
  "ready",
  { type: "command", command: "deleteRun" },
  { type: "command", command: "constructor" },
  { type: "ready", more: 1 },
  { type: "save", name: "x", format: "exe", content: "" },
  { type: "save", name: "x", format: "png", content: { length: 3 } },
  { type: "ask", id: -1, request: { kind: "lines", steps: null, width: 800 } },
  { type: "ask", id: 1, request: { kind: "lines", steps: null, width: 1e9 } },
  { type: "ask", id: 1, request: { kind: "lines", steps: [9, 1], width: 800 } },
  { type: "ask", id: 1, request: { kind: "moment", step: Number.NaN, layer: 0 } },
  { type: "ask", id: 1, request: { kind: "moment", step: 1, layer: 0.5 } },
  { type: "ask", id: 1, request: { kind: "moment", step: -1, layer: 0 } },
  { type: "ask", id: 1, request: { kind: "run", command: "rm" } },
])("and not %j", (message) => {
  expect(parseFromPanel(message)).toBeUndefined();
});

test("a page hears what the extension says, and nothing else", () => {
  const settings = { colorMap: "viridis", mayTrain: true };
  expect(parseToPanel({ type: "settings", settings })).toEqual({ type: "settings", settings });
  expect(parseToPanel({ type: "failed", id: 1, reason: "no" })).toMatchObject({ reason: "no" });
  expect(
    parseToPanel({ type: "settings", settings: { colorMap: "rainbow", mayTrain: true } }),
  ).toBeUndefined();
  expect(parseToPanel({ type: "news", news: {} })).toBeUndefined();
  expect(parseToPanel({ vscodeScheduleAsyncWork: 1 })).toBeUndefined();
});
