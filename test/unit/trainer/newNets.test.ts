/** Language models and feed-forward nets in the real trainer. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ExperimentInput, experimentSchema } from "../../../src/experiment/schema.ts";
import { Random } from "../../../src/random.ts";
import { checkpointFile, readCheckpoint } from "../../../src/runs/checkpoint.ts";
import { sendCommand } from "../../../src/runs/control.ts";
import { readRunRecord, writeRunRecord } from "../../../src/runs/runRecord.ts";
import { openRun } from "../../../src/runs/store.ts";
import { findEvent, Runs, until } from "./trainerProcess.ts";

const runs = new Runs();
beforeAll(() => {
  const random = new Random(1, "text");
  const words = ["a", "bee", "sees", "the", "sea", "and", "flies", "home"];
  const line = () => Array.from({ length: 8 }, () => words[random.below(words.length)]).join(" ");
  for (const part of ["train", "test"])
    writeFileSync(join(runs.root, `${part}.txt`), Array.from({ length: 200 }, line).join("\n"));
  const points = Array.from({ length: 300 }, () => {
    const [x, y] = [random.normal(), random.normal()];
    return `${x},${y},${x * y > 0 ? "same" : "other"}`;
  });
  writeFileSync(join(runs.root, "points.csv"), points.join("\n"));
});
afterAll(() => runs.dispose());

const text = { kind: "text", train: "train.txt", test: "test.txt", window: 9 } as const;
const points = { kind: "csv", train: "points.csv", inputSize: 2 } as const;
const training = { steps: 60, batch: 4, checkpointEvery: 25, learningRate: 0.01, evaluateEvery: 60 } as const;

async function trained(input: ExperimentInput) {
  const directory = runs.create(experimentSchema.parse(input));
  const trainer = runs.start(directory);
  expect(await trainer.end(), trainer.output).toBe(0);
  return directory;
}

const models: [string, ExperimentInput][] = [
  ["characters with an lstm", { task: text, model: { cell: "lstm", hidden: 7 }, training }],
  [
    "words with a tied embedding and a sampled softmax",
    {
      task: { ...text, level: "word", window: 2 },
      model: { cell: "spectral", hidden: 6, layers: 2, embedding: "tied" },
      training: { ...training, sampledSoftmax: 8 },
    },
  ],
  ["a deep net", { task: points, model: { net: "mlp", cell: "spectral", layers: 12, hidden: 6 }, training }],
];

describe("language models and feed-forward nets", () => {
  it.each(models)("%s: a stopped run goes on bit for bit, carried states included", async (_, input) => {
    const whole = await trained(input);
    const resumed = await trained(input);
    // As a trainer leaves it that was killed after step 50.
    rmSync(checkpointFile(resumed, 60));
    writeRunRecord(resumed, { ...readRunRecord(resumed), state: "stopped" });
    expect(await runs.start(resumed, "--resume").end()).toBe(0);
    const bytes = (directory: string) => readFileSync(checkpointFile(directory, 60));
    expect(bytes(resumed).equals(bytes(whole))).toBe(true);
    const { states, spec } = readCheckpoint(checkpointFile(whole, 60));
    expect([...(states?.keys() ?? [])].sort()).toEqual(
      input.task.kind !== "text" ? [] : spec.cell === "lstm" ? ["c", "h"] : ["h"],
    );
    expect((await openRun(resumed)).rows).toHaveLength(60);
  });

  it("tell bits per character and perplexity, which say the same as the loss", async () => {
    for (const [level, metric] of [
      ["character", (loss: number) => loss / Math.LN2],
      ["word", Math.exp],
    ] as const) {
      const directory = await trained({
        task: { ...text, level },
        model: { cell: "gru", hidden: 8 },
        training,
      });
      const record = readRunRecord(directory);
      expect(record.metricName).toBe(level === "word" ? "perplexity" : "bits per character");
      expect(record.testMetric).toBeCloseTo(metric(record.testLoss!), 9);
      for (const row of (await openRun(directory)).rows) expect(row.metric).toBeCloseTo(metric(row.loss), 9);
      // Words are drawn evenly, so that nothing tells the next; but within one most of it is certain.
      if (level === "character") expect(record.testMetric!).toBeLessThan(0.95 * record.baseline.metric);
    }
  });

  it("a deep net has one profile by depth, spectra of some layers, and is switched without a change", async () => {
    const experiment = experimentSchema.parse({
      task: points,
      model: { net: "resnet", cell: "rnn", layers: 20, hidden: 6, initialization: "glorot" },
      training: { ...training, steps: 100_000, checkpointEvery: 100_000, evaluateEvery: 100_000 },
      telemetry: { cadence: 20 },
    });
    const directory = runs.create(experiment);
    const trainer = runs.start(directory);
    await until(directory, () => readRunRecord(directory).step > 50 || undefined);
    sendCommand(directory, { command: "switch", to: "spectral", radius: 5, reflectors: 6 });
    const { functionChange } = await until(directory, () => findEvent(directory, "switch"));
    expect(functionChange).toBeLessThan(1e-4);
    sendCommand(directory, { command: "stop" });
    expect(await trainer.end(), trainer.output).toBe(0);
    const record = readRunRecord(directory);
    expect(record).toMatchObject({ length: 20, profile: "layers", cell: "spectral" });
    const { rows } = await openRun(directory);
    for (const { layers } of rows) {
      expect(layers).toHaveLength(1);
      expect(layers[0]!.gradientNorm.p50).toHaveLength(20);
      expect(layers[0]!.saturation).toHaveLength(20);
    }
    expect(Object.keys(rows[0]!.layers[0]!.singularValues)).toEqual(
      [1, 4, 6, 9, 12, 15, 17, 20].map((layer) => `layer ${layer}`),
    );
    expect(rows.at(-1)!.layers[0]!.singularValues["layer 1"]).toHaveLength(2);
    expect(rows.at(-1)!.layers[0]!.singularValues["layer 20"]).toHaveLength(6);
  });

  it.each([
    [
      { task: { ...points, inputSize: 1 }, model: { cell: "rnn", net: "mlp", layers: 3 } },
      "1 timestep; those of",
    ],
    [
      { task: text, model: { cell: "rnn", embedding: "free" }, training: { ...training, sampledSoftmax: 3 } },
      "training.sampledSoftmax is 3; the symbols of a batch must all be among them",
    ],
  ] satisfies [ExperimentInput, string][])(
    "what cannot be is told before the first step (%#)",
    async (input, message) => {
      const directory = runs.create(experimentSchema.parse(input));
      expect(await runs.start(directory).end()).toBe(1);
      expect(readRunRecord(directory).reason).toContain(message);
    },
  );
});
