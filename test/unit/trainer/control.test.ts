import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import type { ExperimentInput } from "../../../src/experiment/schema.ts";
import { listCheckpoints, readCheckpoint } from "../../../src/runs/checkpoint.ts";
import { sendCommand, type UnsentCommand } from "../../../src/runs/control.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";
import { openRun } from "../../../src/runs/store.ts";
import { readTelemetry } from "../../../src/runs/telemetryReader.ts";
import {
  checkpointBytes,
  findEvent,
  Runs,
  type TrainerProcess,
  tinyExperiment,
  until,
} from "./trainerProcess.ts";

const runs = new Runs();
afterAll(() => runs.dispose());

/** Goes on until it is told to stop. */
const endless: ExperimentInput = {
  ...tinyExperiment,
  training: { batch: 8, steps: 1_000_000_000, seed: 3, learningRate: 0.001 },
};
/** So slow a learner that its spectrum is still near 1 when a switch comes, however fast the machine. */
const endlessRnn: ExperimentInput = {
  ...endless,
  model: { cell: "rnn", hidden: 8 },
  training: { ...endless.training, learningRate: 1e-9 },
};

async function started(experiment: ExperimentInput): Promise<{ directory: string; trainer: TrainerProcess }> {
  const directory = runs.create(experiment);
  const trainer = runs.start(directory);
  await rowsAfter(directory, 0);
  return { directory, trainer };
}

function send(directory: string, command: UnsentCommand): void {
  sendCommand(directory, command);
}

async function stopped(directory: string, trainer: TrainerProcess): Promise<void> {
  send(directory, { command: "stop" });
  expect(await trainer.end()).toBe(0);
  expect(readRunRecord(directory).state).toBe("stopped");
}

/** Waits until a run has written rows beyond a step. */
async function rowsAfter(directory: string, step: number): Promise<void> {
  const file = join(directory, "telemetry.arrows");
  await until(directory, () => existsSync(file) && (readTelemetry(file).rows.at(-1)?.step ?? 0) > step);
}

