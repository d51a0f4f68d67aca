/** Each rule on telemetry made to show it one thing, and the false alarms that it must not give. */
import { describe, expect, test } from "vitest";
import type { Finding, RuleName } from "../../../src/diagnostics/finding.ts";
import { type DiagnosticContext, diagnose } from "../../../src/diagnostics/monitor.ts";
import { experimentSchema } from "../../../src/experiment/schema.ts";
import { type ContextSketch, context, type RowSketch } from "../../support/telemetry.ts";

function find(run: DiagnosticContext, rule: RuleName): Finding | undefined {
  const finding = diagnose(run).find((each) => each.rule === rule);
  if (finding) expectWellFormed(finding, run);
  return finding;
}

/** The remedy's edits give a valid experiment, and the property points somewhere in it. */
function expectWellFormed(finding: Finding, { experiment }: DiagnosticContext): void {
  const edited = structuredClone(experiment) as unknown as Record<string, Record<string, unknown>>;
  for (const { path, value } of finding.remedy.edits) {
    expect(path).toHaveLength(2);
    edited[path[0]!]![path[1]!] = value;
  }
  expect(experimentSchema.safeParse(edited).error).toBeUndefined();
  expect(finding.property[0]).toMatch(/^(task|model|training)$/);
  expect(finding.title).not.toMatch(/undefined|NaN timesteps|\n/);
  expect(finding.evidence).toMatch(/\d.*\.$/s);
}

const edits = (finding: Finding | undefined) =>
  Object.fromEntries(finding?.remedy.edits.map(({ path, value }) => [path.join("."), value]) ?? []);

function layer(sketch: NonNullable<RowSketch["layers"]>[number], row: RowSketch = {}): RowSketch {
  return { ...row, layers: [sketch] };
}

describe("vanishing-gradient", () => {
  const vanishing = layer({ decay: 2 ** (-1 / 4.1), sigma: [1.31, 0.5, 0.02] });

  test("tells half-life, reach and σ in numbers, and since when", () => {
    const rows = (step: number) => (step < 40 ? layer({ decay: 0.99 }) : vanishing);
    const finding = find(context({ length: 200 }, rows), "vanishing-gradient");
    expect(finding).toMatchObject({ severity: "warning", sinceStep: 40, layer: 0, timestep: 172 });
    expect(finding?.title).toBe("The gradient vanishes: it reaches only 28 of 200 timesteps");
    expect(finding?.evidence).toBe(
      "Going back in time, ∂L/∂h halves every 4.1 timesteps; at least 1 % of the gradient at the last timestep reaches only 28 of 200 timesteps; σ of W runs 0.02 … 1.31.",
    );
    expect(edits(finding)).toEqual({
      "model.cell": "spectral",
      "model.radius": 0.05,
      "model.activation": "leakyRelu",
    });
  });

  test.each<[string, ContextSketch["model"], Record<string, unknown>]>([
    [
      "lstm",
      { cell: "lstm" },
      { "model.cell": "spectral", "model.radius": 0.05, "model.activation": "leakyRelu" },
    ],
    [
      "gru",
      { cell: "gru" },
      { "model.cell": "spectral", "model.radius": 0.05, "model.activation": "leakyRelu" },
    ],
    [
      "rnn from the start of a free matrix",
      { cell: "rnn", initialization: "uniform" },
      {
        "model.cell": "spectral",
        "model.radius": 0.05,
        "model.activation": "leakyRelu",
        "model.initialization": "identity",
      },
    ],
    ["orthogonal", { cell: "orthogonal" }, { "model.cell": "spectral", "model.radius": 0.05 }],
    ["spectral with tanh", { cell: "spectral" }, { "model.activation": "leakyRelu" }],
    [
      "spectral with leaky ReLU",
      { cell: "spectral", activation: "leakyRelu", radius: 0.05 },
      { "model.radius": 0.1 },
    ],
    ["spectral, band below 1", { cell: "spectral", center: 0.8 }, { "model.center": 1 }],
    [
      "spectral, wide band",
      { cell: "spectral", activation: "identity", radius: 0.5 },
      { "model.center": 1.1 },
    ],
  ])("its remedy suits the cell: %s", (_, model, expected) => {
    const finding = find(
      context({ length: 200, ...(model ? { model } : {}) }, () => layer({ decay: 0.7 })),
      "vanishing-gradient",
    );
    expect(edits(finding)).toEqual(expected);
  });

  test("tanh stays where sequences are short or it is not the activation", () => {
    for (const sketch of [{ length: 64 }, { length: 200, model: { activation: "relu" } as const }])
      expect(
        edits(
          find(
            context(sketch, () => layer({ decay: 0.5 })),
            "vanishing-gradient",
          ),
        ),
      ).not.toHaveProperty(["model.activation"]);
  });

  test("with saturated units the remedy is theirs", () => {
    const finding = find(
      context({ length: 200, training: { learningRate: 0.03 } }, () =>
        layer({ decay: 0.5, saturation: 0.8 }),
      ),
      "vanishing-gradient",
    );
    expect(edits(finding)).toEqual({ "training.learningRate": 0.01 });
  });

  test("a gradient that underflows is reported with a half-life, not NaN", () => {
    const finding = find(
      context({ length: 200 }, () => layer({ decay: 1e-60 })),
      "vanishing-gradient",
    );
    expect(finding?.evidence).toContain("∂L/∂h is gone within a timestep");
  });

  test("with a head at every timestep, the gradient that each gets from its own output does not hide it", () => {
    const profile = Array.from({ length: 120 }, (_, t) => 0.02 + 2 ** (-Math.max(0, 110 - t) / 2));
    const run = context({ length: 120, task: { kind: "copy" } }, () => layer({ profile }));
    expect(run.rows[0]?.layers[0]?.reach).toBe(120);
    expect(find(run, "vanishing-gradient")?.evidence).toContain("falls below 1 % within");
  });

  test.each<[string, ContextSketch, RowSketch | ((step: number) => RowSketch)]>([
    ["half of the timesteps are reached", { length: 200 }, layer({ decay: 0.955 })],
    ["the task is learned with what arrives", { length: 200 }, { ...vanishing, loss: 0.02 }],
    ["the sequence is tiny", { length: 4 }, layer({ decay: 1e-9 })],
    ["the sequence is one timestep", { length: 1 }, layer({})],
    ["the gradient grows", { length: 50 }, layer({ decay: 1.1 })],
    [
      "the upper layer forgets but the bottom one does not",
      { length: 200 },
      { layers: [{}, { decay: 0.5 }] },
    ],
    ["it was so in the first steps only", { length: 200 }, (step) => (step < 20 ? vanishing : layer({}))],
  ])("is silent when %s", (_, sketch, rows) => {
    const run = context(sketch, typeof rows === "function" ? rows : () => rows);
    expect(find(run, "vanishing-gradient")).toBeUndefined();
  });

  test("is information where the task is half learned all the same", () => {
    const run = context({ length: 200 }, () => ({ ...vanishing, loss: 0.07 }));
    expect(find(run, "vanishing-gradient")?.severity).toBe("information");
  });
});

