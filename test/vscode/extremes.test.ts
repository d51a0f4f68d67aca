/** Panels of the smallest and the largest runs: one row, and 20,000 rows of 784 timesteps. */
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { writeLargeRun } from "../../bench/largeRun.ts";
import { panelFrame, picture } from "./panelFrame.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench?.close());

const runs = () => join(bench.code.workspace, ".sigmascope/runs");
const loss = (frame: Frame) => frame.locator("figure[data-plot=loss] svg.chart").first();

it("a run of one row is drawn as points", async () => {
  const directory = writeLargeRun(runs(), { rows: 1, length: 1, hidden: 1, rowsPerBatch: 1 });
  await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [directory] });
  const frame = await panelFrame(bench, "#diagnostics", "large");
  await loss(frame).waitFor();
  expect(await loss(frame).getAttribute("aria-label")).toContain("1 point from step 1 to 1");
  expect(await frame.locator("figure[data-plot=loss] circle.dot").count()).toBe(1);
  await frame.locator("figure[data-plot=heatMap]").scrollIntoViewIfNeeded();
  await frame.locator("figure[data-plot=heatMap] canvas").waitFor();
  await picture(bench, "one-row");
  await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
});

it("a run of 20,000 rows × 784 timesteps opens, plays and is looked through", async () => {
  const { page } = bench;
  const directory = writeLargeRun(runs(), { rows: 20_000, length: 784, hidden: 128, rowsPerBatch: 25 });
  await bench.ask("execute", { command: "sigmascope.refresh" });
  const began = performance.now();
  await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [directory] });
  await vi.waitFor(
    async () => {
      const drawn = 'document.querySelector("figure[data-plot=loss] svg.chart") !== null';
      const answers = page.frames().map((one) => one.evaluate(drawn).catch(() => false));
      expect(await Promise.all(answers)).toContain(true);
    },
    { ...patience, interval: 20 },
  );
  // A figure for the record; machines differ.
  console.log(
    `20,000 rows × 784 timesteps: the first plot after ${(performance.now() - began).toFixed(0)} ms`,
  );
  const frame = await panelFrame(bench, "#diagnostics", "large");
  expect(await loss(frame).getAttribute("aria-label")).toContain("to 20,000");
  const heading = () => frame.locator("figure[data-plot=gradientProfile] h3").textContent();
  await vi.waitFor(async () => expect(await heading()).toContain("at step 20,000"), patience);
  const slider = frame.locator("input[type=range]");
  await slider.focus();
  await page.keyboard.press("Home");
  await vi.waitFor(async () => expect(await heading()).toContain("at step 1"), patience);
  // Played, it goes on by itself.
  await frame.getByRole("button", { name: "Play the training step by step" }).click();
  await vi.waitFor(async () => {
    const step = Number(/step ([\d,]+)$/.exec((await heading()) ?? "")?.[1]?.replace(/,/g, ""));
    expect(step).toBeGreaterThan(2000);
  }, patience);
  await frame.getByRole("button", { name: "Play the training step by step" }).click();
  await frame.locator("figure[data-plot=heatMap]").scrollIntoViewIfNeeded();
  await frame.locator("figure[data-plot=heatMap] canvas").waitFor();
  await picture(bench, "large");
});
