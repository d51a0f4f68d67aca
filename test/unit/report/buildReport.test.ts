import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Finding } from "../../../src/diagnostics/finding.ts";
import { type ExperimentInput, experimentSchema } from "../../../src/experiment/schema.ts";
import type { ReportData } from "../../../src/protocol/reportData.ts";
import { buildReport, type ReportRun, scriptJson } from "../../../src/report/buildReport.ts";
import { reportRun } from "../../../src/report/reportRun.ts";
import { thinIndices } from "../../../src/report/thin.ts";
import type { RunEvent, RunRecord } from "../../../src/runs/run.ts";
import type { LayerTelemetry, TelemetryRow } from "../../../src/runs/telemetry.ts";
import { toMarkup } from "../../../webview/charts/node.ts";
import { cards } from "../../../webview/report/cards.ts";
import { findings } from "../../../webview/report/findings.ts";
import { shownRuns } from "../../../webview/report/runs.ts";
import { halfLifeText, metricText, summary } from "../../../webview/report/summary.ts";
import { momentsList, numbersTable } from "../../../webview/report/tables.ts";

const finding: Finding = {
  rule: "vanishing-gradient",
  severity: "warning",
  title: "The gradient vanishes",
  evidence: "It halves every 3 timesteps.",
  sinceStep: 1200,
  timestep: 7,
  layer: 0,
  property: ["model", "cell"],
  remedy: { text: "Use a spectral cell.", edits: [{ path: ["model", "cell"], value: "spectral" }] },
};

interface Making {
  name?: string;
  rows?: number;
  length?: number;
  hidden?: number;
  layers?: number;
  model?: ExperimentInput["model"];
  matrices?: string[];
  events?: RunEvent[];
  value?: (row: number) => number;
  record?: Partial<RunRecord>;
}

/** A run with simple numbers: loss 1/step, a gradient that halves every 4 timesteps. */
function makeRun(making: Making = {}): ReportRun {
  const { rows: count = 10, length = 16, hidden = 8, layers = 1, matrices = ["W"], events = [] } = making;
  const value = making.value ?? ((row: number) => 1 / (row + 1));
  const layer = (row: number): LayerTelemetry => {
    const p50 = Float32Array.from({ length }, (_, i) => value(row) * 2 ** ((i + 1 - length) / 4));
    return {
      gradientNorm: { p10: p50.map((v) => v / 2), p50, p90: p50.map((v) => v * 2) },
      saturation: new Float32Array(length).fill(0.25),
      // As for dense matrices: measured now and then.
      singularValues: Object.fromEntries(
        matrices.map((name) => [
          name,
          row % 3 === 0 ? Float32Array.from({ length: hidden }, (_, i) => 1.05 - i / 100) : null,
        ]),
      ),
      halfLife: row === 1 ? Number.POSITIVE_INFINITY : row === 2 ? Number.NaN : 4,
      reach: length,
    };
  };
  const rows = Array.from(
    { length: count },
    (_, row): TelemetryRow => ({
      step: row + 1,
      time: row,
      loss: value(row),
      metric: value(row),
      learningRate: 0.001,
      gradientNorm: value(row),
      clippedGradientNorm: value(row),
      parameters: {},
      layers: Array.from({ length: layers }, () => layer(row)),
    }),
  );
  const name = making.name ?? "adding";
  const record: RunRecord = {
    format: 1,
    id: `20261123-081502-${name}-rnn-7f3a`,
    name,
    experimentFile: null,
    state: "finished",
    reason: null,
    pid: 1,
    host: "here",
    created: "2026-11-23T08:15:02Z",
    heartbeat: "2026-11-23T08:16:02Z",
    step: count,
    steps: count,
    length,
    loss: 0.1,
    metric: 0.1,
    metricName: "mean squared error",
    baseline: { loss: 1 / 6, metric: 1 / 6, reason: "always answering 1" },
    testLoss: 0.11,
    testMetric: 0.11,
    stepsPerSecond: 100,
    elapsed: 60,
    halfLife: 4,
    reach: length,
    sigma: [0.95, 1.05],
    findings: [finding],
    parameterCount: 1234,
    cell: making.model?.cell ?? "rnn",
    engine: { name: "fused", description: "fused, 2 threads" },
    version: "0.1.0",
    ...making.record,
  };
  const experiment = experimentSchema.parse({
    task: { kind: "adding", length },
    model: { cell: "rnn", hidden, layers, ...making.model },
  });
  return { id: record.id, record, experiment, rows, events };
}

