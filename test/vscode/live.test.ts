/** The Live view beside the code, and the editor of telemetry.arrows. */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { panelFrame, picture } from "./panelFrame.ts";
import { newestRun } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
let live: Frame;
beforeAll(async () => {
  bench = await openWorkbench();
  const experiment = {
    task: { kind: "adding", length: 60 },
    model: { cell: "rnn", hidden: 32 },
    training: { batch: 16, steps: 1_000_000 },
  };
  await writeFile(join(bench.code.workspace, "live.sigmascope.json"), JSON.stringify(experiment, null, 2));
});
afterAll(() => bench?.close());

const shownStep = async () =>
  Number((await live.locator(".state").textContent())?.replace(/,/g, "").match(/step (\d+)/)?.[1]);

it("without a run it says how to get one; while one is trained it moves", async () => {
  const { code } = bench;
  await bench.ask("execute", { command: "sigmascope.live.focus" });
  live = await panelFrame(bench, "#live");
  await live.locator(".empty", { hasText: "There is no run" }).waitFor();
  await bench.ask("open", { file: join(code.workspace, "live.sigmascope.json") });
  await bench.palette("Sigmascope: Train");
  await live.locator('[data-plot="gradientProfile"] svg.chart').waitFor();
  await live.locator('[data-plot="singularValues"] svg.chart').waitFor();
  const before = await shownStep();
  await vi.waitFor(async () => expect(await shownStep()).toBeGreaterThan(before), patience);
  await bench.ask("open", { file: join(code.workspace, "live.sigmascope.json") });
  await picture(bench, "live");
});

it("its Stop ends the run, whose last numbers are those of run.json", async () => {
  const { code } = bench;
  await live.getByRole("button", { name: "Stop" }).click();
  await vi.waitFor(async () => expect((await newestRun(code)).state).toBe("stopped"), patience);
  const { directory, step } = await newestRun(code);
  await vi.waitFor(async () => expect(await shownStep()).toBe(step), patience);
  const { reach, loss } = JSON.parse(await readFile(join(directory, "run.json"), "utf8")) as {
    reach: number;
    loss: number;
  };
  const figures = await live.locator("dl").textContent();
  expect(figures).toContain(`reach${reach} timesteps`);
  const shownLoss = Number(/loss([\d.]+)/.exec(figures ?? "")?.[1]);
  expect(Math.abs(shownLoss - loss)).toBeLessThan(1e-3 * loss);
});

it("telemetry.arrows opens as the diagnostics of its run; elsewhere it says what is missing", async () => {
  const { page, code } = bench;
  await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
  const { directory } = await newestRun(code);
  await bench.ask("openWith", { file: join(directory, "telemetry.arrows") });
  const frame = await panelFrame(bench, "#diagnostics", "live");
  await frame.locator("figure[data-plot=heatMap]").scrollIntoViewIfNeeded();
  await frame.locator("figure[data-plot=heatMap] canvas").waitFor();
  const stray = join(code.workspace, "telemetry.arrows");
  await copyFile(join(directory, "telemetry.arrows"), stray);
  await bench.ask("openWith", { file: stray });
  await vi.waitFor(async () => {
    const texts = await Promise.all(
      page.frames().map((one) =>
        one
          .locator("body")
          .textContent({ timeout: 200 })
          .catch(() => ""),
      ),
    );
    expect(texts.join("\n")).toContain("is not in a run directory");
  }, patience);
});
