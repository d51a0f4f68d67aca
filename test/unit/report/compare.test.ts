import { expect, test } from "vitest";
import type { ReportRunData } from "../../../src/protocol/reportData.ts";
import { toMarkup } from "../../../webview/charts/node.ts";
import { shownRuns } from "../../../webview/report/runs.ts";
import {
  asRates,
  geometrically,
  hasSeedGroups,
  meanAndDeviation,
  meanSeries,
  seedGroups,
  seedsTable,
} from "../../../webview/report/seeds.ts";
import { differingSettings, settingsTable } from "../../../webview/report/settings.ts";

const run = (id: string, name: string, settings: Record<string, unknown>, result = 0.1): ReportRunData =>
  ({
    id,
    name,
    settings: Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, JSON.stringify(value)]),
    ),
    metricName: "mean squared error",
    testMetric: result,
    reach: 10,
  }) as unknown as ReportRunData;

const three = shownRuns([
  run("a-1", "spectral", { "model.cell": "spectral", "model.radius": 0.1, "training.seed": 1 }, 0.1),
  run("a-2", "spectral", { "model.cell": "spectral", "model.radius": 0.1, "training.seed": 2 }, 0.3),
  run("b-1", "vanilla", { "model.cell": "rnn", "training.seed": 1 }),
]);

test("the table shows what differs, and only that", () => {
  expect(differingSettings(three)).toEqual(["model.cell", "model.radius", "training.seed"]);
  const markup = toMarkup(settingsTable(three));
  expect(markup).toContain("<code>model.radius</code></th><td>0.1</td><td>0.1</td><td>–</td>");
  expect(toMarkup(settingsTable(three.slice(0, 1)))).toContain("the experiments are the same");
});

test("runs that differ in their seed alone are one group", () => {
  expect(seedGroups(three).map(({ label, runs }) => [label, runs.length])).toEqual([
    ["spectral (2 seeds)", 2],
    ["vanilla", 1],
  ]);
  expect(hasSeedGroups(three)).toBe(true);
  expect(hasSeedGroups(three.slice(1))).toBe(false);
  expect(toMarkup(seedsTable(three)!)).toContain("mean squared error 0.2 ± 0.14");
  expect(seedsTable(three.slice(1))).toBeUndefined();
});

test("a second run with the same seed, or one that failed, is no other seed", () => {
  const settings = { "model.cell": "spectral", "training.seed": 1 };
  const [first, again, other] = shownRuns([
    run("a-1", "spectral", settings, 0.1),
    run("a-2", "spectral", settings, 0.3),
    run("a-3", "spectral", { ...settings, "training.seed": 2 }, 0.5),
  ]);
  const sizes = (runs: Parameters<typeof seedGroups>[0]) =>
    seedGroups(runs).map((group) => group.runs.length);
  expect(sizes([first!, again!])).toEqual([1, 1]);
  expect(sizes([first!, again!, other!])).toEqual([2, 1]);
  const failed = { ...other!, run: { ...other!.run, state: "failed" } };
  expect(sizes([first!, failed])).toEqual([1, 1]);
});

test("mean and sample deviation", () => {
  expect(meanAndDeviation([1, 2, 3])).toBe("2 ± 1");
  expect(meanAndDeviation([5])).toBe("5");
  expect(meanAndDeviation([])).toBe("not measured");
});

const series = (x: number[], y: number[]) => ({ name: "s", color: 0, x, y });

test("the mean of series, with the spread between the smallest and the largest", () => {
  const mean = meanSeries([series([1, 2, 3], [1, 2, 3]), series([1, 2], [3, 4])], "both", 4)!;
  expect(mean).toMatchObject({ name: "both", color: 4, x: [1, 2, 3], y: [2, 3, 3] });
  expect(mean.spread).toEqual({ low: [1, 2, 3], high: [3, 4, 3] });
  expect(meanSeries([], "none", 0)).toBeUndefined();
  expect(meanSeries([series([1], [7])], "one", 2)).toMatchObject({ name: "one", y: [7], color: 2 });
});

test("norms are averaged as logarithms, half-lives as rates, and what is missing takes no part", () => {
  expect(meanSeries([series([1], [1e-8]), series([1], [1e-2])], "g", 0, geometrically)!.y[0]).toBeCloseTo(
    1e-5,
  );
  const halfLife = meanSeries([series([1], [Number.POSITIVE_INFINITY]), series([1], [5])], "h", 0, asRates)!;
  expect(halfLife.y[0]).toBeCloseTo(10);
  expect(halfLife.spread).toEqual({ low: [5], high: [Number.POSITIVE_INFINITY] });
  const gap = meanSeries([series([1], [Number.NaN]), series([1], [5])], "n", 0)!;
  expect(gap.y[0]).toBe(5);
  expect(meanSeries([series([1], [Number.NaN]), series([1], [Number.NaN])], "n", 0)!.y[0]).toBeNaN();
});
