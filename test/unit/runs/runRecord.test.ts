import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replaceFile } from "../../../src/runs/atomicFile.ts";
import { processAlive } from "../../../src/runs/processAlive.ts";
import type { RunRecord } from "../../../src/runs/run.ts";
import { liveState, readRunRecord, writeRunRecord } from "../../../src/runs/runRecord.ts";
import { record as anyRecord } from "../cli/record.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
const file = join(folder, "run.json");
const heartbeat = new Date("2026-11-23T08:16:02.000Z");
const record: RunRecord = { ...anyRecord, heartbeat: heartbeat.toISOString(), host: "here" };

test("a record is read as it was written, numbers that are not finite included", () => {
  const odd: RunRecord = {
    ...record,
    loss: Number.NaN,
    metric: Number.POSITIVE_INFINITY,
    halfLife: "-Infinity",
    sigma: [Number.NaN, 1],
    findings: [
      {
        rule: "non-finite",
        severity: "error",
        title: "the loss is NaN",
        evidence: "since step 12",
        sinceStep: 12,
        timestep: 40,
        layer: null,
        property: ["training", "learningRate"],
        remedy: { text: "lower it", edits: [{ path: ["training", "learningRate"], value: 0.0001 }] },
      },
    ],
  };
  writeRunRecord(folder, odd);
  expect(readRunRecord(folder)).toEqual(odd);
  expect(readdirSync(folder)).toEqual(["run.json"]);
});

test("a record cut at any byte is an error that names the file", () => {
  writeRunRecord(folder, record);
  const text = readFileSync(file, "utf8").trimEnd();
  for (let length = 0; length < text.length; length++) {
    writeFileSync(file, text.slice(0, length));
    expect(() => readRunRecord(folder)).toThrow(`${file} is damaged: `);
  }
});

test("a damaged record's error names the place", () => {
  writeFileSync(file, JSON.stringify({ ...record, step: -1, state: "asleep" }));
  expect(() => readRunRecord(folder)).toThrow(
    /run\.json is damaged: state: invalid option.*"starting".*; step: too small/,
  );
  writeFileSync(file, JSON.stringify({ ...record, format: 2 }));
  expect(() => readRunRecord(folder)).toThrow("format 2; this version of sigmascope reads format 1");
  expect(() => readRunRecord(join(folder, "gone"))).toThrow(/cannot read .*: it does not exist \(ENOENT\)/);
});

test("a reader beside a writer sees only whole records", async () => {
  const shared = join(folder, "shared");
  mkdirSync(shared);
  writeRunRecord(shared, record);
  const script = `
    const { readFileSync } = require("node:fs");
    let reads = 0;
    process.on("message", () => { process.send(reads); process.disconnect(); });
    const look = () => {
      const { step, name } = JSON.parse(readFileSync(${JSON.stringify(join(shared, "run.json"))}, "utf8"));
      if (name.length !== step) throw new Error("mixed: " + step);
      reads++;
      setImmediate(look);
    };
    const stop = () => process.exit(reads > 0 ? 0 : 1);
    process.on("disconnect", stop);
    process.send("ready");
    look();`;
  writeRunRecord(shared, { ...record, step: 0, name: "" });
  const reader = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(reader, "message");
  for (let step = 1; step <= 200; step++) writeRunRecord(shared, { ...record, step, name: "x".repeat(step) });
  const ended = once(reader, "exit");
  reader.disconnect();
  expect((await ended)[0]).toBe(0);
});

test("a run that cannot be written says why, and leaves the old file", () => {
  const target = join(folder, "target.json");
  replaceFile(target, "old");
  expect(() => replaceFile(join(target, "inside.json"), "new")).toThrow(
    `cannot write ${join(target, "inside.json")}: a part of its path is not a folder (ENOTDIR)`,
  );
  const directory = join(folder, "directory");
  mkdirSync(join(directory, "full"), { recursive: true });
  expect(() => replaceFile(directory, "new")).toThrow(`cannot write ${directory}: it is a folder`);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect(readFileSync(target, "utf8")).toBe("old");
});

test("a run is interrupted when its heartbeat is stale and its process is gone", () => {
  const state = (seconds: number, alive: boolean, host = "here", written = record) =>
    liveState(written, {
      now: new Date(heartbeat.getTime() + seconds * 1000),
      host,
      processAlive: () => alive,
    });
  expect(state(11, false)).toBe("interrupted");
  expect(state(9, false)).toBe("running");
  expect(state(100_000, true)).toBe("running");
  expect(state(59, false, "elsewhere")).toBe("running");
  expect(state(61, true, "elsewhere")).toBe("interrupted");
  expect(state(-30, false)).toBe("running");
  expect(state(11, false, "here", { ...record, state: "paused" })).toBe("interrupted");
  for (const ended of ["stopped", "finished", "failed"] as const)
    expect(state(100_000, false, "here", { ...record, state: ended })).toBe(ended);
});

test("a process is alive until it ends, and only if it can have written what it is said to", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  const written = new Date();
  expect(processAlive(child.pid!, written)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(processAlive(child.pid!, written)).toBe(false);
  expect(processAlive(0, written)).toBe(false);
  expect(processAlive(-1, written)).toBe(false);
  // Another process that got the number of one that wrote long ago.
  expect(processAlive(process.pid, new Date("2001-01-01"))).toBe(process.platform !== "linux");
  const here: RunRecord = { ...record, host: hostname(), pid: child.pid! };
  expect(liveState(here, { now: new Date(heartbeat.getTime() + 60_000) })).toBe("interrupted");
});
