/** Switching the parameterization: of a run in training, of a stopped run's checkpoint, of an experiment file. */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readEvents } from "../../src/runs/events.ts";
import { readTelemetry } from "../../src/runs/telemetryReader.ts";
import { toldOf } from "./notifications.ts";
import { picture } from "./panelFrame.ts";
import { newestRun } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

const experiment = `{
  "task": { "kind": "adding", "length": 40 },
  "model": {
    "cell": "rnn", // free
    "hidden": 24,
    "initialization": "uniform"
  },
  "training": { "batch": 16, "steps": 1000000 },
  "telemetry": { "cadence": 1 } // every step, so that the one after a switch is there
}
`;

let bench: Workbench;
let file: string;
beforeAll(async () => {
  bench = await openWorkbench();
  file = join(bench.code.workspace, "switched.sigmascope.json");
  await writeFile(file, experiment);
});
afterAll(() => bench?.close());

const record = async () => {
  const { directory } = await newestRun(bench.code);
  const text = await readFile(join(directory, "run.json"), "utf8");
  return { ...(JSON.parse(text) as { cell: string; state: string; step: number }), directory };
};
const dialog = () => bench.page.locator(".monaco-dialog-box");
const switches = (directory: string) =>
  readEvents(directory).events.flatMap((event) => (event.type === "switch" ? [event] : []));

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

it("a run in training: vanilla → SVD → vanilla, with a loss that goes on as before", async () => {
  await bench.ask("open", { file });
  await bench.palette("Sigmascope: Train");
  await vi.waitFor(async () => {
    const { state, step } = await record();
    expect(state).toBe("running");
    expect(step).toBeGreaterThan(300);
  }, patience);
  const { directory } = await record();

  // What would be clipped is said first, and Cancel leaves all as it was.
  await bench.palette("Sigmascope: Switch to SVD Parameterization");
  await dialog().waitFor();
  await expect.poll(() => dialog().textContent()).toMatch(/would move \d+ of 24 of them, by up to/);
  await picture(bench, "switch-asks");
  await dialog().getByRole("button", { name: "Cancel" }).click();
  await dialog().waitFor({ state: "detached" });
  expect((await record()).cell).toBe("rnn");
  expect(switches(directory)).toEqual([]);

  await bench.palette("Sigmascope: Switch to SVD Parameterization");
  await dialog()
    .getByRole("button", { name: /^Use Radius/ })
    .click();
  await vi.waitFor(async () => expect((await record()).cell).toBe("spectral"), patience);
  await toldOf(bench, "switched from rnn to spectral");
  const at = (await record()).step;
  await vi.waitFor(async () => expect((await record()).step).toBeGreaterThan(at + 200), patience);

  // Back again nothing can be clipped, and nothing is asked.
  await bench.palette("Sigmascope: Switch to Vanilla Parameterization");
  await vi.waitFor(async () => expect((await record()).cell).toBe("rnn"), patience);
  await toldOf(bench, "switched from spectral to rnn");
  const back = (await record()).step;
  await vi.waitFor(async () => expect((await record()).step).toBeGreaterThan(back + 200), patience);
  await bench.palette("Sigmascope: Stop");
  await vi.waitFor(async () => expect((await record()).state).toBe("stopped"), patience);

  const events = switches(directory);
  expect(events.map(({ from, to }) => `${from} → ${to}`)).toEqual(["rnn → spectral", "spectral → rnn"]);
  const { rows } = readTelemetry(join(directory, "telemetry.arrows"));
  for (const { step, functionChange, clippedCount } of events) {
    expect(functionChange).toBeLessThan(1e-4);
    expect(clippedCount).toBe(0);
    // The first loss of the switched model, before it is updated, differs from the last of the old one no more than
    // losses of two batches do; nor do those after it: the optimizer's state was carried over.
    const after = rows.findIndex((row) => row.step === step + 1);
    const before = rows.slice(after - 100, after).map(({ loss }) => loss);
    const later = rows.slice(after, after + 100).map(({ loss }) => loss);
    expect([before.length, later.length]).toEqual([100, 100]);
    expect(Math.max(...later)).toBeLessThan(3 * Math.max(...before));
    expect(median(later)).toBeLessThan(1.5 * median(before));
  }
});

it("the newest checkpoint of a stopped run, into a file of its own each time", async () => {
  const { directory } = await record();
  for (const name of ["switched-spectral.safetensors", "switched-spectral-2.safetensors"]) {
    await bench.palette("Sigmascope: Switch to SVD Parameterization");
    await dialog()
      .getByRole("button", { name: /^Use Radius/ })
      .click();
    await toldOf(bench, "Written to", name);
    expect(await readdir(directory)).toContain(name);
  }
  // What is clipped is told afterwards, too.
  await bench.palette("Sigmascope: Switch to SVD Parameterization");
  await dialog().getByRole("button", { name: "Clip to 1 ± 0.1" }).click();
  expect(await toldOf(bench, "switched-spectral-3.safetensors")).toMatch(
    /\d+ were clipped, by up to 0\.\d+; the W changed by 0\.\d+ relative/,
  );
  expect((await record()).cell).toBe("rnn");
  expect(switches(directory)).toHaveLength(2);
});

it("a run whose spectrum was not recorded: the trainer says what it refuses, and that is asked", async () => {
  const { directory } = await record();
  await rm(join(directory, "telemetry.arrows"));
  await bench.palette("Sigmascope: Switch to SVD Parameterization");
  await expect
    .poll(() => dialog().textContent(), patience)
    .toMatch(/\d+ of 24 singular values lie outside the band \(0\.9, 1\.1\)/);
  await dialog()
    .getByRole("button", { name: /^Use Radius/ })
    .click();
  expect(await toldOf(bench, "switched-spectral-4.safetensors")).toContain("none was clipped");
});

it("an experiment file, whose comments stay, and which can be undone", async () => {
  await bench.ask("open", { file });
  // Its W would start outside the band: what becomes of the start is said first.
  const cancelled = bench.ask("execute", { command: "sigmascope.switchToSvd", args: [file] });
  await expect
    .poll(() => dialog().textContent(), patience)
    .toContain('"uniform" starts W with singular values from near 0 to about 1.15.');
  await dialog().getByRole("button", { name: "Cancel" }).click();
  await cancelled;
  expect(await bench.ask("text", { file })).toBe(experiment);

  const switched = bench.ask("execute", { command: "sigmascope.switchToSvd", args: [file] });
  await dialog().getByRole("button", { name: "Switch", exact: true }).click();
  await switched;
  await toldOf(bench, "switched.sigmascope.json: W = U diag(σ) Vᵀ");
  expect(await bench.ask("text", { file })).toBe(experiment.replace('"rnn"', '"spectral"'));
  await bench.ask("execute", { command: "undo" });
  expect(await bench.ask("text", { file })).toBe(experiment);
});

it("a cell with gates is told as such, and left alone", async () => {
  const { code } = bench;
  const gated = join(code.workspace, "gated.sigmascope.json");
  const text = '{ "task": { "kind": "adding" }, "model": { "cell": "lstm" } }';
  await writeFile(gated, text);
  await bench.ask("open", { file: gated });
  await bench.ask("execute", { command: "sigmascope.switchToSvd", args: [gated] });
  await toldOf(bench, "gated.sigmascope.json has the cell lstm, whose gates");
  expect(await bench.ask("text", { file: gated })).toBe(text);
});
