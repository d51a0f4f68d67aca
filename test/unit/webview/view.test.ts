import { expect, test } from "vitest";
import type { RunNews } from "../../../src/protocol/details.ts";
import { firstView, fittingView, restoreView, stepOf } from "../../../webview/diagnostics/view.ts";

const news = {
  recorded: [10, 500],
  layers: 2,
  matrices: ["W"],
  record: { length: 50 },
} as unknown as RunNews;

test("what was kept comes back; what is no view does not", () => {
  const view = {
    ...firstView,
    step: 7,
    steps: [1, 9],
    layer: 1,
    scales: { loss: "log" },
    table: true,
  } as const;
  expect(restoreView(JSON.parse(JSON.stringify(view)))).toEqual(view);
  for (const wrong of [
    undefined,
    null,
    3,
    "x",
    [],
    { step: "7", steps: [9, 1], layer: -1, scales: { loss: "sqrt" } },
  ])
    expect(restoreView(wrong)).toEqual(firstView);
});

test("a view fits the run as it stands", () => {
  expect(fittingView({ ...firstView, step: 9999, layer: 7, matrix: "forget" }, news)).toMatchObject({
    step: 500,
    layer: 1,
    matrix: "W",
  });
  expect(fittingView({ ...firstView, steps: [0, 600], timesteps: [0, 20] }, news)).toMatchObject({
    steps: null,
    timesteps: [1, 20],
  });
  expect(fittingView({ ...firstView, steps: [600, 700] }, news).steps).toBeNull();
});

test("without a chosen step the newest one is shown, also when it moves on", () => {
  expect(stepOf(firstView, news)).toBe(500);
  expect(stepOf({ ...firstView, step: 42 }, news)).toBe(42);
  expect(stepOf(firstView, { ...news, recorded: null })).toBe(0);
});
