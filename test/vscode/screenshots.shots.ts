/** `npm run screenshots`: the README's pictures, of real runs in a real VS Code, into media/. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { it } from "vitest";
import { panelFrame } from "./panelFrame.ts";
import { runEnds } from "./runsOnScreen.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const vanilla = `// The adding problem with a vanilla RNN.
{
  "task": { "kind": "adding", "length": 200 },
  "model": {
    "cell": "rnn",
    "hidden": 64,
    "initialization": "uniform" // PyTorch's start
  },
  "training": {
    "learningRate": 0.003,
    "batch": 32,
    "steps": 2500,
    "clipNorm": 1
  }
}
`;
const spectral = vanilla
  .replace("a vanilla RNN", "a Spectral-RNN")
  .replace(
    '"cell": "rnn",',
    '"cell": "spectral",\n    "radius": 0.05,\n    "reflectors": 16,\n    "activation": "leakyRelu",',
  )
  .replace('"uniform" // PyTorch\'s start', '"identity"');

async function train(bench: Workbench, name: string, text: string): Promise<string> {
  const file = join(bench.code.workspace, `${name}.sigmascope.json`);
  await writeFile(file, text);
  const directory = (await bench.ask("execute", { command: "sigmascope.train", args: [file] })) as string;
  await runEnds(directory, "finished");
  return directory;
}

/** What is on the screen, once what comes and goes has gone. */
async function shot({ page, ask }: Workbench, name: string): Promise<void> {
  await ask("execute", { command: "notifications.clearAll" });
  await sleep(1500);
  await page.screenshot({ path: `media/${name}.png` });
}

it("takes the README's pictures", async () => {
  const bench = await openWorkbench({
    settings: { "workbench.colorTheme": "Default Dark Modern", "window.commandCenter": false },
  });
  try {
    const { page, code } = bench;
    await page.setViewportSize({ width: 1440, height: 1000 });
    await bench.ask("execute", { command: "sigmascope.runs.focus" });
    const runs = [await train(bench, "vanilla", vanilla), await train(bench, "spectral", spectral)];

    await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
    await bench.ask("open", { file: join(code.workspace, "vanilla.sigmascope.json") });
    await page.locator(".squiggly-warning").first().waitFor();
    await page.locator(".view-line", { hasText: "half-life" }).first().waitFor();
    await page.locator(".view-line span", { hasText: '"rnn"' }).first().hover();
    await page.locator(".monaco-hover", { hasText: "vanishes" }).first().waitFor();
    await shot(bench, "inline");

    await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
    await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [runs[0]] });
    const diagnostics = await panelFrame(bench, "#diagnostics", "vanilla");
    const map = diagnostics.locator("figure[data-plot=heatMap]");
    await map.locator(".plot-legend").scrollIntoViewIfNeeded();
    await map.locator("canvas").waitFor();
    await shot(bench, "panel");

    await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
    await bench.ask("execute", { command: "sigmascope.compareRuns", args: [runs] });
    const comparison = await panelFrame(bench, "#report", "Compare");
    // What lies below it comes into sight with it.
    await comparison.locator("figure", { hasText: "Gradient reach" }).scrollIntoViewIfNeeded();
    await shot(bench, "compare");
  } finally {
    await bench.close();
  }
});