describe("exploding-gradient", () => {
  test("along the sequence: by how much, how fast, and a spectral cell", () => {
    const finding = find(
      context({ length: 100 }, () => layer({ decay: 1.1, sigma: [1.7, 1, 0.4] })),
      "exploding-gradient",
    );
    expect(finding).toMatchObject({ severity: "warning", sinceStep: 1, timestep: 1 });
    expect(finding?.evidence).toContain("∂L/∂h doubles every 7.27 timesteps");
    expect(finding?.evidence).toContain("σ of W runs 0.40 … 1.70");
    expect(edits(finding)).toEqual({ "model.cell": "spectral", "model.radius": 0.1 });
  });

  test("is an error when the growth eats up single precision", () => {
    const run = context({ length: 100 }, () => layer({ decay: 1.2 }));
    expect(find(run, "exploding-gradient")?.severity).toBe("error");
  });

  test("its remedy suits the cell", () => {
    const of = (model: NonNullable<ContextSketch["model"]>, training: ContextSketch["training"] = {}) =>
      edits(
        find(
          context({ length: 100, model, training }, () => layer({ decay: 1.1 })),
          "exploding-gradient",
        ),
      );
    expect(of({ cell: "lstm" })).toEqual({ "training.clipNorm": 1 });
    expect(of({ cell: "gru" }, { clipNorm: 1 })).toEqual({ "training.clipNorm": 0.3 });
    expect(of({ cell: "spectral", radius: 0.5 })).toEqual({ "model.radius": 0.1 });
    expect(of({ cell: "spectral", radius: 0.05, center: 1.3 })).toEqual({
      "model.radius": 0.03,
      "model.center": 1,
    });
  });

  const spiky = (step: number) => ({ loss: 0.16, gradientNorm: step % 8 === 0 ? 300 : 0.5 });

  test("from step to step: cliffs, cured by clipping", () => {
    const finding = find(context({}, spiky), "exploding-gradient");
    expect(finding?.severity).toBe("warning");
    expect(finding?.title).toBe("The gradient explodes now and then: 600 times its usual norm");
    expect(edits(finding)).toEqual({ "training.clipNorm": 1 });
    const clipped = find(
      context({ training: { clipNorm: 1, learningRate: 0.003 } }, spiky),
      "exploding-gradient",
    );
    expect(clipped?.severity).toBe("information");
    expect(edits(clipped)).toEqual({ "training.learningRate": 0.001 });
  });

  test("norms far above those of the first steps", () => {
    const run = context({}, (step) => ({ loss: 0.16, gradientNorm: step < 30 ? 0.5 : 200 }));
    expect(find(run, "exploding-gradient")?.title).toContain("its norm is 400 times that of the first steps");
  });

  test.each<[string, ContextSketch, (step: number) => RowSketch]>([
    [
      "a head at every timestep sums up √T",
      { length: 120, task: { kind: "copy" } },
      () => layer({ profile: Array.from({ length: 120 }, (_, t) => Math.sqrt(120 - t)) }),
    ],
    ["small batches make the norm noisy", {}, (step) => ({ gradientNorm: step % 3 ? 0.5 : 5 })],
    ["one odd batch", {}, (step) => ({ gradientNorm: step === 90 ? 500 : 0.5 })],
    [
      "near the optimum a hard example stands out",
      {},
      (step) => ({ loss: 1e-5, gradientNorm: step < 12 ? 0.5 : step % 5 ? 1e-5 : 1e-2 }),
    ],
    [
      "the norm grows while the loss falls",
      {},
      (step) => ({ loss: 0.16 / step, gradientNorm: step < 20 ? 0.01 : 2 }),
    ],
    [
      "the gradient grows and the task is learned",
      { length: 100 },
      () => layer({ decay: 1.1 }, { loss: 0.01 }),
    ],
  ])("is silent when %s", (_, sketch, rows) => {
    expect(find(context(sketch, rows), "exploding-gradient")).toBeUndefined();
  });
});

