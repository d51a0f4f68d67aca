/** The Diagnostics panel of an ended run: what is drawn and said is what the run recorded. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { TelemetryRow } from "../../src/runs/telemetry.ts";
import { readTelemetry } from "../../src/runs/telemetryReader.ts";
import { toldOf } from "./notifications.ts";
import { inEveryTheme, panelFrame, picture } from "./panelFrame.ts";
import { runEnds } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
let frame: Frame;
let directory: string;
let rows: readonly TelemetryRow[];
const steps = 400;

beforeAll(async () => {
  bench = await openWorkbench();
  const file = join(bench.code.workspace, "ended.sigmascope.json");
  const experiment = {
    task: { kind: "adding", length: 50 },
    model: { cell: "rnn", hidden: 24, initialization: "uniform" },
    training: { batch: 16, steps },
  };
  await writeFile(file, JSON.stringify(experiment, null, 2));
  directory = (await bench.ask("execute", { command: "sigmascope.train", args: [file] })) as string;
  await runEnds(directory, "finished");
  ({ rows } = readTelemetry(join(directory, "telemetry.arrows")));
  frame = await panelFrame(bench, "#diagnostics", "ended");
  await vi.waitFor(async () => expect(await frame.locator(".pill").textContent()).toBe("finished"), patience);
});
afterAll(() => bench?.close());

const figure = (plot: string): Locator => frame.locator(`figure[data-plot=${plot}]`);
/** The plot's rectangle on the screen, scrolled into sight. */
async function rectangle(plot: string) {
  await figure(plot).scrollIntoViewIfNeeded();
  await figure(plot).locator("svg.chart").first().waitFor();
  // A chart is drawn anew whenever something changes; the place that holds it stays.
  const box = (await figure(plot).locator(".plot").boundingBox())!;
  const [left, top, right, bottom] = [52, 26, box.width - 12, box.height - 38];
  return {
    at: (x: number, y: number) =>
      [box.x + left + x * (right - left), box.y + top + y * (bottom - top)] as const,
  };
}
async function hover(plot: string, x: number, y = 0.5): Promise<string> {
  const { at } = await rectangle(plot);
  await bench.page.mouse.move(...at(x, y));
  return vi.waitFor(async () => {
    const text = await figure(plot).locator(".readout").textContent();
    expect(text).toMatch(/step [\d,]+/);
    return text!;
  }, patience);
}
const numberIn = (text: string, pattern: RegExp): number => {
  const found = pattern.exec(text)?.[1];
  expect(found, `${pattern} in ${text}`).toBeDefined();
  return Number(
    found!
      .replace(/,/g, "")
      .replace("−", "-")
      .replace("×10", "e")
      .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+/, exponent),
  );
};
const exponent = (digits: string) =>
  [...digits].map((digit) => (digit === "⁻" ? "-" : String("⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit)))).join("");
const rowAt = (step: number) => rows.find((row) => row.step === step)!;
const close = (shown: number, recorded: number) =>
  expect(Math.abs(shown - recorded)).toBeLessThanOrEqual(1e-4 * Math.abs(recorded) + 1e-12);

it("the head says what run.json says, and a finding has its evidence and its buttons", async () => {
  const record = JSON.parse(await readFile(join(directory, "run.json"), "utf8")) as {
    reach: number;
    findings: { title: string; rule: string }[];
  };
  const head = await frame.locator("header").textContent();
  expect(head).toContain("step 400 of 400 (100 %)");
  expect(head).toContain(`${record.reach} of 50 timesteps`);
  expect(record.findings.map(({ rule }) => rule)).toContain("vanishing-gradient");
  expect(await frame.locator(".finding").count()).toBe(record.findings.length);
  const vanishing = frame.locator(".finding[data-rule=vanishing-gradient]");
  expect(await vanishing.textContent()).toContain(
    record.findings.find(({ rule }) => rule === "vanishing-gradient")!.title,
  );
  await vanishing.getByRole("button", { name: /^Apply and train again/ }).waitFor();
});

it("values under the pointer are those of the telemetry", async () => {
  const loss = await hover("loss", 0.5);
  close(numberIn(loss, /loss ([\d.]+)/), rowAt(numberIn(loss, /step ([\d,]+)/)).loss);

  const profile = await hover("gradientProfile", 0.9);
  const t = numberIn(profile, /timestep ([\d,]+)/);
  const recorded = rowAt(numberIn(profile, /step ([\d,]+)/)).layers[0]!.gradientNorm;
  close(numberIn(profile, /median ([\d.,×⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)/), recorded.p50[t - 1]!);

  const map = await hover("heatMap", 0.4, 0.2);
  const norms = rowAt(numberIn(map, /step ([\d,]+)/)).layers[0]!.gradientNorm.p50;
  close(numberIn(map, /‖ ([\d.,×⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)$/), norms[numberIn(map, /timestep ([\d,]+)/) - 1]!);

  const spectrum = await hover("spectrum", 0);
  const values = rows.findLast((row) => row.layers[0]!.singularValues.W)!.layers[0]!.singularValues.W!;
  close(numberIn(spectrum, /is ([\d.]+)/), values[0]!);
});

it("every plot is drawn, with as many marks as there are things to mark", async () => {
  expect(await figure("singularValues").locator("[data-line]").count()).toBe(24);
  expect(await figure("spectrum").locator("circle.dot").count()).toBe(24);
  for (const plot of ["halfLife", "saturation", "updateRatio", "gradientNorm"]) {
    await figure(plot).scrollIntoViewIfNeeded();
    await figure(plot).locator("svg.chart path.line").first().waitFor({ state: "attached" });
  }
  expect(await figure("updateRatio").locator(".plot-legend li").count()).toBe(5);
  // The loss is the metric here, and is drawn once.
  expect(await figure("metric").isVisible()).toBe(false);
});

it("a click chooses a step in all plots; a drag zooms them; keys and buttons do the same", async () => {
  const { page } = bench;
  const { at } = await rectangle("loss");
  await page.mouse.click(...at(0.25, 0.5));
  await vi.waitFor(
    async () => expect(await frame.locator("output").textContent()).toMatch(/^(99|10[0-2])$/),
    patience,
  );
  const step = Number(await frame.locator("output").textContent());
  await vi.waitFor(
    async () =>
      expect(await figure("gradientProfile").locator("h3").textContent()).toBe(
        `Gradient norm by timestep at step ${step}`,
      ),
    patience,
  );
  for (const plot of ["loss", "halfLife"]) {
    await figure(plot).scrollIntoViewIfNeeded();
    await vi.waitFor(
      async () => expect(await figure(plot).locator(".step-cursor").count()).toBe(1),
      patience,
    );
  }
  // The keys act on the plot that was clicked, which still has the focus.
  await page.keyboard.press("ArrowRight");
  await vi.waitFor(
    async () => expect(await frame.locator("output").textContent()).toBe(String(step + 1)),
    patience,
  );

  const { at: map } = await rectangle("heatMap");
  await page.mouse.move(...map(0.25, 0.25));
  await page.mouse.down();
  await page.mouse.move(...map(0.5, 0.5), { steps: 4 });
  await page.mouse.up();
  const label = () => figure("heatMap").locator("svg.chart").first().getAttribute("aria-label");
  await vi.waitFor(
    async () => expect(await label()).toMatch(/steps (9|10)\d to (19|20)\d, timesteps 2\d to 3\d/),
    patience,
  );
  await figure("loss").scrollIntoViewIfNeeded();
  await vi.waitFor(
    async () =>
      expect(await figure("loss").locator("svg.chart").first().getAttribute("aria-label")).toMatch(
        /from step (9|10)\d to (19|20)\d/,
      ),
    patience,
  );
  await picture(bench, "diagnostics-zoomed");
  await frame.getByRole("button", { name: "Show all steps and all timesteps" }).click();
  await figure("heatMap").scrollIntoViewIfNeeded();
  await vi.waitFor(
    async () => expect(await label()).toContain("steps 1 to 400, timesteps 1 to 50"),
    patience,
  );
});

it("the axis of a plot can be linear, and the numbers can be read as a table", async () => {
  const title = () => figure("gradientProfile").locator("text.title").first().textContent();
  await figure("gradientProfile").scrollIntoViewIfNeeded();
  expect(await title()).toContain("log scale");
  await figure("gradientProfile").getByRole("button", { name: "Logarithmic axis" }).click();
  await vi.waitFor(async () => expect(await title()).not.toContain("log scale"), patience);
  await figure("gradientProfile").getByRole("button", { name: "Logarithmic axis" }).click();
  await frame.locator("vscode-checkbox[data-choice=table]").click();
  const table = frame.locator(".tables table.numbers");
  await table.first().waitFor();
  await vi.waitFor(async () => expect(await table.count()).toBe(3), patience);
  expect(await table.nth(0).locator("tbody tr").count()).toBe(50);
  expect(await table.nth(1).locator("tbody tr").count()).toBe(50);
  expect(await table.nth(2).locator("tbody tr").count()).toBe(24);
});

it("a plot is saved as CSV, SVG and PNG where the user says", async () => {
  const { page, code } = bench;
  for (const format of ["csv", "svg", "png"] as const) {
    await figure("loss").scrollIntoViewIfNeeded();
    await figure("loss").locator(".plot-tools button", { hasText: format.toUpperCase() }).click();
    const input = page.locator(".quick-input-widget input").first();
    await input.waitFor();
    // The dialog fills in its proposal a moment after it has opened.
    await expect.poll(() => input.inputValue(), patience).toContain(`-loss.${format}`);
    await input.fill(join(code.workspace, `loss.${format}`));
    await page.keyboard.press("Enter");
    await toldOf(bench, `Saved loss.${format}`);
  }
  const [heading, ...lines] = (await readFile(join(code.workspace, "loss.csv"), "utf8"))
    .trimEnd()
    .split("\n");
  expect(heading).toBe("step,time,loss");
  expect(lines.map((line) => Number(line.split(",")[2]))).toEqual(rows.map(({ loss }) => loss));
  const svg = await readFile(join(code.workspace, "loss.svg"), "utf8");
  expect(svg).toMatch(/^<svg[^>]* xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(svg).toContain('stroke="rgb(');
  const png = await readFile(join(code.workspace, "loss.png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect(png.readUInt32BE(16)).toBeGreaterThan(500);
});

it("the run's numbers are exported as a table", async () => {
  const { page, code } = bench;
  await bench.palette("Sigmascope: Export");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Steps as CSV" }).click();
  const input = page.locator(".quick-input-widget input").first();
  await expect.poll(() => input.inputValue(), patience).toContain("-steps.csv");
  await input.fill(join(code.workspace, "steps.csv"));
  await page.keyboard.press("Enter");
  await toldOf(bench, "Saved steps.csv");
  const [heading = "", ...lines] = (await readFile(join(code.workspace, "steps.csv"), "utf8"))
    .trimEnd()
    .split("\n");
  const column = heading.split(",").indexOf("gradientNorm");
  expect(lines.map((line) => Number(line.split(",")[column]))).toEqual(
    rows.map(({ gradientNorm }) => gradientNorm),
  );
});

it("a reload of the window brings the panel back, with the step that was chosen", async () => {
  const { page } = bench;
  const { at } = await rectangle("loss");
  await page.mouse.click(...at(0.5, 0.5));
  await vi.waitFor(
    async () => expect(await frame.locator("output").textContent()).toMatch(/^(199|20[0-2])$/),
    patience,
  );
  await page.reload();
  await page.locator(".monaco-workbench").waitFor();
  frame = await panelFrame(bench, "#diagnostics", "ended");
  // VS Code writes what a page keeps now and then, not at once: which of the chosen steps it was is left to it.
  await vi.waitFor(
    async () => expect(await frame.locator("output").textContent()).toMatch(/^[\d,]+$/),
    patience,
  );
  await frame.locator("figure[data-plot=loss] svg.chart").waitFor();
});

it("looks as it should in every theme, narrow and wide", async () => {
  await inEveryTheme(bench, frame, {
    root: "#diagnostics",
    name: "diagnostics",
    ready: async () => {
      await figure("gradientNorm").scrollIntoViewIfNeeded();
      await figure("gradientNorm").locator("svg.chart").waitFor();
      await frame.locator("h1").scrollIntoViewIfNeeded();
    },
  });
});
