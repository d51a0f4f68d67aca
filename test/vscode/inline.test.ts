/** What stands in an experiment file: problems at their places; a run's findings, their quick fixes, lenses, hints. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

let bench: Workbench;
const fileOf = (name: string) => join(bench.code.workspace, `${name}.sigmascope.json`);
const diagnosticsOf = (name: string) => bench.ask("diagnostics", { file: fileOf(name) }) as Promise<Found[]>;

beforeAll(async () => {
  bench = await openWorkbench();
  await writeFile(fileOf("vanishing"), vanishing);
  await writeFile(fileOf("broken"), broken);
});
afterAll(() => bench?.close());

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
  // Mended, they are gone.
  await writeFile(fileOf("broken"), '{ "task": { "kind": "adding" }, "model": { "cell": "gru" } }\n');
  await vi.waitFor(async () => expect(await diagnosticsOf("broken")).toEqual([]), patience);
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

  // Lenses and hint say what run.json says.
  const lenses = (await bench.ask("codeLenses", { file })) as { title: string }[];
  expect(lenses.map(({ title }) => title)).toEqual([
    "$(play) Train",
    "$(graph-line) Open diagnostics",
    expect.stringContaining("last run: finished · step 400"),
  ]);
  await page.locator(".codelens-decoration", { hasText: "Open diagnostics" }).waitFor();
  const record = JSON.parse(await readFile(join(first.directory, "run.json"), "utf8")) as {
    halfLife: number;
    sigma: [number, number];
  };
  const hints = (await bench.ask("inlayHints", { file })) as { label: string; at: [number, number] }[];
  expect(hints).toHaveLength(1);
  const [, halfLife = "", low = "", high = ""] =
    /half-life ([\d.]+) of 150 timesteps · σ ([\d.]+) … ([\d.]+)/.exec(hints[0]!.label) ?? [];
  expect(Number(halfLife)).toBeCloseTo(record.halfLife, 1);
  expect(Number(low)).toBeCloseTo(record.sigma[0], 2);
  expect(Number(high)).toBeCloseTo(record.sigma[1], 2);
  await page.locator(".view-line", { hasText: "half-life" }).first().waitFor();
  await picture(bench, "inline-warning");

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
  const second = JSON.parse(await readFile(join((await newestRun(code)).directory, "run.json"), "utf8")) as {
    cell: string;
    findings: { rule: string }[];
  };
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
  const after = (await bench.ask("codeLenses", { file })) as { title: string }[];
  expect(after.at(-1)?.title).toContain("Compare the last two runs");
});
