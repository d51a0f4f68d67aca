/** The Runs view with a thousand runs, what is done with runs, and what damage does: a message, and nothing else. */
import { existsSync } from "node:fs";
import { appendFile, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { writeLargeRun } from "../../bench/largeRun.ts";
import { toldOf } from "./notifications.ts";
import { panelFrame } from "./panelFrame.ts";
import { runRow } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
let root: string;
/** A small finished run. */
let original: string;

beforeAll(async () => {
  bench = await openWorkbench();
  root = join(bench.code.workspace, ".sigmascope/runs");
  original = writeLargeRun(root, { rows: 20, length: 10, hidden: 4, rowsPerBatch: 5 });
  await bench.ask("execute", { command: "sigmascope.runs.focus" });
});
afterAll(() => bench?.close());

/** A copy of the run with another name. */
async function copyRun(id: string, changes: object): Promise<string> {
  const directory = join(root, id);
  await cp(original, directory, { recursive: true });
  const file = join(directory, "run.json");
  const record = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...record, id, ...changes }));
  return directory;
}

const input = () => bench.page.locator(".quick-input-widget input").first();

it("a run is renamed, copied as an experiment, and deleted", async () => {
  const { page, code } = bench;
  const directory = await copyRun("20250101-000000-doomed-0001", { name: "doomed" });
  await bench.ask("execute", { command: "sigmascope.refresh" });
  await runRow(page, "doomed").waitFor();
  const renaming = bench.ask("execute", { command: "sigmascope.renameRun", args: [directory] });
  await expect.poll(() => input().inputValue(), patience).toBe("doomed");
  await input().fill("spared");
  await page.keyboard.press("Enter");
  await renaming;
  const row = page.locator(".pane-body .monaco-list-row", { hasText: "spared" }).filter({ hasText: "1 run" });
  await row.waitFor();

  await bench.ask("execute", { command: "sigmascope.copyRunAsExperiment", args: [directory] });
  const copied = await readFile(join(code.workspace, "spared.sigmascope.json"), "utf8");
  expect(copied).toContain('"cell": "spectral"');
  expect(copied).toContain("// The experiment of the run");

  const deleting = bench.ask("execute", { command: "sigmascope.deleteRun", args: [directory] });
  // A served window has no bin: whoever deletes there is asked.
  await page.getByRole("button", { name: "Delete Permanently" }).click();
  await deleting;
  await row.waitFor({ state: "detached" });
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(original)).toBe(true);
});

it("ruined run directories are told as such, and break nothing else", async () => {
  const { page } = bench;
  const torn = await copyRun("20250101-000000-torn-0002", { name: "torn" });
  await appendFile(join(torn, "telemetry.arrows"), Buffer.alloc(1000, 3));
  await appendFile(join(torn, "events.jsonl"), '{"type":"finding"\n');
  await mkdir(join(root, "20250101-000000-empty-0003"));
  const cut = await copyRun("20250101-000000-cut-0004", { name: "cut" });
  await writeFile(join(cut, "run.json"), '{"format": 1,');
  await bench.ask("execute", { command: "sigmascope.refresh" });
  await runRow(page, "Cannot be read").waitFor();
  await runRow(page, "torn").waitFor();

  await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [torn] });
  const frame = await panelFrame(bench, "#diagnostics", "torn");
  await frame.locator("figure[data-plot=loss] svg.chart").waitFor();
  expect(
    await frame.locator("figure[data-plot=loss] svg.chart").first().getAttribute("aria-label"),
  ).toContain("20 points");
  expect(await frame.locator("header .problem").textContent()).toMatch(/telemetry\.arrows|events\.jsonl/);
  await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [cut] });
  const other = await panelFrame(bench, "#diagnostics", basename(cut));
  await vi.waitFor(
    async () => expect(await other.locator("header .problem").textContent()).toContain("run.json"),
    patience,
  );
  await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
});

it("an experiment file that means harm has problems, and starts nothing", async () => {
  const { page, code } = bench;
  const before = await readdir(root);
  const hostile = {
    outside: '{ "task": { "kind": "csv", "data": "../../../../etc/passwd" }, "model": { "cell": "rnn" } }',
    proto: '{ "__proto__": { "polluted": 1 }, "task": { "kind": "adding" }, "model": { "cell": "rnn" } }',
    huge: '{ "task": { "kind": "adding", "length": 1e308 }, "model": { "cell": "rnn", "hidden": 1e9 } }',
    deep: `${'{"task":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  };
  for (const [name, text] of Object.entries(hostile)) {
    const file = join(code.workspace, `${name}.sigmascope.json`);
    await writeFile(file, text);
    await bench.ask("execute", { command: "sigmascope.train", args: [file] });
    await page
      .locator(".pane-body .monaco-list-row", { hasText: name })
      .filter({ hasText: /\d problem/ })
      .waitFor();
  }
  await toldOf(bench, "cannot be run");
  expect(await readdir(root)).toEqual(before);
  expect(await bench.ask("active")).toBe(true);
});

it("a thousand runs are shown, filtered and refreshed without a wait", async () => {
  const { page } = bench;
  await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      copyRun(`20240101-000000-many-${i.toString(16).padStart(4, "0")}`, {
        name: i === 777 ? "needle" : "many",
        // The newest group is the uppermost.
        experimentFile: join(bench.code.workspace, "many.sigmascope.json"),
        created: new Date(Date.now() + 1000 * i).toISOString(),
      }),
    ),
  );
  const began = performance.now();
  await bench.ask("execute", { command: "sigmascope.refresh" });
  await runRow(page, "1000 runs").waitFor();
  console.log(`a thousand new runs are shown after ${(performance.now() - began).toFixed(0)} ms`);
  const filtering = bench.ask("execute", { command: "sigmascope.filterRuns" });
  await input().waitFor();
  await input().fill("needle");
  await page.keyboard.press("Enter");
  await filtering;
  await runRow(page, "needle").waitFor();
  await vi.waitFor(
    async () =>
      expect(
        await page
          .locator(".pane-body .monaco-list-row")
          .filter({ hasText: /finished/ })
          .count(),
      ).toBe(1),
    patience,
  );
  await bench.ask("execute", { command: "sigmascope.clearRunFilter" });
});

it("every setting has a description and a title", async () => {
  const { contributes } = JSON.parse(await readFile("package.json", "utf8")) as {
    contributes: { configuration: { properties: Record<string, unknown> }[] };
  };
  const { page } = bench;
  await bench.ask("execute", {
    command: "workbench.action.openSettings",
    args: ["@ext:sigmascope.sigmascope"],
  });
  await page.locator(".settings-editor .setting-item-contents").first().waitFor();
  const shown = await page.locator(".settings-editor").textContent();
  expect(shown).toContain("Color Map");
  expect(shown).not.toMatch(/%(setting|configuration|command)\./);
  expect(
    contributes.configuration.flatMap(({ properties }) => Object.keys(properties)).length,
  ).toBeGreaterThan(30);
});
