/** What stands in an experiment file: problems at their places; a run's findings, their quick fixes, lenses, hints. */
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { picture } from "./panelFrame.ts";
import { newestRun } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

interface Found {
  readonly message: string;
  readonly severity: string;
  readonly source: string;
  readonly range: readonly [number, number, number, number];
}

/** What of run.json is compared with the screen. */
interface RunJson {
  readonly cell: string;
  readonly halfLife: number;
  readonly sigma: readonly [number, number];
  readonly testMetric: number;
  readonly findings: readonly { rule: string; title: string; evidence: string }[];
}

const vanishing = `{
  // A vanilla RNN from PyTorch's start: nothing reaches the early timesteps.
  "task": { "kind": "adding", "length": 150 },
  "model": {
    "cell": "rnn", // the transition matrix itself is trained
    "hidden": 32,
    "initialization": "uniform"
  },
  "training": { "batch": 16, "steps": 400, "learningRate": 0.002 }
}
`;

const broken = `{
  "task": { "kind": "adding", "length": 1 },
  "model": { "cell": "spectrl", "hidden": -4 },
  "training": { "steps": "many", "lerningRate": 0.1 }
}
`;

const syntaxErrors = `{
  "task": { "kind": "adding" "length": 20 },
  "model": { "cell": True, "hidden": 4, "hidden": 5 },
  "training": { 'steps': 3 }
}
`;

let bench: Workbench;
const fileOf = (name: string) => join(bench.code.workspace, `${name}.sigmascope.json`);
const diagnosticsOf = (name: string) => bench.ask("diagnostics", { file: fileOf(name) }) as Promise<Found[]>;

beforeAll(async () => {
  bench = await openWorkbench();
  await writeFile(fileOf("vanishing"), vanishing);
  await writeFile(fileOf("broken"), broken);
});
afterAll(() => bench?.close());

/** A line of the Problems panel. */
const problemRow = (message: string): Locator =>
  bench.page.locator(".markers-panel .monaco-list-row", { hasText: message.split("\n")[0]! }).first();

/** What is read on the screen, where VS Code draws spaces as ones that do not break. */
const onScreen = async (place: Locator): Promise<string> =>
  ((await place.textContent()) ?? "").replaceAll("\u00a0", " ");

/** The text that a range covers; ranges of these files lie on one line. */
const covered = (text: string, [line, from, , to]: Found["range"]) => text.split("\n")[line]!.slice(from, to);

it("a broken file shows every problem at its place, once", async () => {
  const { page } = bench;
  await bench.ask("open", { file: fileOf("broken") });
  const found = await vi.waitFor(async () => {
    const all = await diagnosticsOf("broken");
    expect(all.length).toBeGreaterThanOrEqual(5);
    return all;
  }, patience);
  expect(found.map(({ range }) => covered(broken, range)).sort()).toEqual(
    ["1", '"spectrl"', "-4", '"many"', '"lerningRate"'].sort(),
  );
  expect(new Set(found.map(({ source }) => source))).toEqual(new Set(["Sigmascope"]));
  const misspelt = found.find(({ range }) => covered(broken, range) === '"lerningRate"');
  expect(misspelt?.message).toContain("learningRate");
  await page.locator(".squiggly-error").first().waitFor();
  expect(await page.locator(".squiggly-error").count()).toBeGreaterThanOrEqual(5);

  // The Problems panel has each of them, with its place.
  await bench.ask("execute", { command: "workbench.actions.view.problems" });
  for (const { message, range } of found) {
    const row = problemRow(message);
    await row.waitFor();
    expect(await onScreen(row)).toContain(`[Ln ${range[0] + 1}, Col ${range[1] + 1}]`);
  }
  expect(await page.locator(".markers-panel .monaco-list-row .marker-icon").count()).toBe(found.length);
  await picture(bench, "inline-problems");

  // What was meant is put in the misspelt one's place.
  const misspelled = ['"spectrl"', '"lerningRate"'];
  for (const wrong of misspelled) {
    const { range } = found.find((one) => covered(broken, one.range) === wrong)!;
    const right = wrong === '"spectrl"' ? '"spectral"' : '"learningRate"';
    const title = `Change to ${right}`;
    expect(await bench.ask("codeActions", { file: fileOf("broken"), at: range })).toContain(title);
    await bench.ask("applyCodeAction", { file: fileOf("broken"), at: range, title });
  }
  expect(await bench.ask("text", { file: fileOf("broken") })).toBe(
    broken.replace("spectrl", "spectral").replace("lerningRate", "learningRate"),
  );
  await vi.waitFor(async () => {
    const left = await diagnosticsOf("broken");
    expect(left.map(({ range }) => range[0])).toEqual([1, 2, 3]);
  }, patience);
  await bench.ask("execute", { command: "workbench.action.files.save" });

  // Mended, they are gone.
  await writeFile(fileOf("broken"), '{ "task": { "kind": "adding" }, "model": { "cell": "gru" } }\n');
  await vi.waitFor(async () => expect(await diagnosticsOf("broken")).toEqual([]), patience);
  await vi.waitFor(
    async () => expect(await page.locator(".markers-panel .monaco-list-row").count()).toBe(0),
    patience,
  );
  await bench.ask("execute", { command: "workbench.action.closePanel" });
});

