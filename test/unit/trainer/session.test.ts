import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExperimentInput } from "../../../src/experiment/schema.ts";
import { listCheckpoints } from "../../../src/runs/checkpoint.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";
import { openRun } from "../../../src/runs/store.ts";
import type { TelemetryRow } from "../../../src/runs/telemetry.ts";
import { checkpointBytes, findEvent, Runs, tinyExperiment, until } from "./trainerProcess.ts";

const runs = new Runs();
afterAll(() => runs.dispose());

/** Long enough to be killed in the middle; learning rate and weight decay, clipping and Adam's moments take part. */
const experiment: ExperimentInput = {
  ...tinyExperiment,
  training: {
    batch: 8,
    steps: 1200,
    seed: 3,
    learningRate: 0.01,
    learningRateDecay: 0.5,
    decaySteps: 300,
    clipNorm: 1,
    weightDecay: 0.001,
    checkpointEvery: 100,
    evaluateEvery: 400,
  },
  telemetry: { cadence: 3 },
};

/** A row without the time, which no two runs share. */
function timeless({ time: _, ...row }: TelemetryRow) {
  return row;
}

let whole = "";
beforeAll(async () => {
  whole = runs.create(experiment);
  expect(await runs.start(whole).end()).toBe(0);
});

/** Starts a run and kills it once it has saved so many steps. */
async function killedAfter(step: number): Promise<string> {
  const directory = runs.create(experiment);
  const trainer = runs.start(directory);
  await until(directory, () => (listCheckpoints(directory)[0]?.step ?? 0) >= step);
  trainer.child.kill("SIGKILL");
  expect(await trainer.end()).toBe("SIGKILL");
  return directory;
}

async function expectSameAsWhole(directory: string): Promise<void> {
  expect(checkpointBytes(directory, 1200).equals(checkpointBytes(whole, 1200))).toBe(true);
  const [expected, found] = [await openRun(whole), await openRun(directory)];
  expect(found.problems).toEqual([]);
  expect(found.rows.map(timeless)).toEqual(expected.rows.map(timeless));
  expect(found.record.testMetric).toBe(expected.record.testMetric);
}

describe("a run from start to finish", () => {
  it("ends finished, with its numbers, its rows and its events", async () => {
    const { record, state, rows, events } = await openRun(whole);
    expect(state).toBe("finished");
    expect(record).toMatchObject({
      step: 1200,
      steps: 1200,
      length: 20,
      cell: "spectral",
      metricName: "mean squared error",
    });
    expect(record.loss).toBe(rows.at(-1)?.loss);
    expect(record.stepsPerSecond).toBeGreaterThan(0);
    expect(rows.map(({ step }) => step)).toEqual([1, ...Array.from({ length: 400 }, (_, i) => 3 * (i + 1))]);
    expect(rows.every(({ time }, i) => i === 0 || time > rows[i - 1]!.time)).toBe(true);
    expect(rows[0]?.learningRate).toBe(0.01);
    expect(rows[100]?.learningRate).toBeCloseTo(0.01 * 0.5 ** (299 / 300), 12);
    expect(events[0]).toMatchObject({ type: "started", step: 0 });
    expect(events.at(-1)).toMatchObject({ type: "finished", step: 1200 });
    const evaluations = events.filter(({ type }) => type === "evaluation");
    expect(evaluations.map(({ step }) => step)).toEqual([400, 800, 1200]);
    expect(record.testLoss).toBe((evaluations.at(-1) as { loss: number }).loss);
  });

  it("keeps the newest periodic checkpoints, the last step's among them", () => {
    expect(listCheckpoints(whole).map(({ step }) => step)).toEqual([1200, 1100, 1000]);
  });

  it("is refused to another trainer once it has finished, and left as it is", async () => {
    const before = readFileSync(join(whole, "run.json"), "utf8");
    const trainer = runs.start(whole, "--resume");
    expect(await trainer.end()).toBe(1);
    expect(trainer.output).toContain("has finished all its 1200 steps");
    expect(readFileSync(join(whole, "run.json"), "utf8")).toBe(before);
  });
});

