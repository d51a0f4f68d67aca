import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import type { ExperimentSet } from "../../../../src/cli/reproduce/experimentSet.ts";
import type { RunResult } from "../../../../src/cli/reproduce/measure.ts";
import type { ExperimentOutcome } from "../../../../src/cli/reproduce/summary.ts";
import { csvTable, halfLifeText, markdownTable } from "../../../../src/cli/reproduce/table.ts";

const set: ExperimentSet = {
  name: "adding-9",
  family: "adding",
  description: "Nine timesteps.",
  needs: [],
  solved: { condition: "MSE < 0.01", holds: (error) => error < 0.01 },
  unit: "timesteps",
  experiments: async () => [],
};
const result = (testMetric: number, halfLife: number, low: number): RunResult => ({
  directory: "/runs/x",
  testMetric,
  testLoss: testMetric,
  metricName: "mean squared error",
  parameters: 100,
  steps: 40,
  seconds: 20,
  halfLife,
  reach: 9,
  length: 9,
  sigma: [low, 1.1],
  version: "0.1.0",
});
const outcome = (model: string, results: RunResult[], failed: string[] = []): ExperimentOutcome => ({
  experiment: {
    name: model,
    model,
    work: { length: 9 },
    input: { task: { kind: "adding", length: 9 }, model: { cell: "rnn" } },
  },
  results,
  unfinished: failed.map((what, index) => ({ seed: results.length + index + 1, what, failed: true })),
  seeds: results.length + failed.length,
});
const provenance = {
  machines: ['Some "CPU", 2 cores'],
  versions: ["0.1.0"],
  command: "sigmascope reproduce adding-9",
  parallel: "2 at a time",
  date: new Date("2026-11-26T02:00:00Z"),
  quick: false,
};
const outcomes = [
  outcome("spectral", [result(0.001, 100, 0.9), result(0.02, 120, 0.8)]),
  outcome("vanilla", [], ["failed at step 3: the loss is not a number"]),
];

describe("a set's table", () => {
  it("has a row for each model, over its finished seeds, and says which failed and why", () => {
    const lines = markdownTable(set, outcomes, provenance).split("\n");
    const cells = (start: string) =>
      lines
        .find((line) => line.startsWith(start))
        ?.split(" | ")
        .map((cell) => cell.replace(/^\| | \|$/g, ""));
    expect(cells("| model")).toHaveLength(10);
    expect(cells("| spectral")).toEqual([
      ...["spectral", "0.011 ± 0.013", "1 of 2", "100", "40", "20 s ± 0.0 s", "110 ± 14"],
      ...["9 ± 0 / 9", "0.8 … 1.1", "2 of 2"],
    ]);
    expect(cells("| vanilla")?.at(-1)).toBe("0 of 1, 1 failed");
    expect(lines).toContain("- vanilla, seed 1: failed at step 3: the loss is not a number");
    expect(lines).toContain("- Command: `sigmascope reproduce adding-9`");
  });

  it("is in CSV the same numbers, unrounded", () => {
    const rows = parse(csvTable(set, outcomes, provenance), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(2);
    expect(Number(rows[0]!.test_metric_mean)).toBeCloseTo(0.0105, 12);
    expect(rows[0]).toMatchObject({ model: "spectral", sigma_min: "0.8", finished: "2", solved: "1" });
    expect(rows[1]).toMatchObject({ model: "vanilla", test_metric_mean: "", failed: "1" });
    expect(rows[1]!.machine).toBe(provenance.machines[0]);
  });
});

describe("half-lives over seeds", () => {
  it("have a mean where they are of one kind, and are named where they are not", () => {
    expect(halfLifeText([10, 12])).toBe("11.0 ± 1.4");
    expect(halfLifeText([-10, -12])).toBe("doubles in 11.0 ± 1.4");
    expect(halfLifeText([10, -12, Number.POSITIVE_INFINITY, Number.NaN])).toBe(
      "10, doubles in 12, steady, no fit",
    );
    expect(halfLifeText([])).toBe("–");
  });
});
