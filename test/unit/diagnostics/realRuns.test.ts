/** Findings on telemetry of real short runs: runs that show each illness, and healthy runs that show none. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RuleName } from "../../../src/diagnostics/finding.ts";
import { DiagnosticsMonitor, diagnose } from "../../../src/diagnostics/monitor.ts";
import { compareVerdict, verdict } from "../../../src/diagnostics/verdict.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import type { ExperimentInput } from "../../../src/experiment/schema.ts";
import { type ShortRun, shortRun } from "../../support/shortRun.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createFusedEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

const adding = (length: number) => ({ kind: "adding", length, testSize: 200 }) as const;
const pixels = { kind: "digits", read: "pixels" } as const;

/** Findings at the end, by rule. */
function byRule(run: ShortRun) {
  return new Map(diagnose(run).map((finding) => [finding.rule, finding]));
}

/** Every rule that spoke at any time. */
function everRaised(run: ShortRun): Set<RuleName> {
  const monitor = new DiagnosticsMonitor(run);
  return new Set(run.rows.flatMap((row) => monitor.update([row]).raised.map(({ rule }) => rule)));
}

const vanilla: ExperimentInput = {
  task: adding(100),
  model: { cell: "rnn", hidden: 32, initialization: "uniform" },
  training: { learningRate: 0.003, steps: 250, clipNorm: 1 },
};

describe("illnesses", () => {
  test("a vanilla RNN on the adding problem: the gradient vanishes, σ strays, nothing is learned", async () => {
    const run = await shortRun(vanilla, { engine });
    const found = byRule(run);
    expect([...found.keys()].sort()).toEqual([
      "no-better-than-trivial",
      "spectrum-drift",
      "vanishing-gradient",
    ]);
    const vanishing = found.get("vanishing-gradient");
    expect(vanishing?.severity).toBe("warning");
    expect(vanishing?.sinceStep).toBeLessThan(20);
    expect(vanishing?.evidence).toMatch(
      /halves every \d(\.\d+)? timesteps; .* only \d+ of 100 .* σ of W runs/,
    );
    const { headline } = verdict({ ...run, findings: [...found.values()] });
    expect(headline).toContain("the gradient vanishes: it halves every");
  });

  test("the same with a head at every timestep, on the copy problem", async () => {
    const run = await shortRun(
      {
        task: { kind: "copy", delay: 100, copyLength: 5, testSize: 50 },
        model: { cell: "rnn", hidden: 32, initialization: "uniform" },
        training: { learningRate: 0.003, steps: 400, clipNorm: 1 },
      },
      { engine },
    );
    expect(byRule(run).get("vanishing-gradient")?.evidence).toContain("falls below 1 % within");
  });

  test("a band above 1 over a hundred timesteps: the gradient explodes", async () => {
    const run = await shortRun(
      {
        task: adding(100),
        model: { cell: "spectral", hidden: 32, activation: "identity", radius: 0.05, center: 1.3 },
        training: { learningRate: 0.001, steps: 100, clipNorm: 1 },
      },
      { engine },
    );
    const exploding = byRule(run).get("exploding-gradient");
    expect(exploding?.severity).toBe("error");
    expect(exploding?.evidence).toMatch(/∂L\/∂h doubles every 2\.\d+ timesteps/);
    expect(exploding?.remedy.edits).toContainEqual({ path: ["model", "center"], value: 1 });
  });

  test("σ grows without a bound: the run ends in a gradient or loss that is not finite", async () => {
    const run = await shortRun(
      {
        task: adding(200),
        model: { cell: "rnn", hidden: 32, activation: "identity", initialization: "glorot" },
        training: { optimizer: "sgd", learningRate: 1, steps: 100 },
      },
      { engine },
    );
    const broken = byRule(run).get("non-finite");
    expect(broken?.sinceStep).toBe(run.breakdown?.step);
    expect(broken?.timestep).toBe(run.breakdown?.origin?.timestep);
    expect(broken?.title).toMatch(/became (NaN|∞) at step \d+, timestep \d+/);
  });

  test("an infinity in the data is traced to its timestep", async () => {
    const run = await shortRun(
      {
        task: adding(30),
        model: { cell: "lstm", hidden: 16 },
        training: { steps: 20 },
      },
      {
        engine,
        spoil: (batch) => {
          const inputs = batch.inputs.slice();
          inputs[5 * 30 * 2 + 16 * 2] = Number.NaN; // sequence 6, timestep 17
          return { ...batch, inputs };
        },
      },
    );
    const broken = byRule(run).get("non-finite");
    expect(broken).toMatchObject({ sinceStep: 1, timestep: 17 });
    expect(broken?.title).toContain("The loss became NaN at step 1, timestep 17");
  });

  test("a spectral cell with a tiny radius: σ presses against the edge", async () => {
    const run = await shortRun(
      {
        task: adding(60),
        model: { cell: "spectral", hidden: 32, activation: "identity", radius: 0.001 },
        training: { learningRate: 0.1, steps: 500, clipNorm: 1 },
      },
      { engine },
    );
    const edge = byRule(run).get("spectrum-edge");
    expect(edge?.title).toMatch(/^[23]\d of 32 singular values press/);
    expect(edge?.evidence).toMatch(/in the band \(0\.999, 1\.001\)/);
    expect(edge?.remedy.edits).toEqual([{ path: ["model", "radius"], value: 0.002 }]);
  });

  test("a learning rate of 1: the loss diverges and tanh saturates", async () => {
    const run = await shortRun(
      {
        task: pixels,
        model: { cell: "rnn", hidden: 32 },
        training: { learningRate: 1, steps: 60, batch: 64, clipNorm: 1 },
      },
      { engine },
    );
    const found = byRule(run);
    expect(found.get("learning-rate-too-high")?.title).toContain("The loss diverges");
    expect(found.get("saturated-units")?.title).toMatch(/^(9\d(\.\d)?|100) % of the units are saturated/);
  });

  test("ReLU units die of large steps", async () => {
    const run = await shortRun(
      {
        task: pixels,
        model: { cell: "rnn", hidden: 32, activation: "relu" },
        training: { learningRate: 0.1, steps: 200, batch: 64, clipNorm: 1 },
      },
      { engine },
    );
    const dead = byRule(run).get("saturated-units");
    expect(dead?.title).toContain("dead");
    expect(dead?.remedy.edits).toContainEqual({ path: ["model", "activation"], value: "leakyRelu" });
  });
});

