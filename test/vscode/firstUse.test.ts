/** First use: from New Experiment to a run that trains, all by what a user presses and sees. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { picture } from "./panelFrame.ts";
import { newestRun, runRow } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench?.close());

it("New Experiment asks three questions and a name, and opens the commented file it wrote", async () => {
  const { page } = bench;
  await bench.palette("Sigmascope: New Experiment");
  for (const [title, choice] of [
    ["(1/4)", "Adding problem"],
    ["(2/4)", "Vanilla"],
    ["(3/4)", "64"],
  ] as const) {
    await page.locator(".quick-input-title").filter({ hasText: title }).waitFor();
    await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: choice }).first().click();
  }
  await page.locator(".quick-input-title").filter({ hasText: "(4/4)" }).waitFor();
  await page.locator(".quick-input-widget input").first().fill("first");
  await page.keyboard.press("Enter");
  await page.locator(".tab.active", { hasText: "first.sigmascope.json" }).waitFor();
  const file = join(bench.code.workspace, "first.sigmascope.json");
  const text = await readFile(file, "utf8");
  expect(text).toContain('"cell": "rnn"');
  expect(text).toContain("//");
});

it("New Experiment offers a deep net no gated cells", async () => {
  const { page } = bench;
  const rows = page.locator(".quick-input-list .monaco-list-row");
  await bench.palette("Sigmascope: New Experiment");
  await page.locator(".quick-input-title").filter({ hasText: "(1/4)" }).waitFor();
  await picture(bench, "new-experiment");
  await rows.filter({ hasText: "Deep net on MNIST" }).click();
  await page.locator(".quick-input-title").filter({ hasText: "(2/4)" }).waitFor();
  expect(await rows.locator(".label-name").first().textContent()).toBe("Spectral");
  expect(await rows.count()).toBe(3);
  await rows.filter({ hasText: "Orthogonal" }).click();
  await rows.filter({ hasText: "64" }).click();
  const input = page.locator(".quick-input-widget input").first();
  await expect.poll(() => input.inputValue(), patience).toBe("deep-orthogonal");
  await page.keyboard.press("Escape");
  // The file of the first question stays the active one.
  await page.locator(".tab.active", { hasText: "first.sigmascope.json" }).waitFor();
});

it("Train starts a run that the Runs view shows, and Stop ends it", async () => {
  const { page, code } = bench;
  await bench.palette("Sigmascope: Train");
  await vi.waitFor(async () => expect((await newestRun(code)).state).toBe("running"), patience);
  await bench.ask("execute", { command: "sigmascope.runs.focus" });
  await runRow(page, "running").waitFor();
  await bench.palette("Sigmascope: Stop");
  await vi.waitFor(async () => expect((await newestRun(code)).state).toBe("stopped"), patience);
  await runRow(page, "stopped").waitFor();
});

it("a ruined run directory is shown as such, beside the others", async () => {
  const { page, code } = bench;
  const ruined = join(code.workspace, ".sigmascope/runs/20200101-000000-ruined-0000");
  await mkdir(ruined);
  await writeFile(join(ruined, "run.json"), '{"format": 1, "id');
  await runRow(page, "Cannot be read").waitFor();
  await runRow(page, "stopped").waitFor();
});