describe("a run that was killed", () => {
  it("goes on from its newest checkpoint to the same bytes and rows as if uninterrupted", async () => {
    const directory = await killedAfter(300);
    const saved = listCheckpoints(directory)[0]!.step;
    const trainer = runs.start(directory, "--resume", "--threads", "2");
    expect(await trainer.end()).toBe(0);
    expect(findEvent(directory, "resumed")?.step).toBe(saved);
    await expectSameAsWhole(directory);
  });

  it("falls back to the checkpoint before when the newest is damaged", async () => {
    const directory = await killedAfter(300);
    const [newest, before] = listCheckpoints(directory);
    const bytes = readFileSync(newest!.file);
    writeFileSync(newest!.file, bytes.subarray(0, bytes.length - 8));
    expect(await runs.start(directory, "--resume").end()).toBe(0);
    expect(findEvent(directory, "resumed")?.step).toBe(before!.step);
    expect(findEvent(directory, "error", ({ message }) => message.includes(newest!.file))).toBeDefined();
    await expectSameAsWhole(directory);
  });

  it("goes on by the other engine, which finds the same losses and norms", async () => {
    const directory = await killedAfter(300);
    expect(await runs.start(directory, "--resume", "--engine", "tensorflow").end()).toBe(0);
    const { record, rows } = await openRun(directory);
    expect(record).toMatchObject({ state: "finished", step: 1200, engine: { name: "tensorflow" } });
    const expected = await openRun(whole);
    expect(rows.map(({ step }) => step)).toEqual(expected.rows.map(({ step }) => step));
    const { step: from } = findEvent(directory, "resumed")!;
    // Later the two roundings grow apart.
    for (const [i, row] of rows.entries()) {
      if (row.step <= from || row.step > from + 20) continue;
      const other = expected.rows[i]!;
      expect(row.loss! / other.loss!).toBeCloseTo(1, 3);
      expect(row.gradientNorm! / other.gradientNorm!).toBeCloseTo(1, 2);
    }
  });

  it("goes on from a checkpoint that is named, and forgets the later ones", async () => {
    const directory = await killedAfter(300);
    const oldest = listCheckpoints(directory).at(-1)!;
    const name = `step-${String(oldest.step).padStart(7, "0")}.safetensors`;
    expect(await runs.start(directory, "--resume", name).end()).toBe(0);
    expect(findEvent(directory, "resumed")).toMatchObject({
      step: oldest.step,
      checkpoint: `checkpoints/${name}`,
    });
    await expectSameAsWhole(directory);
  });

  it("begins anew from its seed when it has no checkpoint yet", async () => {
    const directory = runs.create(experiment);
    const trainer = runs.start(directory);
    await until(directory, ({ state }) => state === "running");
    trainer.child.kill("SIGKILL");
    await trainer.end();
    for (const { file } of listCheckpoints(directory)) writeFileSync(file, "");
    const again = runs.start(directory);
    expect(await again.end()).toBe(1);
    expect(again.output).toMatch(/was begun already.*--resume/);
    expect(await runs.start(directory, "--resume").end()).toBe(0);
    await expectSameAsWhole(directory);
  });
});

describe("two trainers on one run", () => {
  it("the second is refused, and the first goes on", async () => {
    const directory = runs.create({ ...experiment, training: { batch: 8, steps: 1_000_000 } });
    const first = runs.start(directory);
    await until(directory, ({ state }) => state === "running");
    const second = runs.start(directory, "--resume");
    expect(await second.end()).toBe(1);
    expect(second.output).toContain(`already has a trainer: process ${first.child.pid}`);
    expect(readRunRecord(directory).pid).toBe(first.child.pid);
    first.child.kill("SIGTERM");
    expect(await first.end()).toBe(0);
    expect(readRunRecord(directory).state).toBe("stopped");
  });
});
