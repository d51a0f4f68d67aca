import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Finding, type RuleName, ruleNames } from "../../../src/diagnostics/finding.ts";
import { DiagnosticsMonitor, diagnose, switchesOf } from "../../../src/diagnostics/monitor.ts";
import { sortFindings } from "../../../src/diagnostics/severity.ts";
import {
  resolveThresholds,
  type ThresholdName,
  thresholdNames,
  thresholdTable,
} from "../../../src/diagnostics/thresholds.ts";
import { number } from "../../../src/diagnostics/words.ts";
import { context, type RowSketch } from "../../support/telemetry.ts";

const ill: RowSketch = { layers: [{ decay: 0.5 }] };
const well: RowSketch = { layers: [{ decay: 0.99 }] };

/** A run that falls ill, recovers, and ends no better than trivial. */
const eventful = context(
  { length: 100, steps: 400 },
  (step) => ({
    loss: 0.1667,
    layers: [{ decay: step > 60 && step < 150 ? 0.5 : 0.99, saturation: step > 200 ? 0.9 : 0.1 }],
  }),
  300,
);

function changesOf(run: typeof eventful): string[] {
  const monitor = new DiagnosticsMonitor(run);
  return run.rows.flatMap((row) => {
    const { raised, cleared } = monitor.update([row]);
    return [
      ...raised.map(({ rule }) => `${row.step} +${rule}`),
      ...cleared.map((rule) => `${row.step} -${rule}`),
    ];
  });
}

describe("the monitor", () => {
  test("tells when a finding comes and when it goes, once each", () => {
    expect(changesOf(eventful)).toEqual([
      "71 +vanishing-gradient",
      "159 -vanishing-gradient",
      "200 +no-better-than-trivial",
      "211 +saturated-units",
    ]);
  });

  test("comes to the same however the rows are handed over, and as diagnose", () => {
    const whole = diagnose(eventful);
    expect(whole).toHaveLength(2);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 }), (sizes) => {
        const monitor = new DiagnosticsMonitor(eventful);
        let from = 0;
        for (const size of sizes) {
          monitor.update(eventful.rows.slice(from, from + size));
          from += size;
        }
        monitor.update(eventful.rows.slice(from));
        expect(monitor.findings).toEqual(whole);
      }),
      { seed: 3, numRuns: 20 },
    );
  });

  test("does not flicker while a measure wavers around its threshold", () => {
    const wavering = context(
      { length: 100, steps: 400 },
      (step) => ({
        // Reach between 18 and 25 of 100 in waves of 60 rows; the rule raises below 20 and clears at 30.
        layers: [{ decay: 0.01 ** (1 / (21.5 + 3.5 * Math.sin(step / 10))) }],
      }),
      300,
    );
    expect(changesOf(wavering).filter((change) => change.includes("vanishing"))).toHaveLength(1);
  });

  test("keeps the step at which a finding began and renews its numbers", () => {
    const run = context({ length: 100 }, (step) => ({ layers: [{ decay: step < 60 ? 0.6 : 0.5 }] }));
    const [finding] = diagnose(run);
    expect(finding?.sinceStep).toBe(1);
    expect(finding?.evidence).toContain("every 1 timestep;");
  });

  test("raises again when severity changes", () => {
    const run = context(
      { length: 100, steps: 400 },
      (step) => ({ ...ill, loss: step < 150 ? 0.16 : 0.07 }),
      400,
    );
    const monitor = new DiagnosticsMonitor(run);
    const severities = run.rows.flatMap((row) =>
      monitor.update([row]).raised.map(({ severity }) => severity),
    );
    expect(severities).toEqual(["warning", "information"]);
  });

  test("waits for a few rows, fewer in a short run, and says nothing of none", () => {
    const first = (steps: number) => {
      const run = context({ length: 100, steps }, () => ill, Math.min(steps, 400));
      const monitor = new DiagnosticsMonitor(run);
      return run.rows.find((row) => monitor.update([row]).raised.length > 0)?.step;
    };
    expect(first(8)).toBe(5);
    expect(first(60)).toBe(15);
    expect(first(400)).toBe(20);
    expect(first(1_000_000)).toBe(200);
    expect(diagnose(context({}, []))).toEqual([]);
  });

  test("sees a run recorded every hundredth step", () => {
    const run = context({ length: 100, steps: 2000 }, Array<RowSketch>(20).fill(ill));
    const sparse = { ...run, rows: run.rows.map((row) => ({ ...row, step: row.step * 100 })) };
    expect(diagnose(sparse)[0]).toMatchObject({ rule: "vanishing-gradient", sinceStep: 100 });
  });

  test("a breakdown that the trainer looked into replaces what the row told", () => {
    const nan = Number.NaN;
    const run = context({ length: 20 }, [well, { loss: nan, gradientNorm: nan }]);
    const monitor = new DiagnosticsMonitor(run);
    monitor.update(run.rows);
    expect(monitor.findings[0]?.timestep).toBeNull();
    const { raised } = monitor.stopAt({
      step: 2,
      loss: nan,
      gradientNorm: nan,
      origin: { timestep: 7, pass: "forward", layer: null },
    });
    expect(raised).toMatchObject([{ rule: "non-finite", timestep: 7, sinceStep: 2 }]);
    expect(monitor.findings).toHaveLength(1);
  });

  test("a switch brings a new parameterization: the remedy follows", () => {
    const run = context({ length: 100, model: { cell: "rnn" } }, () => ill);
    const switched = { ...run, switches: [{ step: 30, cell: "spectral" as const, radius: 0.1 }] };
    expect(diagnose(run)[0]?.remedy.edits[0]).toEqual({ path: ["model", "cell"], value: "spectral" });
    expect(diagnose(switched)[0]?.remedy.edits).toEqual([
      { path: ["model", "activation"], value: "leakyRelu" },
    ]);
  });
});

