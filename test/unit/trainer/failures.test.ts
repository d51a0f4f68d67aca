import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ExperimentInput } from "../../../src/experiment/schema.ts";
import { latestCheckpoint, listCheckpoints } from "../../../src/runs/checkpoint.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";
import { openRun } from "../../../src/runs/store.ts";
import { readTelemetry } from "../../../src/runs/telemetryReader.ts";
import { findEvent, Runs, tinyExperiment, until } from "./trainerProcess.ts";

const runs = new Runs();
const mounts: string[] = [];
afterAll(async () => {
  for (const folder of mounts) execFileSync("umount", [folder]);
  await runs.dispose();
});

const endless: ExperimentInput = {
  ...tinyExperiment,
  training: { batch: 8, steps: 1_000_000_000, seed: 3, checkpointEvery: 50 },
};

/** A file system of a given size, where this process may mount one. */
function smallDisk(name: string, size: string): string | undefined {
  const folder = join(runs.root, name);
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  mounts.push(folder);
  return folder;
}

describe("NaN and infinities", () => {
  it("stop the run with a finding that names step and timestep, and save the last finite parameters", async () => {
    const directory = runs.create({
      task: { kind: "adding", length: 60, testSize: 10 },
      model: { cell: "rnn", hidden: 8, activation: "identity", initialization: "glorot" },
      training: {
        batch: 8,
        steps: 100_000,
        seed: 3,
        optimizer: "sgd",
        learningRate: 1,
        checkpointEvery: 50_000,
      },
    });
    const trainer = runs.start(directory);
    expect(await trainer.end()).toBe(1);
    const { record, rows, events } = await openRun(directory);
    expect(record.state).toBe("failed");
    expect(record.reason).toMatch(/became (NaN|Infinity|-Infinity) at step \d+, timestep \d+/);
    const finding = record.findings.find(({ rule }) => rule === "non-finite");
    expect(finding?.sinceStep).toBe(record.step + 1);
    expect(finding?.timestep).toBeGreaterThanOrEqual(1);
    expect(finding?.timestep).toBeLessThanOrEqual(60);
    expect(events.some((event) => event.type === "finding" && event.finding.rule === "non-finite")).toBe(
      true,
    );
    expect(events.at(-1)).toMatchObject({ type: "error", message: record.reason });
    expect(rows.at(-1)?.step).toBe(record.step + 1);
    const { found } = latestCheckpoint(directory);
    expect(found?.checkpoint.step).toBe(record.step);
    for (const { data } of found!.checkpoint.parameters.values())
      expect(data.every(Number.isFinite)).toBe(true);
  });
});

describe("data that are not there", () => {
  it("a data file that vanished fails the run with its name", async () => {
    const file = join(runs.root, "sequences.csv");
    writeFileSync(file, "0.1,0.2,0\n0.3,0.4,1\n0.5,0.6,0\n0.7,0.8,1\n0.2,0.1,0\n0.4,0.3,1\n");
    const directory = runs.create({
      ...endless,
      task: { kind: "csv", train: "sequences.csv" },
    });
    const trainer = runs.start(directory);
    await until(directory, () => listCheckpoints(directory).length > 0);
    trainer.child.kill("SIGKILL");
    await trainer.end();
    rmSync(file);
    expect(await runs.start(directory, "--resume").end()).toBe(1);
    const { record, rows } = await openRun(directory);
    expect(record.state).toBe("failed");
    expect(record.reason).toContain(file);
    expect(findEvent(directory, "error")?.message).toBe(record.reason);
    expect(rows.length).toBeGreaterThan(0);
  });

  it("a data file outside the experiment's folder is refused, unless that is allowed", async () => {
    const folder = join(runs.root, "inner");
    mkdirSync(folder);
    writeFileSync(join(runs.root, "outer.csv"), "0.1,0.2,0\n0.3,0.4,1\n0.5,0.6,0\n0.7,0.8,1\n");
    const experiment: ExperimentInput = {
      ...tinyExperiment,
      task: { kind: "csv", train: "../outer.csv", testFraction: 0.5 },
    };
    const experimentFile = join(folder, "x.sigmascope.json");
    const refused = runs.create(experiment, { experimentFile });
    expect(await runs.start(refused).end()).toBe(1);
    expect(readRunRecord(refused).reason).toContain("lies outside");
    const allowed = runs.create(experiment, { experimentFile });
    expect(await runs.start(allowed, "--allow-outside").end()).toBe(0);
  });
});

