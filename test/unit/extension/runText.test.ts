import { expect, test } from "vitest";
import type { Finding } from "../../../src/diagnostics/finding.ts";
import {
  describeRun,
  halfLifeText,
  hintText,
  lensText,
  progressOf,
  runLabel,
  runTitle,
  summarizeRun,
  timeLeft,
} from "../../../src/extension/runText.ts";
import type { RunRecord, RunState } from "../../../src/runs/run.ts";
import type { ListedRun } from "../../../src/runs/runList.ts";
import { record } from "../cli/record.ts";

function run(changes: Partial<RunRecord>, state: RunState): ListedRun {
  return { id: record.id, directory: "/r", record: { ...record, ...changes }, state, error: null };
}

test("a run's title tells its cell, once", () => {
  expect(runTitle(run({ name: "digits", cell: "rnn" }, "running"))).toBe("digits (rnn)");
  expect(runTitle(run({ name: "adding-spectral", cell: "spectral" }, "running"))).toBe("adding-spectral");
});

test("among the runs of its experiment a run is told by its cell and time", () => {
  const now = new Date(2026, 10, 25, 18, 0, 0);
  const created = new Date(2026, 10, 25, 7, 5, 9).toISOString();
  expect(runLabel(run({ name: "digits", cell: "rnn", created }, "running"), "digits", now)).toBe(
    "rnn, 07:05:09",
  );
  const earlier = new Date(2026, 10, 4, 7, 5, 9).toISOString();
  expect(runLabel(run({ name: "digits", cell: "rnn", created: earlier }, "running"), "digits", now)).toBe(
    "rnn, 4 Nov 07:05:09",
  );
  expect(runLabel(run({ name: "my best", cell: "rnn", created }, "running"), "digits", now)).toBe(
    "my best (rnn)",
  );
});

test("a run's description has its state, step, loss and half-life", () => {
  expect(describeRun(run({ halfLife: 4.2 }, "running"))).toBe(
    "running · step 500 of 2000 · loss 0.0823 · halves every 4.2 timesteps",
  );
  expect(describeRun(run({ step: 2000, halfLife: "Infinity" }, "finished"))).toBe(
    "finished · step 2000 · loss 0.0823 · neither shrinks nor grows",
  );
  expect(describeRun(run({ step: 0, loss: null, halfLife: null }, "starting"))).toBe(
    "starting · step 0 of 2000",
  );
});

test("a run's summary is short", () => {
  expect(summarizeRun(run({ halfLife: 4.2 }, "paused"))).toBe(
    "paused · 500/2000 · loss 0.0823 · half-life 4.2",
  );
  expect(summarizeRun(run({ halfLife: "Infinity" }, "finished"))).toBe(
    "finished · step 500 · loss 0.0823 · half-life ∞",
  );
  expect(summarizeRun(run({ step: 0, loss: null, halfLife: null }, "starting"))).toBe("starting · 0/2000");
});

test("the lens has the result: state, test metric or else loss, half-life, and how many findings there are", () => {
  const ended: Partial<RunRecord> = { step: 2000, halfLife: 4.2 };
  expect(lensText(run(ended, "finished"))).toBe(
    "last run: finished · step 2000 · test mean squared error 0.09 · half-life 4.2",
  );
  expect(lensText(run({ ...ended, metricName: "accuracy", testMetric: 0.934 }, "stopped"))).toBe(
    "last run: stopped · 2000/2000 · test accuracy 93 % · half-life 4.2",
  );
  const finding: Finding = {
    rule: "vanishing-gradient",
    severity: "warning",
    title: "t",
    evidence: "e",
    sinceStep: 1,
    timestep: null,
    layer: null,
    property: ["training", "steps"],
    remedy: { text: "r", edits: [] },
  };
  expect(lensText(run({ ...ended, testMetric: null, findings: [finding, finding] }, "failed"))).toBe(
    "last run: failed · 2000/2000 · loss 0.0823 · half-life 4.2 · $(warning) 2",
  );
});

test("the lens of a live run does not change with every step; one that cannot be read says so", () => {
  expect(lensText(run({ step: 7 }, "running"))).toBe("last run: running");
  expect(lensText(run({ step: 8, loss: 3 }, "running"))).toBe("last run: running");
  expect(lensText({ id: "x", directory: "/r", record: null, state: null, error: "torn" })).toBe(
    "last run: unreadable",
  );
});

test("a half-life that was not measured has no words", () => {
  expect(halfLifeText({ ...record, halfLife: null })).toBeUndefined();
  expect(halfLifeText({ ...record, halfLife: 12, length: 0 })).toBeUndefined();
});

test("progress is a share of the steps", () => {
  expect(progressOf({ ...record, step: 500, steps: 2000 })).toBe(0.25);
  expect(progressOf({ ...record, step: 0, steps: 0 })).toBe(0);
  expect(progressOf({ ...record, step: 30, steps: 20 })).toBe(1);
});

test.each([
  [100, "1 s left"],
  [2, "50 s left"],
  [1, "2 min left"],
  [0.01, "2 h 47 min left"],
])("100 steps at %d a second: %s", (stepsPerSecond, text) => {
  expect(timeLeft({ ...record, step: 0, steps: 100, stepsPerSecond })).toBe(text);
});

test("time left is not told where it is not known", () => {
  expect(timeLeft({ ...record, stepsPerSecond: null })).toBeUndefined();
  expect(timeLeft({ ...record, step: 2000, steps: 2000 })).toBeUndefined();
});

test("the hint behind the cell: half-life and the range of σ, as far as they were measured", () => {
  const of = (changes: Partial<RunRecord>) => hintText({ ...record, length: 200, ...changes });
  expect(of({ halfLife: 12, sigma: [0.41, 1.86] })).toBe("half-life 12 of 200 timesteps · σ 0.41 … 1.86");
  expect(of({ halfLife: "Infinity", sigma: null })).toBe("gradient steady");
  expect(of({ halfLife: -3, sigma: null })).toBe("gradient doubles every 3 timesteps");
  expect(of({ halfLife: "NaN", sigma: [1, 1] })).toMatch(/^σ 1\.000 … 1\.000$/);
  expect(of({ halfLife: null, sigma: null })).toBeUndefined();
});