describe("commands to a run", () => {
  it("pause keeps the process alive, its heart beating and its step still; continue goes on; stop saves", async () => {
    const { directory, trainer } = await started(endless);
    send(directory, { command: "pause" });
    const paused = await until(directory, (record) => record.state === "paused" && record);
    const later = await until(directory, (record) => record.heartbeat > paused.heartbeat && record);
    expect(later).toMatchObject({ state: "paused", step: paused.step, elapsed: paused.elapsed });
    send(directory, { command: "continue" });
    await until(directory, ({ state, step }) => state === "running" && step > paused.step);
    await stopped(directory, trainer);
    const { record, rows, events } = await openRun(directory);
    expect(events.map(({ type }) => type)).toEqual([
      "started",
      "paused",
      "continued",
      "checkpoint",
      "stopped",
    ]);
    expect(listCheckpoints(directory)[0]?.step).toBe(record.step);
    expect(rows.at(-1)?.step).toBe(record.step);
  });

  it("a pause in a pause is refused, and so is going on without one: who asked need not wait", async () => {
    const { directory, trainer } = await started(endless);
    for (const command of ["continue", "pause", "pause"] as const) send(directory, { command });
    await until(directory, () => findEvent(directory, "refused", ({ command }) => command === "pause"));
    expect(findEvent(directory, "refused", ({ command }) => command === "continue")?.reason).toBe(
      "the run is not paused",
    );
    expect(readRunRecord(directory).state).toBe("paused");
    await stopped(directory, trainer);
  });

  it("stop works in a pause, and the last row shows the model as saved", async () => {
    const { directory, trainer } = await started(endlessRnn);
    send(directory, { command: "pause" });
    const paused = await until(directory, (record) => record.state === "paused" && record);
    await stopped(directory, trainer);
    const { record, rows } = await openRun(directory);
    expect(record.step).toBe(paused.step);
    expect(rows.at(-1)?.step).toBe(paused.step);
    expect(rows.at(-1)?.layers[0]?.singularValues.W).toHaveLength(8);
  });

  it("a run that was stopped in the middle goes on as if it had not been, bit for bit", async () => {
    const training = { batch: 8, steps: 800, seed: 3, checkpointEvery: 50 };
    const whole = runs.create({ ...endless, training });
    expect(await runs.start(whole).end()).toBe(0);
    const parts = runs.create({ ...endless, training });
    const trainer = runs.start(parts);
    await until(parts, () => listCheckpoints(parts).length > 0);
    await stopped(parts, trainer);
    const { step } = readRunRecord(parts);
    expect(step).toBeGreaterThanOrEqual(50);
    expect(step).toBeLessThan(800);
    // The command that was obeyed before is not obeyed again.
    expect(await runs.start(parts, "--resume").end()).toBe(0);
    expect(findEvent(parts, "resumed")?.step).toBe(step);
    expect(readRunRecord(parts)).toMatchObject({ state: "finished", step: 800 });
    expect(checkpointBytes(parts, 800).equals(checkpointBytes(whole, 800))).toBe(true);
  });

  it("checkpoints asked for are saved, told of, and kept beyond the periodic ones", async () => {
    const training = { batch: 8, steps: 1_000_000_000, seed: 3, checkpointEvery: 20, keepCheckpoints: 1 };
    const { directory, trainer } = await started({ ...endless, training });
    send(directory, { command: "checkpoint" });
    const asked = await until(directory, () =>
      findEvent(directory, "checkpoint", (event) => event.requested),
    );
    await until(directory, () => listCheckpoints(directory)[0]!.step > asked.step + 100);
    await stopped(directory, trainer);
    expect(existsSync(join(directory, asked.file))).toBe(true);
    expect(listCheckpoints(directory)).toHaveLength(2);
  });

  it("a line that is no command is refused with its reason, and the next is obeyed", async () => {
    const { directory, trainer } = await started(endless);
    send(directory, { command: "explode" } as unknown as UnsentCommand);
    await stopped(directory, trainer);
    expect(findEvent(directory, "refused")?.reason).toContain("control.jsonl");
  });

  it("SIGINT stops with a checkpoint, also in a pause", async () => {
    const { directory, trainer } = await started(endless);
    send(directory, { command: "pause" });
    await until(directory, ({ state }) => state === "paused");
    trainer.child.kill("SIGINT");
    expect(await trainer.end()).toBe(0);
    const record = readRunRecord(directory);
    expect(record.state).toBe("stopped");
    expect(readCheckpoint(listCheckpoints(directory)[0]!.file).step).toBe(record.step);
  });
});