it("in a file that is not JSON each place says what is due there", async () => {
  const file = fileOf("syntax");
  await writeFile(file, syntaxErrors);
  await bench.ask("open", { file });
  // VS Code's own support of JSON, which cannot be silenced for one file, says a word of its own at the same places.
  await vi.waitFor(async () => {
    const ours = (await diagnosticsOf("syntax")).filter(({ source }) => source === "Sigmascope");
    expect(ours.map(({ range, message }) => [covered(syntaxErrors, range), message])).toEqual([
      ['"length"', 'found "length" where a comma is due'],
      ["True", "True is nothing that JSON knows; write true"],
      ['"hidden"', 'key "hidden" is given twice; the first is in line 3'],
      ["'steps'", "'steps' is nothing that JSON knows; text stands in double quotes"],
    ]);
  }, patience);
  await rm(file);
});

it("completion offers the cells, and a hover says what is allowed", async () => {
  await bench.ask("open", { file: fileOf("vanishing") });
  const line = vanishing.split("\n").findIndex((text) => text.includes('"cell"'));
  const column = vanishing.split("\n")[line]!.indexOf('"rnn"');
  await vi.waitFor(async () => {
    const offered = (await bench.ask("completions", {
      file: fileOf("vanishing"),
      at: [line, column + 1],
    })) as string[];
    expect(offered.map((label) => label.replaceAll('"', ""))).toEqual(
      expect.arrayContaining(["spectral", "orthogonal", "lstm", "gru"]),
    );
  }, patience);
  const hidden = vanishing.split("\n").findIndex((text) => text.includes('"hidden"'));
  const said = (await bench.ask("hovers", { file: fileOf("vanishing"), at: [hidden, 6] })) as string[];
  expect(said.join("\n")).toMatch(/whole number from 1 to/);
});

