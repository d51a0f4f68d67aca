import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveExperiment } from "../../../src/experiment/resolveExperiment.ts";
import { experimentSchema } from "../../../src/experiment/schema.ts";
import { appendEvent } from "../../../src/runs/events.ts";
import type { RunRecord } from "../../../src/runs/run.ts";
import { createRun, runFile, slug } from "../../../src/runs/runDirectory.ts";
import { readRunRecord, writeRunRecord } from "../../../src/runs/runRecord.ts";
import { listRuns, openRun, resolveRun } from "../../../src/runs/store.ts";
import { RunTail } from "../../../src/runs/tail.ts";
import { TelemetryWriter } from "../../../src/runs/telemetryWriter.ts";
import { record } from "../cli/record.ts";
import { temporaryFolder } from "./helpers.ts";
import { rowOf, rowsOf, shape } from "./rows.ts";

const folder = temporaryFolder();
let roots = 0;
const newRoot = () => join(folder, `root-${roots++}`);
const experiment = resolveExperiment(
  experimentSchema.parse({ task: { kind: "adding" }, model: { cell: "spectral" } }),
  { file: "adding.sigmascope.json" },
);
const now = new Date("2026-11-23T08:15:02.345Z");
const newRun = (root: string, name = "Adding: spectral!") =>
  createRun(root, experiment, { experimentFile: "/e/adding.sigmascope.json", name, now });

/** A run's directory with only the record in it, made at once. */
function placeRun(root: string, id: string, changes: Partial<RunRecord> = {}): void {
  mkdirSync(join(root, id), { recursive: true });
  writeFileSync(join(root, id, "run.json"), JSON.stringify({ ...record, id, state: "finished", ...changes }));
}

test("a new run is there at once, with its experiment and a record of who made it", async () => {
  const root = newRoot();
  const directory = newRun(root);
  expect(basename(directory)).toMatch(/^20261123-081502-adding-spectral-[0-9a-f]{4}$/);
  expect(readdirSync(directory).sort()).toEqual(["checkpoints", "experiment.json", "run.json"]);
  expect(readdirSync(root)).toEqual([basename(directory)]);
  expect(readRunRecord(directory)).toMatchObject({
    id: basename(directory),
    name: "Adding: spectral!",
    state: "starting",
    experimentFile: "/e/adding.sigmascope.json",
    pid: process.pid,
    host: hostname(),
    created: now.toISOString(),
    steps: 1000,
    cell: "spectral",
  });
  const opened = await openRun(directory);
  expect(opened.experiment).toEqual(experiment);
  expect([opened.state, opened.rows, opened.events, opened.problems]).toEqual(["starting", [], [], []]);
});

test("runs of the same name and second get directories of their own", () => {
  const root = newRoot();
  const made = Array.from({ length: 60 }, () => newRun(root));
  expect(new Set(made).size).toBe(60);
});

test("a folder that cannot be made is an error with its name, and leaves nothing behind", () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  expect(() => newRun(join(file, "runs"))).toThrow(/^cannot create .*a-file: .*\(E\w+\)$/);
});

test("a name becomes part of a folder's name that every file system takes", () => {
  expect(slug("Größe: 1/2 — Übung")).toBe("gro-e-1-2-ubung");
  expect(slug("../..")).toBe("run");
  expect(slug("数字")).toBe("run");
  expect(slug(`${"a".repeat(39)}-b`)).toBe("a".repeat(39));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (name) => {
      expect(slug(name)).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(slug(name).length).toBeLessThanOrEqual(40);
    }),
    { seed: 1 },
  );
});

test("of runs made in one second the later one is the newer", async () => {
  const root = newRoot();
  placeRun(root, "20261121-000000-zz-aaaa", { created: "2026-11-21T00:00:00.100Z" });
  placeRun(root, "20261121-000000-aa-bbbb", { created: "2026-11-21T00:00:00.900Z" });
  expect((await listRuns(root)).map(({ id }) => id)).toEqual([
    "20261121-000000-aa-bbbb",
    "20261121-000000-zz-aaaa",
  ]);
});

test("runs are listed newest first; damaged ones with the reason, other files not at all", async () => {
  const root = newRoot();
  placeRun(root, "20261121-000000-old-aaaa", { created: "2026-11-21T00:00:00.000Z" });
  placeRun(root, "imported", { created: "2026-11-22T00:00:00.000Z" });
  mkdirSync(join(root, "20261123-000000-torn-bbbb"));
  writeFileSync(join(root, "20261123-000000-torn-bbbb", "run.json"), '{"format":1,');
  mkdirSync(join(root, "20261120-000000-empty-cccc"));
  mkdirSync(join(root, ".new-1-aaaaaaaa"));
  writeFileSync(join(root, "notes.txt"), "");
  symlinkSync(join(root, "imported"), join(root, "linked"), "dir");
  const runs = await listRuns(root);
  expect(runs.map(({ id }) => id)).toEqual([
    "20261123-000000-torn-bbbb",
    "linked",
    "imported",
    "20261121-000000-old-aaaa",
    "20261120-000000-empty-cccc",
  ]);
  expect(runs[0]!.error).toContain(join("20261123-000000-torn-bbbb", "run.json"));
  expect(runs[4]!.error).toContain("it does not exist (ENOENT)");
  expect(runs[2]).toMatchObject({ id: "imported", state: "finished", error: null });
  expect(await listRuns(join(root, "nowhere"))).toEqual([]);
});