describe("non-finite", () => {
  const nan = Number.NaN;

  test("a gradient that overflows on its way back: step, layer and timestep", () => {
    const profile = Array.from({ length: 50 }, (_, t) => (t < 17 ? Number.POSITIVE_INFINITY : 2 ** (49 - t)));
    const rows = [
      ...Array<RowSketch>(10).fill({}),
      layer({ profile }, { gradientNorm: Number.POSITIVE_INFINITY }),
    ];
    const finding = find(context({ length: 50 }, rows), "non-finite");
    expect(finding).toMatchObject({ severity: "error", sinceStep: 11, timestep: 17, layer: 0 });
    expect(finding?.title).toBe("The gradient became ∞ at step 11, timestep 17");
    expect(finding?.evidence).toContain("going back, the gradient stops being so at timestep 17 of 50");
    expect(finding?.evidence).toContain("At step 10, the recorded one before, they were 0.15 and 0.5.");
    expect(edits(finding)).toEqual({ "training.learningRate": 0.0001, "training.clipNorm": 1 });
  });

  test("a NaN in a tenth of the batch shows in p90", () => {
    const run = context({ length: 5 }, [{}, {}]);
    run.rows[1]!.layers[0]!.gradientNorm.p90.fill(nan, 0, 3);
    expect(find(run, "non-finite")?.timestep).toBe(3);
  });

  test("a loss that is NaN, with the origin that the trainer found", () => {
    const run = context({ length: 50, model: { activation: "relu" } }, [{}, {}]);
    const breakdown = {
      step: 3,
      loss: nan,
      gradientNorm: nan,
      origin: { timestep: 31, pass: "forward" as const, layer: null },
    };
    const finding = find({ ...run, breakdown }, "non-finite");
    expect(finding?.title).toBe("The loss became NaN at step 3, timestep 31");
    expect(finding?.evidence).toContain(
      "Going forward, timestep 31 of 50 is the first whose output is not finite.",
    );
    expect(edits(finding)).toMatchObject({ "model.cell": "spectral" });
  });

  test("a loss that is NaN in a row says nothing about the timestep, but stays found", () => {
    const profile = Array<number>(50).fill(nan);
    const rows = [layer({ profile }, { loss: nan, gradientNorm: nan }), ...Array<RowSketch>(20).fill({})];
    const finding = find(context({ length: 50 }, rows), "non-finite");
    expect(finding).toMatchObject({ sinceStep: 1, timestep: null });
    expect(finding?.evidence).toContain("It is the gradient of layers.0.W.");
  });

  test("a lone parameter is named", () => {
    const run = context({ length: 5 }, [{}, { gradientNorm: Number.POSITIVE_INFINITY }]);
    expect(find(run, "non-finite")?.evidence).toContain("It is the gradient of layers.0.W.");
  });
});

