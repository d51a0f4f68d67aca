/** A run goes on after a pause and a reloaded window, and after its trainer was killed. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { newestRun, runRow } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench?.close());

const until = (state: string) =>
  vi.waitFor(async () => {
    const run = await newestRun(bench.code);
    expect(run.state).toBe(state);
    return run;
  }, patience);

it("a paused run is still there after the window was reloaded, and goes on", async () => {
  const { page, code } = bench;
  await bench.ask("open", { file: join(code.workspace, "adding-vanilla.sigmascope.json") });
  await bench.palette("Sigmascope: Train");
  await until("running");
  await bench.palette("Sigmascope: Pause");
  const paused = await until("paused");
  await page.reload();
  await page.locator(".monaco-workbench").waitFor();
  await vi.waitFor(async () => expect(await bench.ask("active")).toBe(true), patience);
  await bench.ask("execute", { command: "sigmascope.runs.focus" });
  await runRow(page, "paused").waitFor();
  await bench.palette("Sigmascope: Resume");
  await runRow(page, "running").waitFor();
  await vi.waitFor(async () => expect((await newestRun(code)).step).toBeGreaterThan(paused.step), patience);
  expect((await newestRun(code)).pid).toBe(paused.pid);
});

it("a killed trainer leaves an interrupted run, which goes on with another trainer", async () => {
  const { page, code } = bench;
  await bench.palette("Sigmascope: Checkpoint Now");
  const { pid } = await newestRun(code);
  process.kill(pid, "SIGKILL");
  await runRow(page, "interrupted").waitFor();
  await bench.palette("Sigmascope: Resume Interrupted Run");
  await runRow(page, "running").waitFor();
  expect((await until("running")).pid).not.toBe(pid);
});