const time = "2026-11-23T08:15:02Z";
const embedded = (html: string) =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!) as ReportData;
const size = { width: 600, height: 300 };
/** Everything that the page shows, as text. */
function drawn(runs: readonly ReportRun[]): string {
  const shown = shownRuns(JSON.parse(JSON.stringify(runs.map(reportRun))));
  const selection = {
    step: 3,
    layer: 5,
    matrix: "forget",
    align: "step",
    fraction: 1,
    collapse: false,
  } as const;
  return [
    summary(shown),
    findings(shown),
    ...cards(shown).map(({ draw }) => draw(size, selection).node),
    ...shown.map(numbersTable),
    ...[momentsList(shown)].flatMap((list) => list ?? []),
  ]
    .map(toMarkup)
    .join("\n");
}

test("one file: a policy that allows its own script and style only, and nothing to fetch", async () => {
  const html = await buildReport([makeRun()], { title: "A & B <i>" });
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)];
  expect(scripts).toHaveLength(1);
  expect(policy).toContain(`script-src ${hash(scripts[0]![1]!)};`);
  expect(policy).toContain(`style-src ${hash(/<style>(.*?)<\/style>/s.exec(html)![1]!)};`);
  // An HTML comment opened inside a script would change where the script ends.
  expect(scripts[0]![1]).not.toContain("<!--");
  expect(html).not.toMatch(/<(link|img|iframe|object|embed)|\bsrc=|\bhref=|@import|url\(/);
  expect(html).toContain("<title>A &#38; B &#60;i&#62;</title>");
});

test("data survive whatever names are made of", async () => {
  const name = '</script><script>alert(1)</script><!-- \u2028 & "';
  const html = await buildReport([makeRun({ name })], { title: name });
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html.includes("<!--")).toBe(false);
  // Once, in the title, where it is text.
  expect(html.split("\u2028")).toHaveLength(2);
  expect(embedded(html).title).toBe(name);
  expect(embedded(html).runs[0]!.name).toBe(name);
  expect(scriptJson("<&>\u2029")).toBe('"\\u003c\\u0026\\u003e\\u2029"');
  expect(drawn([makeRun({ name })])).not.toContain("<script>");
});