describe("spectrum-drift", () => {
  const wide = [1.9, 1.2, 0.95, 0.3, 0.02];

  test("names the matrix and where it began, when the gradient vanishes or explodes", () => {
    const rows = (step: number) => layer({ decay: 0.75, sigma: step < 50 ? [1.05, 1, 1, 1, 0.98] : wide });
    const finding = find(context({ length: 100 }, rows), "spectrum-drift");
    expect(finding).toMatchObject({ severity: "warning", layer: 0, sinceStep: 50 });
    expect(finding?.evidence).toBe(
      "σ of W runs 0.02 … 1.90 (when first measured: 0.980 … 1.050); 4 of 5 lie outside 1 ± 0.1.",
    );
    expect(edits(finding)).toEqual({
      "model.cell": "spectral",
      "model.radius": 0.1,
      "model.activation": "leakyRelu",
    });
  });

  test("names the gate, as information", () => {
    const sigma = { input: [1, 1], forget: [2.5, 0.1], cell: [1, 1], output: [1.6, 0.9] };
    const run = context({ length: 100, model: { cell: "lstm" } }, () => layer({ decay: 0.5, sigma }));
    const finding = find(run, "spectrum-drift");
    expect(finding?.severity).toBe("information");
    expect(finding?.title).toContain("the forget gate's W");
  });

  test.each<[string, ContextSketch, (step: number) => RowSketch]>([
    ["the gradient is well", { length: 100 }, () => layer({ decay: 0.97, sigma: wide })],
    ["the spectrum is well", { length: 100 }, () => layer({ decay: 0.75, sigma: [1.05, 1, 0.97] })],
    ["it was not measured", { length: 100 }, () => layer({ decay: 0.75 })],
    [
      "the cell is spectral",
      { length: 100, model: { cell: "spectral" } },
      () => layer({ decay: 0.75, sigma: wide }),
    ],
    ["the task is learned", { length: 100 }, () => layer({ decay: 0.75, sigma: wide }, { loss: 0.01 })],
  ])("is silent when %s", (_, sketch, rows) => {
    expect(find(context(sketch, rows), "spectrum-drift")).toBeUndefined();
  });
});

describe("spectrum-edge", () => {
  const model = { cell: "spectral", radius: 0.1 } as const;
  const pressed = [1.099, 1.098, 1.097, 1.05, 1, 1, 0.95, 0.92, 0.915, 0.901];

  test("counts the pressed values at each edge and doubles the radius", () => {
    const finding = find(
      context({ model }, () => layer({ sigma: pressed })),
      "spectrum-edge",
    );
    expect(finding?.title).toBe("4 of 10 singular values press against the edge of their band");
    expect(finding?.evidence).toContain(
      "0.901 … 1.099 in the band (0.9, 1.1); 3 of 10 stand at its upper edge and 1 at its lower one",
    );
    expect(finding?.property).toEqual(["model", "radius"]);
    expect(edits(finding)).toEqual({ "model.radius": 0.2 });
  });

  test("a band of radius 1 is not widened further", () => {
    const run = context({ model: { cell: "spectral", radius: 1 } }, () =>
      layer({ sigma: [1.99, 1.98, 0.01] }),
    );
    expect(edits(find(run, "spectrum-edge"))).toEqual({ "model.cell": "lstm" });
  });

  test("after a switch the band is that of the switch", () => {
    const run = context({ model: { cell: "rnn" } }, () => layer({ sigma: pressed }));
    expect(find(run, "spectrum-edge")).toBeUndefined();
    const to = (radius: number) => ({ ...run, switches: [{ step: 50, cell: "spectral" as const, radius }] });
    expect(find(to(0.1), "spectrum-edge")?.sinceStep).toBe(51);
    expect(find(to(0.3), "spectrum-edge")).toBeUndefined();
  });

  test.each<[string, ContextSketch, (step: number) => RowSketch]>([
    ["the values have room", { model }, () => layer({ sigma: [1.08, 1.07, 0.95, 0.92] })],
    [
      "one value of many is at the edge",
      { model },
      () => layer({ sigma: [1.099, ...Array<number>(9).fill(1)] }),
    ],
    ["the task is learned", { model }, () => layer({ sigma: pressed }, { loss: 0.01 })],
    ["the band already explodes", { model, length: 100 }, () => layer({ sigma: pressed, decay: 1.1 })],
  ])("is silent when %s", (_, sketch, rows) => {
    expect(find(context(sketch, rows), "spectrum-edge")).toBeUndefined();
  });
});