test("switches are read from a run's events", () => {
  const time = "2026-01-01T00:00:00Z";
  const event = {
    type: "switch",
    time,
    step: 40,
    from: "rnn",
    to: "spectral",
    checkpoint: "c",
    band: null,
    sigma: [0.5, 1.5],
    clipped: 0,
    clippedCount: 0,
    functionChange: 0,
  } as const;
  expect(switchesOf([{ type: "started", time, step: 0 }, event])).toEqual([{ step: 40, cell: "spectral" }]);
});

test("findings are sorted by severity, then by age", () => {
  const finding = (rule: RuleName, severity: Finding["severity"], sinceStep: number): Finding => ({
    rule,
    severity,
    sinceStep,
    title: "",
    evidence: "",
    timestep: null,
    layer: null,
    property: [],
    remedy: { text: "", edits: [] },
  });
  const sorted = sortFindings([
    finding("saturated-units", "information", 1),
    finding("spectrum-drift", "warning", 9),
    finding("vanishing-gradient", "warning", 3),
    finding("non-finite", "error", 50),
  ]);
  expect(sorted.map(({ rule }) => rule)).toEqual([
    "non-finite",
    "vanishing-gradient",
    "spectrum-drift",
    "saturated-units",
  ]);
});

describe("thresholds", () => {
  test("each default lies in its range and has a reason", () => {
    for (const name of thresholdNames) {
      const { value, range, reason } = thresholdTable[name];
      expect(value, name).toBeGreaterThanOrEqual(range[0]);
      expect(value, name).toBeLessThanOrEqual(range[1]);
      expect(reason, name).toMatch(/^[A-Z…].{20,}\.$/s);
    }
  });

  test("are those of the documentation, which has a section for each rule", async () => {
    const page = await readFile(new URL("../../../docs/diagnostics.md", import.meta.url), "utf8");
    for (const name of thresholdNames) {
      const { value, reason } = thresholdTable[name];
      expect(page).toContain(`| \`${name}\` | ${number(value)} | ${reason} |`);
    }
    for (const rule of ruleNames) expect(page).toContain(`\n### ${rule}\n`);
  });

  test("can be overridden, which changes the findings", () => {
    const run = context({ length: 100 }, () => ({ layers: [{ decay: 0.9 }] }));
    expect(diagnose(run)).toEqual([]);
    const [finding] = diagnose({ ...run, thresholds: { reachRaise: 0.5, reachClear: 0.6 } });
    expect(finding?.rule).toBe("vanishing-gradient");
  });

  test("say what is wrong with an override", () => {
    expect(() => resolveThresholds({ reachRaise: 2 })).toThrow(
      "threshold reachRaise is 2; it must be a number from 0 to 1",
    );
    expect(() => resolveThresholds({ reachRaise: Number.NaN })).toThrow("is NaN");
    const wrong = { reachRise: 1 } as Partial<Record<ThresholdName, number>>;
    expect(() => resolveThresholds(wrong)).toThrow('there is no threshold "reachRise"');
  });
});
