/** The panels on runs: what they show is what the run recorded, and it moves while the run is trained. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { panelFrame, picture } from "./panelFrame.ts";
import { newestRun } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
  for (const cell of ["rnn", "spectral"]) {
    const experiment = {
      task: { kind: "adding", length: 60 },
      model: { cell, hidden: 32 },
      training: { batch: 16, steps: cell === "rnn" ? 1_000_000 : 300 },
    };
    await writeFile(join(bench.code.workspace, `${cell}.sigmascope.json`), JSON.stringify(experiment));
  }
});
afterAll(() => bench?.close());

const textOf = async (frame: Frame, selector: string): Promise<string> =>
  (await frame.locator(selector).first().textContent()) ?? "";

it("every command of the manifest has code behind it", async () => {
  const { contributes } = JSON.parse(await readFile("package.json", "utf8")) as {
    contributes: { commands: { command: string }[] };
  };
  await bench.ask("execute", { command: "sigmascope.refresh" });
  expect(await bench.ask("commands")).toEqual(
    expect.arrayContaining(contributes.commands.map(({ command }) => command)),
  );
});

it("diagnostics of a run in training: plots that move, and a slider that shows an earlier step", async () => {
  const { page, code } = bench;
  await bench.ask("open", { file: join(code.workspace, "rnn.sigmascope.json") });
  await bench.palette("Sigmascope: Train");
  await vi.waitFor(async () => expect((await newestRun(code)).state).toBe("running"), patience);
  const frame = await panelFrame(bench, "#diagnostics", "rnn");
  await frame.locator("figure[data-plot=loss] svg.chart").waitFor();
  const stepShown = async () =>
    Number((await textOf(frame, ".progress-text")).replace(/,/g, "").match(/\d+/)?.[0]);
  const before = await stepShown();
  await vi.waitFor(async () => expect(await stepShown()).toBeGreaterThan(before), patience);
  // A chosen step stays chosen while new ones come.
  const slider = frame.locator("input[type=range]");
  await slider.focus();
  await page.keyboard.press("Home");
  await vi.waitFor(async () => expect(await textOf(frame, "output")).toBe("1"), patience);
  const now = await stepShown();
  await vi.waitFor(async () => expect(await stepShown()).toBeGreaterThan(now), patience);
  expect(await textOf(frame, "output")).toBe("1");
  await picture(bench, "diagnostics-live");
  await bench.palette("Sigmascope: Stop");
  await vi.waitFor(async () => expect((await newestRun(code)).state).toBe("stopped"), patience);
  const { step } = await newestRun(code);
  await vi.waitFor(async () => expect(await stepShown()).toBe(step), patience);
  await vi.waitFor(async () => expect(await textOf(frame, ".pill")).toBe("stopped"), patience);
});

it("two runs side by side in a comparison", async () => {
  const { code } = bench;
  await bench.ask("open", { file: join(code.workspace, "spectral.sigmascope.json") });
  await bench.palette("Sigmascope: Train");
  await vi.waitFor(
    async () => expect(await newestRun(code)).toMatchObject({ cell: "spectral", state: "finished" }),
    patience,
  );
  const root = join(code.workspace, ".sigmascope/runs");
  const runs = (await readdir(root)).filter((name) => !name.startsWith(".")).map((name) => join(root, name));
  // As the Runs view calls it on a selection of several rows.
  await bench.ask("execute", { command: "sigmascope.compareRuns", args: [runs[0], runs] });
  const frame = await panelFrame(bench, "#report", "Compare");
  expect(await frame.locator(".summary thead th").allTextContents()).toEqual(
    expect.arrayContaining([expect.stringContaining("rnn"), expect.stringContaining("spectral")]),
  );
  expect(await frame.locator("figure svg.chart").count()).toBeGreaterThanOrEqual(7);
});