describe("saturated-units", () => {
  test("tanh: the share, on average and at its worst timestep", () => {
    const run = context({ length: 10, training: { learningRate: 0.03 } }, () => layer({ saturation: 0.6 }));
    for (const { layers } of run.rows) layers[0]!.saturation[3] = 0.9;
    const finding = find(run, "saturated-units");
    expect(finding).toMatchObject({ severity: "warning", timestep: 4, sinceStep: 1 });
    expect(finding?.title).toBe("63 % of the units are saturated");
    expect(finding?.evidence).toContain("at timestep 4 it is 90 %");
    expect(edits(finding)).toEqual({ "training.learningRate": 0.01 });
  });

  test("relu: dead units get a slope", () => {
    const run = context({ model: { activation: "relu" } }, () => layer({ saturation: 0.95 }));
    const finding = find(run, "saturated-units");
    expect(finding?.title).toBe("95 % of the units are dead");
    expect(edits(finding)).toMatchObject({ "model.activation": "leakyRelu" });
  });

  test("leaky ReLU, gated cells, and inputs that were not scaled", () => {
    const leaky = context({ model: { activation: "leakyRelu" } }, () => layer({ saturation: 0.97 }));
    expect(edits(find(leaky, "saturated-units"))).toEqual({ "model.activation": "tanh" });
    const lstm = context({ model: { cell: "lstm" } }, () => layer({ saturation: 0.9 }));
    expect(edits(find(lstm, "saturated-units"))).toEqual({ "training.learningRate": 0.0003 });
    const task = { kind: "csv", train: "train.csv", normalize: false } as const;
    const raw = context({ task }, () => layer({ saturation: 0.9 }));
    expect(edits(find(raw, "saturated-units"))).toEqual({ "task.normalize": true });
  });

  test.each<[string, ContextSketch, (step: number) => RowSketch]>([
    ["half of the ReLUs are off", { model: { activation: "relu" } }, () => layer({ saturation: 0.55 })],
    ["an LSTM stores ±1", { model: { cell: "lstm" } }, () => layer({ saturation: 0.6 })],
    ["φ is the identity", { model: { activation: "identity" } }, () => layer({ saturation: 1 })],
    ["the task is learned", {}, () => layer({ saturation: 0.9 }, { loss: 0.01 })],
    ["it passes with the first steps", {}, (step) => layer({ saturation: step < 15 ? 0.9 : 0.1 })],
  ])("is silent when %s", (_, sketch, rows) => {
    expect(find(context(sketch, rows), "saturated-units")).toBeUndefined();
  });
});

