import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ControlReader, controlEnd, controlFromVariable, sendCommand } from "../../../src/runs/control.ts";
import { FileTail } from "../../../src/runs/fileTail.ts";
import { findTrainer, launchTrainer, trainerJob, trainerVariable } from "../../../src/runs/launch.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
let runs = 0;
function newRun(): string {
  const run = join(folder, `run-${runs++}`);
  mkdirSync(run);
  return run;
}

test("commands arrive once, in order, each with an id and a time", () => {
  const run = newRun();
  const reader = new ControlReader(run, { resume: false, environment: {} });
  expect(reader.poll()).toEqual([]);
  const pause = sendCommand(run, { command: "pause" });
  const change = sendCommand(run, { command: "switch", to: "spectral", radius: 0.05, clip: true });
  expect(reader.poll()).toEqual([pause, change]);
  expect(change).toMatchObject({ command: "switch", to: "spectral", radius: 0.05, clip: true });
  expect(pause.id).not.toBe(change.id);
  expect(reader.poll()).toEqual([]);
});

test("what is no command is reported, and the next command still arrives", () => {
  const run = newRun();
  const reader = new ControlReader(run, { resume: false, environment: {} });
  const { id, time } = sendCommand(run, { command: "pause" });
  const lines = [
    "rubbish",
    { id, time, command: "explode" },
    { id, time, command: "switch", to: "spectral", radius: -1 },
    { command: "stop" },
  ];
  for (const line of lines)
    appendFileSync(join(run, "control.jsonl"), `${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  const stop = sendCommand(run, { command: "stop" });
  expect(reader.poll().map(({ command }) => command)).toEqual(["pause", "stop"]);
  expect(stop.command).toBe("stop");
  const problems = reader.takeProblems();
  expect(problems).toHaveLength(4);
  expect(problems.join("\n")).toContain("radius");
  expect(reader.takeProblems()).toEqual([]);
});

test("a new run obeys what was sent before its trainer was ready; a resumed one does not", () => {
  const run = newRun();
  const early = sendCommand(run, { command: "stop" });
  expect(new ControlReader(run, { resume: false, environment: {} }).poll()).toEqual([early]);
  const resumed = new ControlReader(run, { resume: true, environment: {} });
  expect(resumed.poll()).toEqual([]);
  const launchedAt = String(controlEnd(run));
  const late = sendCommand(run, { command: "pause" });
  expect(resumed.poll()).toEqual([late]);
  const launched = new ControlReader(run, {
    resume: true,
    environment: { [controlFromVariable]: launchedAt },
  });
  expect(launched.poll()).toEqual([late]);
});

/** A stand-in for the built trainer, as a process of its own. */
function trainer(source: string): string {
  const file = join(folder, `trainer-${runs++}.mjs`);
  writeFileSync(file, source);
  return file;
}

async function withTrainer<T>(file: string, use: () => Promise<T>): Promise<T> {
  process.env[trainerVariable] = file;
  try {
    return await use();
  } finally {
    delete process.env[trainerVariable];
  }
}

test("a launched trainer gets the run, its options and the place in the control file, and writes to the log", async () => {
  const run = newRun();
  sendCommand(run, { command: "stop" });
  const program = trainer(`
    const { ELECTRON_RUN_AS_NODE, ${controlFromVariable}, EXTRA } = process.env;
    console.log(JSON.stringify({ args: process.argv.slice(2), ELECTRON_RUN_AS_NODE, ${controlFromVariable}, EXTRA }));
    console.error("and standard error");
    process.exit(7);`);
  const launched = await withTrainer(program, () =>
    launchTrainer(run, { threads: 2, resume: true, env: { EXTRA: "yes" } }),
  );
  expect(launched.pid).toBeGreaterThan(0);
  expect(await launched.exited).toEqual({ code: 7, signal: null });
  const log = new FileTail(join(run, "trainer.log")).poll()!;
  const [first, second] = log.trim().split("\n");
  expect(JSON.parse(first!)).toEqual({
    args: ["train", run, "--resume", "--threads", "2"],
    ELECTRON_RUN_AS_NODE: "1",
    [controlFromVariable]: String(controlEnd(run)),
    EXTRA: "yes",
  });
  expect(second).toBe("and standard error");
});

test("a job's answer is the last line it prints", async () => {
  const program = trainer(`console.log("working"); console.log(JSON.stringify(process.argv.slice(2)));`);
  expect(await withTrainer(program, () => trainerJob(["inspect", "a b"]))).toEqual(["inspect", "a b"]);
});

test("a job that fails throws what it said", async () => {
  const failing = trainer(`console.error("the file is gone"); process.exit(3);`);
  await expect(withTrainer(failing, () => trainerJob(["x"]))).rejects.toThrow(/^the file is gone$/);
  const silent = trainer(`process.exit(3);`);
  await expect(withTrainer(silent, () => trainerJob(["x"]))).rejects.toThrow(
    `the trainer's job "x" ended with exit code 3 and said nothing`,
  );
  const chatty = trainer(`console.log("hello");`);
  await expect(withTrainer(chatty, () => trainerJob(["x"]))).rejects.toThrow("printed no JSON");
});

test("a job is ended by its signal", async () => {
  const marker = join(folder, "started");
  const endless = trainer(`
    import { writeFileSync } from "node:fs";
    writeFileSync(${JSON.stringify(marker)}, "");
    setInterval(() => {}, 1000);`);
  const controller = new AbortController();
  const job = withTrainer(endless, () => trainerJob(["x"], { signal: controller.signal }));
  const waiting = setInterval(() => existsSync(marker) && controller.abort(new Error("enough")), 10);
  await expect(job).rejects.toThrow("enough");
  clearInterval(waiting);
});

test("a trainer that is not there is an error that says where it was looked for", () => {
  const gone = join(folder, "gone.js");
  expect(() => findTrainer({ [trainerVariable]: gone })).toThrow(
    `${trainerVariable} names ${gone}, which does not exist`,
  );
});
