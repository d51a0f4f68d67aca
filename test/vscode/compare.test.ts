/** Compare: what sets three runs apart, all of them on one picture, seeds as one. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readTelemetry } from "../../src/runs/telemetryReader.ts";
import { inEveryTheme, panelFrame, picture } from "./panelFrame.ts";
import { runEnds } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
const directories: string[] = [];
let frame: Frame;

beforeAll(async () => {
  bench = await openWorkbench();
  const { workspace } = bench.code;
  for (const [name, cell, seed] of [
    ["vanilla", "rnn", 1],
    ["spectral", "spectral", 1],
    ["spectral", "spectral", 2],
  ] as const) {
    const file = join(workspace, `${name}.sigmascope.json`);
    const experiment = {
      name,
      task: { kind: "adding", length: 30 },
      model: { cell, hidden: 16, ...(cell === "rnn" ? {} : { reflectors: 8 }) },
      training: { batch: 8, steps: 300, seed },
    };
    await writeFile(file, JSON.stringify(experiment));
    const directory = (await bench.ask("execute", { command: "sigmascope.train", args: [file] })) as string;
    await runEnds(directory, "finished");
    directories.push(directory);
  }
});
afterAll(() => bench?.close());

const lines = (title: string) =>
  frame.locator("figure", { has: frame.locator("h3", { hasText: title }) }).locator("svg.chart svg");

it("shows what sets the runs apart, their results, and every one in each plot", async () => {
  await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
  // As the Runs view calls it on a selection of several rows.
  await bench.ask("execute", { command: "sigmascope.compareRuns", args: [directories[0], directories] });
  frame = await panelFrame(bench, "#report", "Compare");
  const table = await frame.locator("table.settings").textContent();
  for (const property of ["model.cell", "model.reflectors", "training.seed"])
    expect(table).toContain(property);
  expect(table).not.toContain("task.length");
  expect(await frame.locator("table.seeds").textContent()).toContain("spectral (2 seeds)");
  for (const title of ["Loss", "Gradient half-life", "Gradient by timestep: all runs"])
    expect(await lines(title).locator("[data-series]").count()).toBe(3);
  expect(await lines("Range of the singular values").locator(".band").count()).toBe(3);
  await picture(bench, "compare-light");
});

it("a point under the pointer is what the telemetry says", async () => {
  const figure = frame.locator("figure", {
    has: frame.locator("h3", { hasText: "Norm of the whole gradient" }),
  });
  await figure.scrollIntoViewIfNeeded();
  const box = (await figure.locator(".plot").boundingBox())!;
  await bench.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const said = await vi.waitFor(async () => {
    const text = await figure.locator(".readout").textContent();
    expect(text).toMatch(/^step \d+/);
    return text!;
  }, patience);
  const step = Number(/^step (\d+)/.exec(said)![1]);
  const { rows } = readTelemetry(join(directories[0]!, "telemetry.arrows"));
  const { gradientNorm } = rows.find((row) => row.step === step)!;
  const shown = Number(/vanilla ([\d.]+)/.exec(said)![1]);
  expect(Math.abs(shown - gradientNorm)).toBeLessThan(2e-3 * gradientNorm);
});

it("seeds collapse into mean and spread, and the same share of each run can be compared", async () => {
  await frame.locator("input[name=collapse]").check();
  await vi.waitFor(
    async () => expect(await lines("Loss").locator("[data-series]").count()).toBe(2),
    patience,
  );
  expect(await lines("Gradient half-life").locator(".band").count()).toBe(1);
  await frame.locator("select[name=align]").selectOption("fraction");
  const slider = frame.locator("input[type=range]");
  await slider.focus();
  await bench.page.keyboard.press("Home");
  await vi.waitFor(async () => expect(await frame.locator("output").textContent()).toBe("0 %"), patience);
  // What was chosen is still chosen when the tab was hidden.
  await bench.ask("open", { file: join(bench.code.workspace, "vanilla.sigmascope.json") });
  await bench.ask("execute", { command: "sigmascope.compareRuns", args: [directories] });
  frame = await panelFrame(bench, "#report", "Compare");
  await vi.waitFor(
    async () => expect(await frame.locator("input[name=collapse]").isChecked()).toBe(true),
    patience,
  );
  expect(await frame.locator("output").textContent()).toBe("0 %");
});

it("looks as it should in every theme, narrow and wide", async () => {
  await inEveryTheme(bench, frame, {
    root: "#report",
    name: "compare",
    ready: () => frame.locator("figure svg.chart").first().waitFor(),
  });
});

it("a run that cannot be read is told beside those that can", async () => {
  const damaged = join(bench.code.workspace, ".sigmascope/runs/20200101-000000-damaged-0000");
  await mkdir(damaged);
  await writeFile(join(damaged, "run.json"), "{");
  await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
  await bench.ask("execute", {
    command: "sigmascope.compareRuns",
    args: [[directories[0], damaged, directories[1]]],
  });
  frame = await panelFrame(bench, "#report", "Compare");
  expect(await frame.locator("[role=alert]").textContent()).toContain(join(damaged, "run.json"));
  expect(await lines("Loss").locator("[data-series]").count()).toBe(2);
});