test("Lyapunov exponents are drawn of the run that measured them, those that die at once left out", () => {
  const run = makeRun({ rows: 7 });
  const measured = {
    ...run,
    rows: run.rows.map((row, i) => ({
      ...row,
      layers: row.layers.map((layer) => ({
        ...layer,
        lyapunov: i % 2 === 0 ? Float32Array.of(0.25 - i, -1, Number.NEGATIVE_INFINITY) : null,
        lyapunovExpected: i % 2 === 0 ? -0.5 : null,
      })),
    })),
  };
  const { lyapunov } = reportRun(measured).layers[0]!;
  expect(lyapunov).toEqual({
    steps: [1, 3, 5, 7],
    values: [0.25, -1.75, -3.75, -5.75].map((top) => [top, -1, "-Infinity"]),
    expected: [-0.5, -0.5, -0.5, -0.5],
  });
  const page = drawn([measured]);
  expect(page).toContain("nats per timestep");
  expect(page).toContain("λ₁: 4 points from step 1 to 7, first 0.25, last −5.75.");
  expect(page).toContain("λ₃: 4 points from step 1 to 7, first −∞, last −∞.");
  expect(page).toContain("λ₁ expected from σ and φ′: 4 points");
  expect(page).toMatch(/class="series-0 dash-1" data-series="λ₁ expected/);
  expect(page).toContain(">0: steady<");
  expect(page).toContain(">largest λ<");
  expect("lyapunov" in reportRun(run).layers[0]!).toBe(false);
  expect(drawn([run])).not.toContain("λ");
});

test("the capacity stands in the summary of runs that have one, as a power of ten", () => {
  const record = { capacity: { log10: 300.123, margin: 2.5, spectralNorm: 1.1 } };
  expect(drawn([makeRun({ record }), makeRun({ name: "other" })])).toMatch(
    /Capacity<\/th><td>10\^300\.12, median margin 2\.5<\/td><td>not measured/,
  );
  const wrong = { capacity: { log10: Number.POSITIVE_INFINITY, margin: -1, spectralNorm: 1.1 } };
  expect(drawn([makeRun({ record: wrong })])).toContain("<td>∞, median margin −1<");
  expect(drawn([makeRun({ record: { capacity: null } }), makeRun()])).not.toContain("Capacity");
});

test("rows are thinned evenly, the first and the last kept", () => {
  expect(thinIndices(3, 400)).toEqual([0, 1, 2]);
  expect(thinIndices(11, 3)).toEqual([0, 5, 10]);
  const { rows, layers } = reportRun(makeRun({ rows: 5000 }));
  expect(rows.step).toHaveLength(400);
  expect([rows.step[0], rows.step.at(-1)]).toEqual([1, 5000]);
  const [layer] = layers;
  expect(layer!.halfLife).toHaveLength(400);
  expect(layer!.profiles.steps).toHaveLength(100);
  expect([layer!.profiles.steps[0], layer!.profiles.steps.at(-1)]).toEqual([1, 5000]);
  // Only rows that measured the spectrum: steps 1, 4, 7 … 4999.
  expect(layer!.spectra.W!.steps.every((step) => step % 3 === 1)).toBe(true);
  expect([layer!.spectra.W!.steps[0], layer!.spectra.W!.steps.at(-1)]).toEqual([1, 4999]);
});

test("long sequences and large matrices keep a report small", async () => {
  const run = makeRun({ rows: 900, length: 2000, hidden: 1000 });
  const { profiles, spectra } = reportRun(run).layers[0]!;
  expect(profiles.timesteps).toHaveLength(200);
  expect([profiles.timesteps[0], profiles.timesteps.at(-1)]).toEqual([1, 2000]);
  expect(spectra.W!.steps).toHaveLength(40);
  expect((await buildReport([run], { title: "large" })).length).toBeLessThan(2_000_000);
});

test("what JSON has no number for arrives all the same", async () => {
  const data = embedded(
    await buildReport([makeRun({ value: (row) => (row < 5 ? 1 : Number.NaN) })], { title: "" }),
  );
  const [run] = data.runs;
  expect(run!.rows.loss.slice(3, 7)).toEqual([1, 1, null, null]);
  expect(run!.layers[0]!.halfLife.slice(0, 4)).toEqual([4, "Infinity", "NaN", 4]);
});

test("the band of singular values: as the cell promises, until a switch", () => {
  const band = (model: ExperimentInput["model"], events: RunEvent[] = []) =>
    reportRun(makeRun({ model, events })).band;
  expect(band({ cell: "rnn" })).toBeNull();
  expect(band({ cell: "spectral", radius: 0.25, center: 0.5 })).toEqual({
    low: 0.25,
    high: 0.75,
    fromStep: 0,
    toStep: 10,
  });
  expect(band({ cell: "orthogonal" })).toEqual({ low: 1, high: 1, fromStep: 0, toStep: 10 });
  const event: RunEvent = {
    type: "switch",
    time,
    step: 6,
    from: "spectral",
    to: "rnn",
    checkpoint: "checkpoints/step-0000006.safetensors",
    band: null,
    sigma: [0.9, 1.1],
    clipped: 0,
    clippedCount: 0,
    functionChange: 1e-7,
  };
  expect(band({ cell: "spectral" }, [event])?.toStep).toBe(6);
  const back: RunEvent = {
    ...event,
    step: 8,
    from: "rnn",
    to: "spectral",
    band: { center: 1, radius: 0.25 },
  };
  expect(band({ cell: "rnn" }, [back])).toEqual({ low: 0.75, high: 1.25, fromStep: 8, toStep: 10 });
  expect(band({ cell: "spectral" }, [event, back])).toMatchObject({ low: 0.75, fromStep: 8, toStep: 10 });
  // A resume from before a switch takes it back.
  const resumed: RunEvent = {
    type: "resumed",
    time,
    step: 5,
    checkpoint: "checkpoints/step-0000005.safetensors",
  };
  expect(band({ cell: "rnn" }, [back, resumed])).toBeNull();
  expect(band({ cell: "spectral" }, [event, resumed])?.toStep).toBe(10);
  expect(drawn([makeRun({ events: [event] })])).toContain("spectral → rnn at step 6");
});

test("the page draws runs of every shape", () => {
  const runs = [
    makeRun(),
    makeRun({
      name: "empty",
      rows: 0,
      record: {
        testMetric: null,
        halfLife: null,
        reach: null,
        sigma: null,
        stepsPerSecond: null,
        findings: [],
      },
    }),
    makeRun({ name: "single", rows: 1 }),
    makeRun({ name: "nothing finite", value: () => Number.NaN }),
    makeRun({
      name: "lstm",
      layers: 3,
      hidden: 80,
      matrices: ["input", "forget", "cell", "output"],
      model: { cell: "lstm" },
      record: { metricName: "accuracy", state: "failed", reason: "the disk is full" },
      events: [
        { type: "evaluation", time, step: 5, loss: 0.2, metric: 0.9 },
        { type: "finding", time, step: 5, finding },
        { type: "error", time, step: 9, message: "the disk is full" },
      ],
    }),
    makeRun({ name: "spectral", model: { cell: "spectral" } }),
  ];
  for (const run of runs) {
    const alone = drawn([run]);
    expect(alone).not.toMatch(/NaN|undefined|Infinity/);
    expect(alone.match(/<svg[^>]*role="img"/g)!.length).toBeGreaterThanOrEqual(run.rows.length === 0 ? 2 : 6);
  }
  const together = drawn(runs);
  expect(together).not.toMatch(/NaN|undefined|Infinity/);
  expect(together).toContain("lstm, W of gate forget");
  expect(together).toContain("failed, 10 steps: the disk is full");
  expect(together).toContain("Accuracy by step. lstm");
});

test("the verdict and the findings in words", () => {
  const page = drawn([makeRun()]);
  expect(page).toContain("mean squared error 0.11");
  expect(page).toContain("halves every 4 timesteps");
  expect(page).toContain("since step 1,200, timestep 7 of 16, layer 1");
  expect(page).toContain("<code>model.cell: &quot;spectral&quot;</code>");
  expect(drawn([makeRun({ record: { findings: [] } })])).toContain("no rule found");
  expect(halfLifeText(-5)).toBe("doubles every 5 timesteps");
  expect(halfLifeText(Number.POSITIVE_INFINITY)).toBe("∞: neither shrinks nor grows");
  expect(metricText("accuracy", 0.9722)).toBe("accuracy 97.2 %");
  const info: Finding = { ...finding, severity: "information", title: "later" };
  const error: Finding = { ...finding, severity: "error", title: "first" };
  const list = toMarkup(findings(shownRuns([reportRun(makeRun({ record: { findings: [info, error] } }))])));
  expect(list.indexOf("first")).toBeLessThan(list.indexOf("later"));
});

test("the numbers stand in a table, one row for each recorded step", () => {
  const [shown] = shownRuns([reportRun(makeRun())]);
  const table = toMarkup(numbersTable(shown!));
  expect(table.match(/<tr>/g)).toHaveLength(11);
  expect(table).toContain(
    "<td>4</td><td>0.25</td><td>0.25</td><td>0.001</td><td>4</td><td>16</td><td>0.98</td><td>1.05</td>",
  );
});

test("runs of one name are told apart by the end of their ids", () => {
  const twins = [
    makeRun(),
    { ...makeRun(), id: "20261123-081502-adding-rnn-9b1c" },
    makeRun({ name: "other" }),
  ];
  expect(shownRuns(twins.map(reportRun)).map(({ label }) => label)).toEqual([
    "adding 7f3a",
    "adding 9b1c",
    "other",
  ]);
});