describe("no-better-than-trivial", () => {
  test("after half of the run, with the baseline's reason", () => {
    const run = context({ model: { cell: "lstm" }, steps: 300 }, () => ({ loss: 0.167 }), 200);
    const finding = find(run, "no-better-than-trivial");
    expect(finding).toMatchObject({ severity: "warning", sinceStep: 150 });
    expect(finding?.title).toBe("After 200 of 300 steps the model is no better than trivial");
    expect(finding?.evidence).toContain("is 0.167; always answering 1 costs 1/6.");
    expect(edits(finding)).toEqual({ "training.steps": 600 });
  });

  test("counts in epochs where the file does", () => {
    const run = context({ model: { cell: "gru" }, steps: 200 }, () => ({ loss: 0.167 }), 200);
    expect(edits(find({ ...run, epochs: 30 }, "no-better-than-trivial"))).toEqual({ "training.epochs": 60 });
  });

  test("with a cause found, its remedy comes first; without, that of the cell or the steps", () => {
    const sick = context({ length: 200, steps: 200 }, () => layer({ decay: 0.5 }, { loss: 0.167 }), 200);
    expect(find(sick, "no-better-than-trivial")?.remedy.text).toContain("likely cause, vanishing-gradient");
    const vanilla = context({ length: 120, steps: 200 }, () => ({ loss: 0.167 }), 200);
    expect(edits(find(vanilla, "no-better-than-trivial"))).toMatchObject({ "model.cell": "spectral" });
    const slow = context(
      { model: { cell: "gru" }, steps: 200 },
      () => ({ loss: 0.167, updateRatio: 1e-6 }),
      200,
    );
    expect(edits(find(slow, "no-better-than-trivial"))).toEqual({ "training.learningRate": 0.003 });
  });

  test("noise of small batches neither hides it nor makes it flicker", () => {
    const noisy = (step: number) => ({ loss: 0.1667 * (1 + 0.4 * Math.sin(12.9898 * step)) });
    expect(find(context({ steps: 400 }, noisy, 400), "no-better-than-trivial")?.sinceStep).toBe(200);
  });

  test.each<[string, ContextSketch, (step: number) => RowSketch]>([
    ["half of the run is not over", { steps: 1000 }, () => ({ loss: 0.17 })],
    ["the run is too short to tell", { steps: 60 }, () => ({ loss: 0.17 })],
    ["the model is better", { steps: 200 }, () => ({ loss: 0.13 })],
    [
      "there is nothing to be better than",
      { steps: 200, baseline: { loss: 0, metric: 0 } },
      () => ({ loss: 0.1 }),
    ],
    [
      "an overconfident classifier has learned",
      { steps: 200, metricName: "accuracy", baseline: { loss: 2.3, metric: 0.1 } },
      () => ({ loss: 2.4, metric: 0.6 }),
    ],
  ])("is silent when %s", (_, sketch, rows) => {
    const count = Math.min(sketch.steps ?? 200, 200);
    expect(find(context(sketch, rows, count), "no-better-than-trivial")).toBeUndefined();
  });
});

describe("learning-rate-too-high", () => {
  const training = { learningRate: 0.1, clipNorm: 1 } as const;

  test("divergence after the run was well", () => {
    const run = context({ training }, (step) => ({ loss: step < 60 ? 0.02 : 0.5 }));
    const finding = find(run, "learning-rate-too-high");
    expect(finding).toMatchObject({ severity: "warning", sinceStep: 60 });
    expect(finding?.evidence).toContain("the lowest so far was 0.02, at step");
    expect(edits(finding)).toEqual({ "training.learningRate": 0.01 });
  });

  test("divergence from the start is an error when it is far above knowing nothing", () => {
    const finding = find(
      context({}, (step) => ({ loss: 0.4 * 1.1 ** step })),
      "learning-rate-too-high",
    );
    expect(finding?.severity).toBe("error");
    expect(edits(finding)).toEqual({ "training.learningRate": 0.0003, "training.clipNorm": 1 });
  });

  test("oscillation beyond what the batch explains", () => {
    const saw = (step: number) => ({ loss: step % 2 ? 0.1 : 0.3 });
    const finding = find(context({ training: { ...training, batch: 64 } }, saw), "learning-rate-too-high");
    expect(finding?.title).toBe("The loss jumps by 100 % from one recorded step to the next");
    expect(edits(finding)).toEqual({ "training.learningRate": 0.03 });
    expect(
      find(context({ training: { ...training, batch: 4 } }, saw), "learning-rate-too-high"),
    ).toBeUndefined();
  });

  test("weights that are rewritten each step without gain", () => {
    const rows = (step: number) => ({ loss: 0.18 + 0.001 * (step % 2), updateRatio: 0.3 });
    const finding = find(context({ training }, rows), "learning-rate-too-high");
    expect(finding?.title).toBe("Each step changes layers.0.W by 30 % of its size");
  });

  test.each<[string, ContextSketch, (step: number) => RowSketch]>([
    ["large updates lower the loss", {}, (step) => ({ loss: 0.5 / step, updateRatio: 0.3 })],
    ["near the optimum the relative noise is large", {}, (step) => ({ loss: step % 2 ? 1e-4 : 1e-3 })],
    ["single batches are bad", {}, (step) => ({ loss: step % 7 ? 0.1 : 3 })],
    [
      "the copy problem begins far above trivial",
      { baseline: { loss: 0.17, metric: 0.9 } },
      (step) => ({ loss: 2.2 * 0.97 ** step }),
    ],
    [
      "targets are large numbers",
      { baseline: { loss: 4e6, metric: 4e6 } },
      () => ({ loss: 5e6, updateRatio: 0.01 }),
    ],
    ["a batch of one is noisy", { training: { batch: 1 } }, (step) => ({ loss: 0.16 * (step % 4) })],
  ])("is silent when %s", (_, sketch, rows) => {
    expect(find(context(sketch, rows), "learning-rate-too-high")).toBeUndefined();
  });
});
