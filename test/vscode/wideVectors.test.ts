/** Vectors of 256 bits in the trainers that the extension starts, and the setting that leaves them. */
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toldOf } from "./notifications.ts";
import { newestRun, runEnds } from "./runsOnScreen.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench?.close());

/** The engine of a short run, as its record has it. */
async function engineOfARun(name: string): Promise<string> {
  const file = join(bench.code.workspace, `${name}.sigmascope.json`);
  const experiment = {
    task: { kind: "adding", length: 20 },
    model: { cell: "rnn" },
    training: { steps: 20 },
  };
  await writeFile(file, JSON.stringify(experiment));
  await bench.ask("execute", { command: "sigmascope.train", args: [file] });
  const { directory } = await newestRun(bench.code);
  expect(directory).toContain(name);
  await runEnds(directory, "finished");
  return JSON.parse(await readFile(join(directory, "run.json"), "utf8")).engine.description;
}

it("are in use where the processor has them, until the setting leaves them", async () => {
  const joins =
    process.arch === "x64" &&
    process.platform === "linux" &&
    / avx2 /.test(readFileSync("/proc/cpuinfo", "utf8"));
  if (joins) expect(await engineOfARun("joined")).toContain("relaxed SIMD of 256 bits");
  await bench.ask("set", { key: "sigmascope.wideVectors", value: false });
  expect(await engineOfARun("apart")).toMatch(/^WebAssembly relaxed SIMD, \d/);
  // The doctor starts an engine with the same settings.
  await bench.palette("Sigmascope: Doctor");
  expect(await toldOf(bench, "Sigmascope can train here")).toContain("engine fused");
});