test("a thousand runs are listed", async () => {
  const root = newRoot();
  for (let i = 0; i < 1000; i++)
    placeRun(root, `20261123-${String(i).padStart(6, "0")}-r-aaaa`, {
      created: new Date(Date.UTC(2026, 10, 23, 0, 0, i)).toISOString(),
    });
  writeFileSync(join(root, "20261123-000500-r-aaaa", "run.json"), "{");
  const runs = await listRuns(root);
  expect(runs).toHaveLength(1000);
  expect(runs[0]!.id).toBe("20261123-000999-r-aaaa");
  expect(runs.filter(({ error }) => error !== null)).toHaveLength(1);
});

test("a run is found by id, beginning, path and as the last", async () => {
  const root = newRoot();
  const ids = ["20261121-000000-adding-aaaa", "20261121-000000-adding-bbbb", "20261122-000000-copy-cccc"];
  for (const id of ids) placeRun(root, id, { created: `2026-11-${id.slice(6, 8)}T00:00:00.000Z` });
  const at = (id: string) => join(root, id);
  expect(await resolveRun(root, ids[0]!)).toBe(at(ids[0]!));
  expect(await resolveRun(root, "20261122")).toBe(at(ids[2]!));
  expect(await resolveRun(root, "last")).toBe(at(ids[2]!));
  expect(await resolveRun(newRoot(), at(ids[1]!))).toBe(at(ids[1]!));
  await expect(resolveRun(root, "20261121")).rejects.toThrow(
    `"20261121" is the beginning of 2 runs:\n  ${ids[0]}\n  ${ids[1]}`,
  );
  await expect(resolveRun(root, "20261122-000000-copi-cccc")).rejects.toThrow(`did you mean ${ids[2]}?`);
  await expect(resolveRun(root, "zebra")).rejects.toThrow(
    `there is no run "zebra" in ${root}; the newest are:`,
  );
  await expect(resolveRun(newRoot(), "last")).rejects.toThrow(
    "has no runs; start one with: sigmascope train",
  );
});

test("a run opens as far as its files are good", async () => {
  const directory = newRun(newRoot());
  const telemetry = TelemetryWriter.open(runFile(directory, "telemetry"), shape, { runId: "r" });
  for (const step of [1, 2]) telemetry.append(rowOf(step));
  telemetry.flush();
  appendEvent(directory, { time: now.toISOString(), step: 0, type: "started" });
  writeFileSync(
    runFile(directory, "events"),
    `${readFileSync(runFile(directory, "events"), "utf8")}nonsense\n{"to`,
  );
  writeFileSync(runFile(directory, "telemetry"), "garbage garbage garbage", { flag: "a" });
  const opened = await openRun(directory);
  expect(opened.rows).toEqual(rowsOf(1, 2));
  expect(opened.events).toHaveLength(1);
  expect(opened.problems).toHaveLength(2);
  truncateSync(runFile(directory, "telemetry"), 10);
  expect((await openRun(directory)).rows).toEqual([]);
  writeFileSync(
    runFile(directory, "experiment"),
    '{ "task": { "kind": "adding" }, "model": { "cell": "x" } }',
  );
  await expect(openRun(directory)).rejects.toThrow(/experiment\.json:1:\d+: error: .*x/);
});

test("a tail gives what is new, once, and the state of the moment", () => {
  const directory = newRun(newRoot());
  const tail = new RunTail(directory);
  expect(tail.poll()).toMatchObject({
    state: "starting",
    newEvents: [],
    newRows: [],
    reset: false,
    problems: [],
  });
  const telemetry = TelemetryWriter.open(runFile(directory, "telemetry"), shape, { runId: tail.id });
  telemetry.append(rowOf(1));
  telemetry.flush();
  appendEvent(directory, { time: now.toISOString(), step: 1, type: "paused" });
  writeRunRecord(directory, { ...readRunRecord(directory), state: "paused", step: 1 });
  const change = tail.poll();
  expect(change).toMatchObject({ state: "paused", record: { step: 1 }, newRows: [rowOf(1)] });
  expect(change.newEvents.map(({ type }) => type)).toEqual(["paused"]);
  expect(tail.poll()).toMatchObject({ state: "paused", newEvents: [], newRows: [] });
  expect(tail.shape).toEqual(shape);
  telemetry.append(rowOf(2));
  telemetry.close();
  expect(tail.poll().newRows).toEqual([rowOf(2)]);
  TelemetryWriter.open(runFile(directory, "telemetry"), shape, {
    runId: tail.id,
    resumeAfterStep: 1,
  }).close();
  expect(tail.poll()).toMatchObject({ reset: true, newRows: [rowOf(1)] });
});

test("a tail of a run whose files are damaged says so once, and goes on", () => {
  const directory = newRun(newRoot());
  const good = readFileSync(runFile(directory, "record"), "utf8");
  const tail = new RunTail(directory);
  writeFileSync(runFile(directory, "record"), good.slice(0, 40));
  writeFileSync(runFile(directory, "telemetry"), "no telemetry at all");
  expect(tail.poll()).toMatchObject({ record: null, state: null, newRows: [] });
  expect(tail.poll().problems).toEqual([]);
  writeFileSync(runFile(directory, "record"), good);
  expect(tail.poll()).toMatchObject({ state: "starting", problems: [] });
});

test("a tail begins before there is a directory", () => {
  const tail = new RunTail(join(newRoot(), "later"));
  expect(tail.poll()).toMatchObject({ record: null, state: null, newRows: [], newEvents: [], problems: [] });
});
