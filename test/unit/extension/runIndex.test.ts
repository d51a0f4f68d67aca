import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RunIndex } from "../../../src/extension/runIndex.ts";
import { writeRunRecord } from "../../../src/runs/runRecord.ts";
import { record } from "../cli/record.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sigmascope-index-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function addRun(id: string, changes: Partial<typeof record> = {}): string {
  const directory = join(root, id);
  mkdirSync(directory, { recursive: true });
  writeRunRecord(directory, { ...record, id, state: "finished", ...changes });
  return directory;
}

const ids = (index: RunIndex) => index.runs.map(({ id }) => id);

test("lists runs newest first, and says whether anything changed", async () => {
  addRun("old", { created: "2026-11-20T08:00:00.000Z" });
  addRun("new", { created: "2026-11-24T08:00:00.000Z" });
  const index = new RunIndex();
  expect(await index.scan([root])).toEqual({ changed: true, problems: [] });
  expect(ids(index)).toEqual(["new", "old"]);
  const before = index.runs;
  expect(await index.scan([root])).toEqual({ changed: false, problems: [] });
  expect(index.runs).toBe(before);
});

test("sees runs come, change and go", async () => {
  const first = addRun("first", { created: "2026-11-20T08:00:00.000Z" });
  const index = new RunIndex();
  await index.scan([root]);
  addRun("second", { created: "2026-11-21T08:00:00.000Z" });
  writeRunRecord(first, { ...record, id: "first", created: "2026-11-20T08:00:00.000Z", state: "failed" });
  expect((await index.scan([root])).changed).toBe(true);
  expect(index.runs.map(({ id, state }) => [id, state])).toEqual([
    ["second", "finished"],
    ["first", "failed"],
  ]);
  rmSync(first, { recursive: true });
  expect((await index.scan([root])).changed).toBe(true);
  expect(ids(index)).toEqual(["second"]);
});

test("a poll reads live runs only", async () => {
  const here = { host: hostname(), pid: process.pid, heartbeat: new Date().toISOString() };
  const live = addRun("live", { ...here, state: "running", step: 1 });
  const ended = addRun("ended");
  const index = new RunIndex();
  await index.scan([root]);
  writeRunRecord(live, { ...record, ...here, id: "live", state: "running", step: 2 });
  writeRunRecord(ended, { ...record, id: "ended", state: "failed" });
  expect(await index.pollLive()).toBe(true);
  const byId = new Map(index.runs.map((run) => [run.id, run]));
  expect(byId.get("live")?.record?.step).toBe(2);
  expect(byId.get("ended")?.state).toBe("finished");
  expect(await index.pollLive()).toBe(false);
});

test("a run whose record is damaged is listed with the reason, and breaks nothing else", async () => {
  const broken = addRun("broken");
  addRun("good");
  writeFileSync(join(broken, "run.json"), "{");
  const index = new RunIndex();
  await index.scan([root]);
  const run = index.runs.find(({ id }) => id === "broken");
  expect(run?.state).toBeNull();
  expect(run?.error).toContain(join(broken, "run.json"));
  expect(index.runs.find(({ id }) => id === "good")?.state).toBe("finished");
  writeRunRecord(broken, { ...record, id: "broken", state: "finished" });
  expect((await index.scan([root])).changed).toBe(true);
  expect(index.runs.find(({ id }) => id === "broken")?.state).toBe("finished");
});

test("a folder that cannot be read keeps its known runs and is reported", async () => {
  const runs = join(root, "runs");
  mkdirSync(join(runs, "one"), { recursive: true });
  writeRunRecord(join(runs, "one"), { ...record, id: "one", state: "finished" });
  const index = new RunIndex();
  await index.scan([runs]);
  renameSync(runs, join(root, "elsewhere"));
  // A file in the folder's place: reading it fails, unlike a folder that is not there.
  writeFileSync(runs, "");
  const { problems } = await index.scan([runs]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(runs);
  expect(ids(index)).toEqual(["one"]);
  rmSync(runs);
  expect((await index.scan([runs])).changed).toBe(true);
  expect(ids(index)).toEqual([]);
});

test("a thousand runs that did not change are not read again", async () => {
  for (let number = 0; number < 1000; number++) {
    const id = `run-${number}`;
    mkdirSync(join(root, id));
    // Without the syncing of a real record, which is not what is tested and takes its time.
    writeFileSync(join(root, id, "run.json"), JSON.stringify({ ...record, id, state: "finished" }));
  }
  const index = new RunIndex();
  await index.scan([root]);
  expect(index.runs).toHaveLength(1000);
  const before = index.runs;
  const changed = addRun("run-500", { state: "failed" });
  await index.scan([root]);
  const read = index.runs.filter((run) => !before.includes(run)).map(({ directory }) => directory);
  expect(read).toEqual([changed]);
});
