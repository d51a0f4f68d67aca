import { describe, expect, test } from "vitest";
import { diagnose } from "../../../src/diagnostics/monitor.ts";
import { compareVerdict, type VerdictInput, verdict } from "../../../src/diagnostics/verdict.ts";
import { band, count, halfLifeInWords, number, percent, range } from "../../../src/diagnostics/words.ts";
import type { RunRecord } from "../../../src/runs/run.ts";
import { type ContextSketch, context, type RowSketch } from "../../support/telemetry.ts";

function input(
  name: string,
  testMetric: number | null,
  sketch: ContextSketch,
  rows: (step: number) => RowSketch,
  record: Partial<RunRecord> = {},
): VerdictInput {
  const run = context({ length: 200, steps: 200, ...sketch }, rows, 200);
  return {
    experiment: run.experiment,
    rows: run.rows,
    findings: diagnose(run),
    record: {
      format: 1,
      id: `20260101-${name}`,
      name,
      experimentFile: null,
      state: "finished",
      reason: null,
      pid: 1,
      host: "test",
      created: "2026-01-01T00:00:00Z",
      heartbeat: "2026-01-01T00:00:00Z",
      step: 200,
      steps: 200,
      length: run.length,
      loss: 0.1,
      metric: 0.123,
      metricName: run.metricName,
      baseline: run.baseline,
      testLoss: testMetric,
      testMetric,
      stepsPerSecond: 100,
      elapsed: 2,
      halfLife: null,
      reach: null,
      sigma: null,
      findings: [],
      parameterCount: 1,
      cell: run.experiment.model.cell,
      engine: { name: "fused", description: "" },
      version: "0.1.0",
      ...record,
    },
  };
}

const vanilla = input("adding-vanilla", 0.166, { model: { cell: "rnn" } }, (step) => ({
  loss: 0.167,
  layers: [{ decay: 2 ** (-1 / 4.1), sigma: step < 2 ? [1.05, 0.01] : [1.31, 0.02] }],
}));
const spectral = input(
  "adding-spectral",
  0.0031,
  { model: { cell: "spectral", radius: 0.05, activation: "leakyRelu" } },
  (step) => ({ loss: 0.2 / step, layers: [{ decay: 2 ** (-1 / 60), sigma: [1.04, 0.97], saturation: 0.5 }] }),
);

describe("the verdict on one run", () => {
  test("a vanishing gradient: headline, numbers and remedy", () => {
    const { headline, lines } = verdict(vanilla);
    expect(headline).toBe(
      "adding-vanilla (rnn): the gradient vanishes: it halves every 4.1 timesteps going back in time, and at least 1 % of the gradient at the last timestep reaches only 28 of 200 timesteps.",
    );
    expect(lines[0]).toBe("Test mean squared error 0.166 after 200 steps; without memory it would be 0.167.");
    expect(lines[1]).toContain("At the start (step 1) it halves every 4.1 timesteps, reaching 28.");
    expect(lines[2]).toBe(
      "Spectrum: σ of W runs 0.02 … 1.31; it began at 0.01 … 1.050, and nothing holds it.",
    );
    expect(lines[3]).toBe("Units: 10 % are saturated on average.");
    expect(lines.find((line) => line.includes("vanishes"))).toMatch(
      /^Warning since step 1: .*\[model\.cell = "spectral", model\.radius = 0\.05(, model\.activation = "leakyRelu")?\]$/,
    );
  });

  test("a gradient that arrives", () => {
    const { headline, lines } = verdict(spectral);
    expect(headline).toBe(
      "adding-spectral (spectral): the gradient arrives: it halves every 60 timesteps going back in time, and at least 1 % of the gradient at the last timestep reaches all 200 timesteps.",
    );
    expect(lines).toContain("Spectrum: σ of W runs 0.970 … 1.040, held inside (0.95, 1.05).");
    const switches = [{ step: 50, cell: "spectral", center: 1, radius: 0.2 }] as const;
    expect(verdict({ ...spectral, switches }).lines).toContain(
      "Spectrum: σ of W runs 0.970 … 1.040, held inside (0.8, 1.2).",
    );
    expect(lines).toContain("Units: 50 % are below 0 on average.");
    expect(lines).toHaveLength(4);
  });

  test("a gradient that fades and still serves", () => {
    const run = input("faint", 0.01, {}, () => ({ loss: 0.01, layers: [{ decay: 0.9 }] }));
    expect(verdict(run).headline).toContain("the gradient fades but serves: it halves every 6.58 timesteps");
  });

  test("a gradient that fades is not said to serve where nothing was learned", () => {
    const run = input("useless", 0.166, {}, () => ({ loss: 0.16, layers: [{ decay: 0.9 }] }));
    expect(verdict({ ...run, findings: [] }).headline).toContain("the gradient fades: it halves every 6.58");
  });

  test("a gradient that grows a hundredfold is not said to arrive", () => {
    const run = input("growing", 0.01, {}, () => ({ loss: 0.01, layers: [{ decay: 1.03 }] }));
    expect(verdict({ ...run, findings: [] }).headline).toMatch(/the gradient grows .* times in all/);
  });

  test("the words of a failure stay as they are in a feed-forward net", () => {
    const run = input("deep", 0.01, { model: { cell: "rnn", net: "mlp", layers: 20 } }, () => ({}), {
      reason: "it reads sequences of 1 timestep",
    });
    expect(verdict(run).lines[1]).toBe("It failed: it reads sequences of 1 timestep.");
    expect(verdict(run).headline).not.toContain("timestep");
  });

  test("an explosion, a breakdown, a failure, no rows, one timestep", () => {
    const exploding = input("up", 0.2, {}, () => ({ layers: [{ decay: 1.1 }] }));
    expect(verdict(exploding).headline).toContain("the gradient explodes: it grows 1.7e8 times going back");
    const nan = input("nan", null, {}, (step) => (step < 200 ? {} : { loss: Number.NaN }), {
      state: "failed",
      reason: "the loss became NaN",
      metric: null,
      step: 199,
    });
    expect(verdict(nan).headline).toBe("nan (rnn): the loss became NaN at step 200.");
    expect(verdict(nan).lines.slice(0, 2)).toEqual([
      "No result after 199 of 200 steps.",
      "It failed: the loss became NaN.",
    ]);
    expect(verdict({ ...vanilla, rows: [], findings: [] }).headline).toContain("no step was recorded");
    const single = input("single", 0.1, { length: 1 }, () => ({}));
    expect(verdict(single).headline).toContain("a single timestep");
  });

  test("accuracies are shown as per cent, and layers and gates by name", () => {
    const run = input(
      "digits",
      0.964,
      {
        model: { cell: "gru", layers: 2 },
        metricName: "accuracy",
        baseline: { loss: 2.3, metric: 0.1 },
      },
      () => ({ loss: 0.1, metric: 0.97, layers: [{ sigma: { update: [2, 0.5] } }, { decay: 0.5 }] }),
    );
    const { headline, lines } = verdict(run);
    expect(lines[0]).toBe("Test accuracy 96 % after 200 steps; without memory it would be 10 %.");
    expect(headline).toContain("the gradient arrives: it neither shrinks nor grows");
    expect(lines.some((line) => line.startsWith("Gradient in layer 1: going back in time"))).toBe(true);
    expect(lines.some((line) => line.includes("σ of the update gate's W in layer 0 runs 0.50 … 2.00"))).toBe(
      true,
    );
  });
});