describe("a disk or folder that takes no more", () => {
  it("a full disk fails the run, which says so and can be read up to there", async (context) => {
    const disk = smallDisk("small", "1m");
    if (disk === undefined) return context.skip("mounting a small file system needs root");
    const directory = runs.create(
      { ...endless, training: { ...endless.training, keepCheckpoints: 1000 } },
      { root: disk },
    );
    const trainer = runs.start(directory);
    expect(await trainer.end()).toBe(1);
    const { record, state, rows, events } = await openRun(directory);
    expect(state).toBe("failed");
    expect(record.reason).toMatch(/the disk is full \(ENOSPC\)/);
    expect(events.at(-1)).toMatchObject({ type: "error", message: record.reason });
    expect(rows.length).toBeGreaterThan(0);
    expect(latestCheckpoint(directory).found).not.toBeNull();
    expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("a disk that others fill to the last byte still takes the event and the state", async (context) => {
    const disk = smallDisk("filled", "8m");
    if (disk === undefined) return context.skip("mounting a small file system needs root");
    const directory = runs.create(
      { ...endless, training: { batch: 8, steps: 1_000_000_000 } },
      { root: disk },
    );
    const trainer = runs.start(directory);
    const telemetry = join(directory, "telemetry.arrows");
    await until(directory, () => existsSync(telemetry) && readTelemetry(telemetry).rows.length > 0);
    const page = new Uint8Array(4096);
    expect(() => {
      for (;;) appendFileSync(join(disk, "filler"), page);
    }).toThrow(/ENOSPC/);
    expect(await trainer.end()).toBe(1);
    const { record, events, rows } = await openRun(directory);
    expect(record.state).toBe("failed");
    expect(record.reason).toMatch(/the disk is full \(ENOSPC\)/);
    expect(events.at(-1)).toMatchObject({ type: "error", message: record.reason });
    expect(rows.length).toBeGreaterThan(0);
  });

  it("a folder of checkpoints that cannot be written fails the run, and says which", async () => {
    const directory = runs.create(endless);
    const folder = join(directory, "checkpoints");
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "not a folder");
    expect(await runs.start(directory).end()).toBe(1);
    const { record, rows } = await openRun(directory);
    expect(record.state).toBe("failed");
    expect(record.reason).toContain(folder);
    expect(rows.length).toBeGreaterThan(0);
  });

  it("a folder that cannot be written at all is told on standard error", async (context) => {
    const disk = smallDisk("locked", "1m");
    if (disk === undefined) return context.skip("mounting a small file system needs root");
    const directory = runs.create(endless, { root: disk });
    execFileSync("mount", ["-o", "remount,ro", disk]);
    const trainer = runs.start(directory);
    expect(await trainer.end()).toBe(1);
    expect(trainer.output).toMatch(/cannot write .*: the file system is read-only|EROFS/);
  });

  it("a folder that is taken away in the middle ends the trainer with the reason in its log", async () => {
    const directory = runs.create(endless);
    const trainer = runs.start(directory);
    await until(directory, () => listCheckpoints(directory).length > 0);
    // Moved away in one piece: to delete it file by file would be a race with a trainer that writes new ones.
    const away = `${directory}-away`;
    renameSync(directory, away);
    expect(await trainer.end()).toBe(1);
    expect(trainer.output).toContain("does not exist (ENOENT)");
    rmSync(away, { recursive: true });
  });
});