it("a vanishing run warns on the cell; its quick fix edits the file; the run trained anew has no such finding", async () => {
  const { page, code } = bench;
  const file = fileOf("vanishing");
  await bench.ask("open", { file });
  expect(await diagnosticsOf("vanishing")).toEqual([]);
  await bench.palette("Sigmascope: Train");
  const first = await vi.waitFor(async () => {
    const run = await newestRun(code);
    expect(run.state).toBe("finished");
    return run;
  }, patience);
  await bench.ask("open", { file });
  const warning = await vi.waitFor(async () => {
    const [found] = (await diagnosticsOf("vanishing")).filter(({ message }) => /vanishes/.test(message));
    expect(found).toBeDefined();
    return found!;
  }, patience);
  expect(covered(vanishing, warning.range)).toBe('"rnn"');
  expect(warning.message).toMatch(/half-life|halves|reaches/);
  await page.locator(".squiggly-warning, .squiggly-error").first().waitFor();
  const record = JSON.parse(await readFile(join(first.directory, "run.json"), "utf8")) as RunJson;
  const { title, evidence } = record.findings.find(({ rule }) => rule === "vanishing-gradient")!;
  await bench.ask("execute", { command: "notifications.clearAll" });
  await page.locator(".view-line span", { hasText: '"rnn"' }).last().hover();
  const hover = page.locator(".monaco-hover", { hasText: title }).first();
  await hover.waitFor();
  const told = await onScreen(hover);
  expect(told).toContain(evidence);
  expect(told).toContain("Sigmascope(vanishing-gradient)");
  await picture(bench, "inline-warning");
  await page.keyboard.press("Escape");

  // Lenses and hint say what run.json says.
  const lenses = (await bench.ask("codeLenses", { file })) as { title: string }[];
  expect(lenses.map(({ title }) => title)).toEqual([
    "$(play) Train",
    "$(graph-line) Open diagnostics",
    expect.stringContaining("last run: finished · step 400"),
  ]);
  const lens = page.locator(".codelens-decoration", { hasText: "last run" });
  await lens.waitFor();
  const [, metric = "", lensHalfLife = "", count = ""] =
    /Train.*Open diagnostics.*last run: finished · step 400 · test mean squared error ([\d.]+) · half-life ([\d.]+) · \D*(\d+)$/.exec(
      await onScreen(lens),
    ) ?? [];
  expect(Number(metric)).toBeCloseTo(record.testMetric, 3);
  expect(Number(lensHalfLife)).toBeCloseTo(record.halfLife, 1);
  expect(Number(count)).toBe(record.findings.length);
  const hints = (await bench.ask("inlayHints", { file })) as { label: string; at: [number, number] }[];
  expect(hints).toHaveLength(1);
  // Right behind the cell, and whole: VS Code cuts hints that are too long for it.
  expect(hints[0]!.at).toEqual([warning.range[2], warning.range[3]]);
  const hint = page.locator(".view-line", { hasText: "half-life" }).first();
  await hint.waitFor();
  const [, halfLife = "", low = "", high = ""] =
    /"rnn"\s*half-life ([\d.]+) of 150 timesteps · σ ([\d.]+) … ([\d.]+)\s*,/.exec(await onScreen(hint)) ??
    [];
  expect(Number(halfLife)).toBeCloseTo(record.halfLife, 1);
  expect(Number(low)).toBeCloseTo(record.sigma[0], 2);
  expect(Number(high)).toBeCloseTo(record.sigma[1], 2);

  const titles = (await bench.ask("codeActions", { file, at: warning.range })) as string[];
  expect(titles).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Apply remedy: /),
      expect.stringMatching(/^Fix and train again: /),
    ]),
  );
  await bench.ask("applyCodeAction", { file, at: warning.range, title: "Fix and train again" });
  const edited = await readFile(file, "utf8");
  expect(edited).toContain('"cell": "spectral", // the transition matrix itself is trained');
  expect(edited).toContain("// A vanilla RNN from PyTorch's start");
  await vi.waitFor(async () => {
    const run = await newestRun(code);
    expect(run.directory).not.toBe(first.directory);
    expect(run.state).toBe("finished");
  }, patience);
  const second = JSON.parse(
    await readFile(join((await newestRun(code)).directory, "run.json"), "utf8"),
  ) as RunJson;
  expect(second.cell).toBe("spectral");
  expect(second.findings.map(({ rule }) => rule)).not.toContain("vanishing-gradient");
  await bench.ask("open", { file });
  await vi.waitFor(
    async () =>
      expect((await diagnosticsOf("vanishing")).filter(({ message }) => /vanishes/.test(message))).toEqual(
        [],
      ),
    patience,
  );
  await bench.ask("execute", { command: "workbench.actions.view.problems" });
  await vi.waitFor(async () => expect(await problemRow(title).count()).toBe(0), patience);
  const after = (await bench.ask("codeLenses", { file })) as { title: string }[];
  expect(after.at(-1)?.title).toContain("Compare the last two runs");
});

it("in an untrusted workspace the same is shown, and the remedy can be written, not trained", async () => {
  const root = join(bench.code.workspace, ".sigmascope/runs");
  const [oldest] = (await readdir(root)).filter((name) => !name.startsWith(".")).sort();
  const other = await openWorkbench({ trusted: false });
  try {
    expect(await other.ask("trusted")).toBe(false);
    const { workspace } = other.code;
    const file = join(workspace, "vanishing.sigmascope.json");
    await writeFile(file, vanishing);
    const copy = join(workspace, ".sigmascope/runs", oldest!);
    await cp(join(root, oldest!), copy, { recursive: true });
    const record = JSON.parse(await readFile(join(copy, "run.json"), "utf8")) as RunJson;
    await writeFile(join(copy, "run.json"), JSON.stringify({ ...record, experimentFile: file }));
    await other.ask("open", { file });
    const warning = await vi.waitFor(async () => {
      const all = (await other.ask("diagnostics", { file })) as Found[];
      const found = all.find(({ message }) => /vanishes/.test(message));
      expect(found).toBeDefined();
      return found!;
    }, patience);
    await other.page.locator(".squiggly-warning, .squiggly-error").first().waitFor();
    await other.page.locator(".view-line", { hasText: "half-life" }).first().waitFor();
    const lenses = (await other.ask("codeLenses", { file })) as { title: string }[];
    expect(lenses.map(({ title }) => title)).toEqual([
      "$(graph-line) Open diagnostics",
      expect.stringContaining("last run: finished"),
    ]);
    const titles = (await other.ask("codeActions", { file, at: warning.range })) as string[];
    expect(titles.filter((title) => /train/i.test(title))).toEqual([]);
    await other.ask("applyCodeAction", { file, at: warning.range, title: "Apply remedy" });
    expect(await other.ask("text", { file })).toContain('"cell": "spectral", // the transition matrix');
    // Heeded, the warning goes, though nothing was trained.
    await vi.waitFor(async () => {
      const all = (await other.ask("diagnostics", { file })) as Found[];
      expect(all.filter(({ message }) => /vanishes/.test(message))).toEqual([]);
    }, patience);
  } finally {
    await other.close();
  }
});