describe("the comparison", () => {
  test("says who does best and what the gradients had to do with it", () => {
    expect(compareVerdict([vanilla, spectral])).toBe(
      "adding-spectral (spectral) does best: test mean squared error 0.0031, against adding-vanilla (rnn) 0.166 (0.167 without memory). " +
        "In adding-vanilla (rnn) the gradient halves every 4.1 timesteps going back in time, and at least 1 % of it reaches 28 of 200 timesteps; its σ run 0.02 … 1.31. " +
        "In adding-spectral (spectral) the gradient halves every 60 timesteps going back in time, and at least 1 % of it reaches 200 of 200 timesteps; its σ run 0.970 … 1.040.",
    );
  });

  test("of equals, of runs of one name, of different problems, of one and of none", () => {
    const again = { ...spectral, record: { ...spectral.record, id: "second", testMetric: 0.0032 } };
    expect(compareVerdict([spectral, again])).toContain(
      "adding-spectral (20260101-adding-spectral) and adding-spectral (second) do about equally well: test mean " +
        "squared error of adding-spectral (20260101-adding-spectral) 0.0031, adding-spectral (second) 0.0032 (0.167 without memory).",
    );
    const other = input("short", 0.1, { length: 50 }, () => ({}));
    expect(compareVerdict([spectral, other])).toContain("on different problems");
    expect(compareVerdict([spectral])).toBe(verdict(spectral).headline);
    expect(compareVerdict([])).toBe("");
    expect(compareVerdict([vanilla, { ...spectral, rows: [] }])).toContain("(spectral) recorded no step.");
  });
});

test("numbers are short and exact enough", () => {
  expect([0.0412, 4.1, 31, 1234.5, 123_456, 1e-5, -2.5, 0].map(number)).toEqual([
    "0.0412",
    "4.1",
    "31",
    "1235",
    "1.2e5",
    "1e-5",
    "−2.5",
    "0",
  ]);
  expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(number)).toEqual([
    "NaN",
    "∞",
    "−∞",
  ]);
  expect([0, 0.005, 0.0912, 0.634, 0.995, 1].map(percent)).toEqual([
    "0 %",
    "0.5 %",
    "9.1 %",
    "63 %",
    "99.5 %",
    "100 %",
  ]);
  expect([count(1, "timestep"), count(4.1, "timestep")]).toEqual(["1 timestep", "4.1 timesteps"]);
  expect([range(0.02, 1.31), range(0.99951, 1.00049), range(1, 1)]).toEqual([
    "0.02 … 1.31",
    "0.99951 … 1.00049",
    "1.000 … 1.000",
  ]);
  expect([band(1, 0.0005), band(1, 0.1), band(0, 0.3)]).toEqual([
    "(0.9995, 1.0005)",
    "(0.9, 1.1)",
    "(−0.3, 0.3)",
  ]);
  expect(
    [4.1, -3, Number.POSITIVE_INFINITY, 9000, Number.NaN, 0.006].map((h) => halfLifeInWords(h, 100)),
  ).toEqual([
    "halves every 4.1 timesteps",
    "doubles every 3 timesteps",
    "neither shrinks nor grows",
    "neither shrinks nor grows",
    "has no measurable half-life",
    "is gone within a timestep",
  ]);
});