describe("switching a run in training", () => {
  it("from rnn to spectral and back keeps the function, saves before and after, and trains on", async () => {
    const { directory, trainer } = await started(endlessRnn);
    send(directory, { command: "switch", to: "spectral", radius: 0.6 });
    const there = await until(directory, () => findEvent(directory, "switch", ({ to }) => to === "spectral"));
    await rowsAfter(directory, there.step);
    send(directory, { command: "switch", to: "rnn" });
    const back = await until(directory, () => findEvent(directory, "switch", ({ to }) => to === "rnn"));
    await rowsAfter(directory, back.step);
    await stopped(directory, trainer);

    expect(there).toMatchObject({ from: "rnn", clipped: 0, clippedCount: 0 });
    expect(there.functionChange).toBeLessThan(1e-4);
    expect(back.functionChange).toBeLessThan(1e-4);
    expect(readCheckpoint(join(directory, there.checkpoint)).spec).toMatchObject({
      cell: "spectral",
      radius: 0.6,
    });
    const before = findEvent(directory, "checkpoint", ({ file }) => file.includes("before-switch-from-rnn"));
    expect(readCheckpoint(join(directory, before!.file))).toMatchObject({
      step: there.step,
      spec: { cell: "rnn" },
    });

    const { rows } = await openRun(directory);
    const during = rows.filter(({ step }) => step > there.step && step <= back.step);
    expect(during.every(({ parameters }) => parameters["layers.0.p"] && !parameters["layers.0.W"])).toBe(
      true,
    );
    const others = rows.filter(({ step }) => step <= there.step || step > back.step);
    expect(others.every(({ parameters }) => parameters["layers.0.W"] && !parameters["layers.0.p"])).toBe(
      true,
    );
  });

  it("refuses a spectrum outside the band and trains on; with clip it moves it", async () => {
    const wild: ExperimentInput = {
      ...endlessRnn,
      model: { cell: "rnn", hidden: 8, initialization: "glorot" },
    };
    const { directory, trainer } = await started(wild);
    send(directory, { command: "switch", to: "spectral", radius: 0.05 });
    const refused = await until(directory, () => findEvent(directory, "refused"));
    expect(refused.command).toBe("switch");
    expect(refused.reason).toMatch(/of 8 singular values lie outside the band \(0\.95, 1\.05\)/);
    await rowsAfter(directory, refused.step);
    send(directory, { command: "switch", to: "spectral", radius: 0.05, clip: true });
    const clipped = await until(directory, () => findEvent(directory, "switch"));
    await stopped(directory, trainer);
    expect(clipped.clippedCount).toBeGreaterThan(0);
    expect(clipped.clipped).toBeGreaterThan(0.05);
    const { rows } = await openRun(directory);
    const sigma = rows.at(-1)!.layers[0]!.singularValues.W!;
    expect(sigma[0]).toBeLessThan(1.05);
    expect(sigma.at(-1)).toBeGreaterThan(0.95);
  });

  it("a resumed run goes on in the parameterization that its checkpoint has", async () => {
    const { directory, trainer } = await started(endlessRnn);
    send(directory, { command: "switch", to: "spectral", radius: 0.6 });
    const switched = await until(directory, () => findEvent(directory, "switch"));
    trainer.child.kill("SIGKILL");
    await trainer.end();
    const again = runs.start(directory, "--resume");
    await until(directory, () => findEvent(directory, "resumed"));
    await rowsAfter(directory, switched.step);
    await stopped(directory, again);
    const { record, rows, problems } = await openRun(directory);
    expect(problems).toEqual([]);
    expect(record.cell).toBe("spectral");
    expect(rows[0]?.parameters["layers.0.W"]).not.toBeNull();
    expect(rows.at(-1)?.parameters["layers.0.W"]).toBeNull();
    expect(rows.at(-1)?.parameters["layers.0.p"]).not.toBeNull();
    expect(readCheckpoint(listCheckpoints(directory)[0]!.file).spec).toMatchObject({
      cell: "spectral",
      radius: 0.6,
    });
  });

  it("an evaluation gives way to a command, and is done before training goes on", async () => {
    const slowToEvaluate: ExperimentInput = {
      task: { kind: "adding", length: 200, testSize: 8000 },
      model: { cell: "spectral", hidden: 192, reflectors: 192 },
      training: { batch: 8, steps: 1_000_000_000, evaluateEvery: 3 },
    };
    const { directory, trainer } = await started(slowToEvaluate);
    await rowsAfter(directory, 2);
    send(directory, { command: "pause" });
    await until(directory, ({ state }) => state === "paused");
    expect(findEvent(directory, "evaluation")).toBeUndefined();
    expect(readRunRecord(directory).step).toBe(3);
    await stopped(directory, trainer);
    expect(readRunRecord(directory).step).toBe(3);
    const again = runs.start(directory, "--resume");
    await until(directory, () => findEvent(directory, "resumed"));
    const evaluated = await until(directory, () => findEvent(directory, "evaluation"));
    expect(evaluated.step).toBe(3);
    await stopped(directory, again);
  });
});

describe("the run's log and the control file", () => {
  it("a healthy run says nothing but through its directory", async () => {
    const { directory, trainer } = await started(endless);
    await sleep(50);
    await stopped(directory, trainer);
    expect(trainer.output).toBe("");
    expect(readFileSync(join(directory, "control.jsonl"), "utf8").trim().split("\n")).toHaveLength(1);
  });
});
