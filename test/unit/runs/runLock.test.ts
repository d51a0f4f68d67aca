import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acquireRunLock, lockOwner, RunLockedError } from "../../../src/runs/runLock.ts";
import { bundle } from "./bundle.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
let runs = 0;
function newRun(): string {
  const run = join(folder, `run-${runs++}`);
  mkdirSync(run);
  return run;
}
const lockFile = (run: string) => join(run, "trainer.lock");
const lockOf = (pid: number, host = hostname()) =>
  JSON.stringify({ pid, host, time: new Date().toISOString() });

test("a run has one trainer, until it lets go", () => {
  const run = newRun();
  expect(lockOwner(run)).toBe(undefined);
  const lock = acquireRunLock(run);
  expect(lockOwner(run)?.pid).toBe(process.pid);
  expect(() => acquireRunLock(run)).toThrow(`already has a trainer: process ${process.pid} on ${hostname()}`);
  lock.renew();
  lock.release();
  lock.release();
  expect(readdirSync(run)).toEqual([]);
  acquireRunLock(run).release();
});

test("the lock of a killed process is taken over, that of a living one is not", async () => {
  const run = newRun();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  writeFileSync(lockFile(run), lockOf(child.pid!));
  expect(() => acquireRunLock(run)).toThrow(RunLockedError);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(lockOwner(run)).toBe(undefined);
  const lock = acquireRunLock(run);
  expect(lockOwner(run)?.pid).toBe(process.pid);
  lock.release();
});

test("an earlier process with the same number, as in a container, holds nothing", () => {
  const run = newRun();
  writeFileSync(lockFile(run), lockOf(process.pid));
  acquireRunLock(run).release();
});

test("another machine's lock holds while it is renewed", () => {
  const run = newRun();
  writeFileSync(lockFile(run), lockOf(1, "elsewhere"));
  expect(() => acquireRunLock(run)).toThrow("process 1 on elsewhere");
  const twoMinutesAgo = new Date(Date.now() - 120_000);
  utimesSync(lockFile(run), twoMinutesAgo, twoMinutesAgo);
  const lock = acquireRunLock(run);
  utimesSync(lockFile(run), twoMinutesAgo, twoMinutesAgo);
  lock.renew();
  expect(lockOwner(run)?.pid).toBe(process.pid);
  lock.release();
});

test("a lock file that says nothing holds for a moment only", () => {
  const run = newRun();
  writeFileSync(lockFile(run), "");
  expect(() => acquireRunLock(run)).toThrow("already has a trainer: another process");
  const aMinuteAgo = new Date(Date.now() - 60_000);
  utimesSync(lockFile(run), aMinuteAgo, aMinuteAgo);
  acquireRunLock(run).release();
});

test("a process that was killed while it took a run over is in nobody's way", () => {
  const run = newRun();
  const longAgo = new Date(Date.now() - 600_000);
  for (const file of [lockFile(run), `${lockFile(run)}.takeover`]) {
    writeFileSync(file, lockOf(1, "elsewhere"));
    utimesSync(file, longAgo, longAgo);
  }
  acquireRunLock(run).release();
  expect(readdirSync(run)).toEqual([]);
});

test("a lock that somebody took over is not released by its first owner", () => {
  const run = newRun();
  const lock = acquireRunLock(run);
  writeFileSync(lockFile(run), lockOf(1, "elsewhere"));
  lock.release();
  expect(existsSync(lockFile(run))).toBe(true);
});

test("of many processes that find a stale lock at once, one gets it", async () => {
  const program = await bundle(
    folder,
    "contender",
    `import { acquireRunLock, RunLockedError } from "../../../src/runs/runLock.ts";
     process.once("message", (runs) => {
       const won = [];
       for (const run of runs)
         try {
           acquireRunLock(run);
           won.push(run);
         } catch (error) {
           if (!(error instanceof RunLockedError)) throw error;
         }
       process.send({ won });
       process.once("message", () => process.disconnect());
     });
     process.send("ready");`,
  );
  const contested = Array.from({ length: 40 }, newRun);
  for (const run of contested) writeFileSync(lockFile(run), lockOf(1, "elsewhere"));
  const longAgo = new Date(Date.now() - 600_000);
  for (const run of contested) utimesSync(lockFile(run), longAgo, longAgo);
  const contenders = Array.from({ length: 5 }, () =>
    spawn(process.execPath, [program], { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
  );
  await Promise.all(contenders.map((child) => once(child, "message")));
  const answers = contenders.map(async (child) => (await once(child, "message"))[0] as { won: string[] });
  for (const child of contenders) child.send(contested);
  const won = (await Promise.all(answers)).flatMap((answer) => answer.won);
  expect(won.sort()).toEqual(contested.sort());
  for (const child of contenders) child.send("end");
  await Promise.all(contenders.map((child) => once(child, "exit")));
});
