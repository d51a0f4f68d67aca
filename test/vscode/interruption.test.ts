/** A run goes on after a pause and a reloaded window, and after its trainer was killed; and it says why it failed. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readTelemetry } from "../../src/runs/telemetryReader.ts";
import { runEnds, runRow } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench?.close());

interface Record {
  readonly state: string;
  readonly step: number;
  readonly pid: number;
  readonly reason: string | null;
}
const recordOf = async (directory: string) =>
  JSON.parse(await readFile(join(directory, "run.json"), "utf8")) as Record;

/** Long enough to be interrupted, short enough to be waited for: some ten seconds. */
async function start(name: string, changes: object = {}): Promise<string> {
  const file = join(bench.code.workspace, `${name}.sigmascope.json`);
  const experiment = {
    task: { kind: "adding", length: 60 },
    model: { cell: "spectral", hidden: 32 },
    training: { batch: 16, steps: 6000 },
    ...changes,
  };
  await writeFile(file, JSON.stringify(experiment));
  return (await bench.ask("execute", { command: "sigmascope.train", args: [file] })) as string;
}

async function train(name: string): Promise<string> {
  const directory = await start(name);
  await vi.waitFor(async () => {
    const { state, step } = await recordOf(directory);
    expect(state).toBe("running");
    expect(step).toBeGreaterThan(50);
  }, patience);
  return directory;
}

/** Every step of the run is recorded once, in order, over all interruptions. */
function expectWhole(directory: string): void {
  const steps = readTelemetry(join(directory, "telemetry.arrows")).rows.map(({ step }) => step);
  expect(steps[0]).toBe(1);
  expect(steps.at(-1)).toBe(6000);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
}

it("paused, still there after a reload of the window and in another window, resumed, finished", async () => {
  const { page, code } = bench;
  // A name that no state has: rows are looked for by their text.
  const directory = await train("held");
  await bench.ask("execute", { command: "sigmascope.pause", args: [directory] });
  await runEnds(directory, "paused");
  const paused = await recordOf(directory);
  await page.reload();
  await page.locator(".monaco-workbench").waitFor();
  await vi.waitFor(async () => expect(await bench.ask("active")).toBe(true), patience);
  await bench.ask("execute", { command: "sigmascope.runs.focus" });
  await runRow(page, "paused").waitFor();

  // Another window on the folder shows the same. The newest window's driver is the one that answers.
  const driver = await readFile(code.driverFile, "utf8");
  const other = await page.context().browser()!.newPage();
  await other.goto(code.url);
  await other.locator(".monaco-workbench").waitFor();
  await other.locator(".activitybar [aria-label='Sigmascope']").first().click();
  await runRow(other, "paused").waitFor();

  await vi.waitFor(async () => expect(await readFile(code.driverFile, "utf8")).not.toBe(driver), patience);

  await bench.palette("Sigmascope: Resume");
  await runRow(page, "running").waitFor();
  await runRow(other, "running").waitFor();
  await bench.ask("execute", { command: "sigmascope.pause", args: [directory] });
  await runRow(other, "paused").waitFor();
  await runRow(page, "paused").waitFor();
  await runEnds(directory, "paused");
  await bench.ask("execute", { command: "sigmascope.resume", args: [directory] });
  await other.close();
  await writeFile(code.driverFile, driver);
  expect((await recordOf(directory)).pid).toBe(paused.pid);
  await runEnds(directory, "finished");
  expectWhole(directory);
});

it("killed, interrupted, resumed by another trainer to the end", async () => {
  const { page } = bench;
  const directory = await train("killed");
  await bench.ask("execute", { command: "sigmascope.runs.focus" });
  await bench.ask("execute", { command: "sigmascope.checkpoint", args: [directory] });
  const { pid } = await recordOf(directory);
  process.kill(pid, "SIGKILL");
  await runRow(page, "interrupted").waitFor();
  const told = page.locator(".notification-toast", { hasText: /killed was interrupted at step \d+: / });
  await told.getByRole("button", { name: "Resume" }).click();
  await vi.waitFor(async () => expect((await recordOf(directory)).pid).not.toBe(pid), patience);
  await runEnds(directory, "finished");
  expectWhole(directory);
});

it("a run that fails says why, shows its log, and offers to resume", async () => {
  const { page } = bench;
  const directory = await start("failing", {
    // Steps so large that the numbers overflow.
    model: { cell: "rnn", hidden: 32, activation: "identity" },
    training: { batch: 16, steps: 6000, learningRate: 1, optimizer: "sgd" },
  });
  await runEnds(directory, "failed");
  await runRow(page, "failed").waitFor();
  const told = page.locator(".notification-toast", { hasText: /failing failed at step \d+: / });
  await told.getByRole("button", { name: "Resume" }).waitFor();
  const { reason } = await recordOf(directory);
  expect(reason).toMatch(/\w/);
  expect(await told.textContent()).toContain(reason);
  await told.getByRole("button", { name: "Show Log" }).click();
  await page.locator(".tab", { hasText: "trainer.log" }).waitFor();
});
