/** What becomes of a run when its window is closed: the setting sigmascope.onClose says. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { runEnds } from "./runsOnScreen.ts";
import { openWorkbench, patience } from "./workbench.ts";

it.each([
  ["pause", "paused"],
  ["stop", "stopped"],
  ["continue", "running"],
] as const)("%s", async (onClose, state) => {
  const bench = await openWorkbench({ settings: { "sigmascope.onClose": onClose } });
  try {
    const file = join(bench.code.workspace, "endless.sigmascope.json");
    const experiment = {
      task: { kind: "adding", length: 30 },
      model: { cell: "rnn", hidden: 16 },
      training: { batch: 8, steps: 10_000_000 },
    };
    await writeFile(file, JSON.stringify(experiment));
    const directory = (await bench.ask("execute", { command: "sigmascope.train", args: [file] })) as string;
    await runEnds(directory, "running");
    // The extension host of a closed tab lives on for a while, in case it comes back; that of a reloaded one ends.
    await bench.page.reload();
    if (state !== "running") {
      await runEnds(directory, state);
      return;
    }
    const step = async () =>
      (JSON.parse(await readFile(join(directory, "run.json"), "utf8")) as { step: number }).step;
    const before = await step();
    await vi.waitFor(async () => expect(await step()).toBeGreaterThan(before + 1000), patience);
  } finally {
    await bench.close();
  }
});
