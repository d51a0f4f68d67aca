/** TensorFlow.js: its engine in the packaged extension, and the run that a program of the user's own recorded. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readRunRecord } from "../../src/runs/runRecord.ts";
import { inEveryTheme, panelFrame, picture } from "./panelFrame.ts";
import { runEnds } from "./runsOnScreen.ts";
import { openWorkbench, patience, type Workbench } from "./workbench.ts";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench?.close());

it("an experiment that asks for it trains on TensorFlow.js's WebAssembly, which the extension carries", async () => {
  const file = join(bench.code.workspace, "oracle.sigmascope.json");
  const experiment = {
    task: { kind: "adding", length: 20 },
    model: { cell: "spectral", hidden: 12 },
    training: { batch: 8, steps: 40 },
    engine: "tensorflow",
  };
  await writeFile(file, JSON.stringify(experiment, null, 2));
  const directory = (await bench.ask("execute", {
    command: "sigmascope.train",
    args: [file],
  })) as string;
  await runEnds(directory, "finished");
  const { engine, step } = readRunRecord(directory);
  expect(step).toBe(40);
  expect(engine.name).toBe("tensorflow");
  expect(engine.description).toMatch(/^TensorFlow\.js 4.*WebAssembly SIMD backend/);
});

it("a fit of plain TensorFlow.js opens in the panel as any run does", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [resolve("examples/tensorflowjs.mjs"), "60"],
    { cwd: bench.code.workspace },
  );
  const directory = /recorded in (.*)/.exec(stdout)![1]!;
  await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [directory] });
  const frame = await panelFrame(bench, "#diagnostics", "adding-tensorflowjs");
  await vi.waitFor(async () => expect(await frame.locator(".pill").textContent()).toBe("finished"), patience);
  const charts = async () => {
    for (const plot of ["singularValues", "updateRatio", "gradientProfile", "loss"]) {
      // A plot is drawn when it comes into sight.
      const figure = frame.locator(`figure[data-plot=${plot}]`);
      await figure.scrollIntoViewIfNeeded();
      await figure.locator("svg.chart").first().waitFor();
    }
  };
  await charts();
  await picture(bench, "tensorflowjs-run");
  await inEveryTheme(bench, frame, { root: "#diagnostics", name: "tensorflowjs", ready: charts });
});