describe("healthy runs", () => {
  const digits = {
    task: pixels,
    training: { learningRate: 0.003, steps: 300, batch: 64, clipNorm: 1 },
  } as const;

  test.each<[string, ExperimentInput]>([
    [
      "a Spectral-RNN on pixels",
      { ...digits, model: { cell: "spectral", hidden: 32, activation: "leakyRelu" } },
    ],
    ["two spectral layers", { ...digits, model: { cell: "spectral", hidden: 32, layers: 2 } }],
    ["an orthogonal RNN", { ...digits, model: { cell: "orthogonal", hidden: 32 } }],
    ["an LSTM", { ...digits, model: { cell: "lstm", hidden: 32 } }],
    [
      "a vanilla RNN that works, on 8 rows",
      { ...digits, task: { kind: "digits", read: "rows" }, model: { cell: "rnn", hidden: 32 } },
    ],
    [
      "small, noisy batches",
      {
        task: { kind: "digits", read: "rows" },
        model: { cell: "rnn", hidden: 32 },
        training: { batch: 4, steps: 800, learningRate: 0.003 },
      },
    ],
    [
      "a Spectral-RNN on the copy problem",
      {
        task: { kind: "copy", delay: 20, copyLength: 5, testSize: 50 },
        model: { cell: "spectral", hidden: 64, activation: "identity", radius: 0.01, reflectors: 32 },
        training: { optimizer: "rmsprop", steps: 300 },
      },
    ],
    [
      "sequences of two timesteps",
      { task: adding(2), model: { cell: "rnn", hidden: 32 }, training: { steps: 300 } },
    ],
  ])("%s: none at any time", async (_, experiment) => {
    const run = await shortRun(experiment, { engine });
    expect([...everRaised(run)]).toEqual([]);
    expect(run.record.testMetric).not.toBeNull();
  });

  test.each<[string, ExperimentInput]>([
    ["a GRU, whose gates start half closed", { ...digits, model: { cell: "gru", hidden: 32 } }],
    [
      "an LSTM that leaves the plateau of the adding problem late",
      {
        task: adding(50),
        model: { cell: "lstm", hidden: 32 },
        training: { learningRate: 0.01, steps: 1000, clipNorm: 1 },
      },
    ],
    [
      "a vanilla RNN on pixels that learns in spite of its start",
      {
        task: pixels,
        model: { cell: "rnn", hidden: 64, initialization: "uniform" },
        training: { learningRate: 0.002, steps: 300, batch: 64, clipNorm: 1 },
      },
    ],
  ])("%s: none in the end", async (_, experiment) => {
    const run = await shortRun(experiment, { engine });
    expect(diagnose(run)).toEqual([]);
  });
});

test("vanilla and spectral compared in a paragraph", async () => {
  const runs = await Promise.all(
    [
      vanilla,
      {
        ...vanilla,
        model: { cell: "spectral", hidden: 32, activation: "leakyRelu", radius: 0.05 },
      } satisfies ExperimentInput,
    ].map(async (experiment) => {
      const run = await shortRun(experiment, { engine });
      return { ...run, findings: diagnose(run) };
    }),
  );
  const reach = runs.map(({ rows }) => rows.at(-1)!.layers[0]!.reach);
  expect(reach[1]).toBeGreaterThan(3 * reach[0]!);
  const text = compareVerdict(runs);
  expect(text).toMatch(/In adding \(rnn\) the gradient halves every \d(\.\d+)? timesteps/);
  expect(text).toMatch(/In adding \(spectral\) the gradient .* its σ run 0\.9\d+ … 1\.0\d+\./);
});
