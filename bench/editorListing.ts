/** What a long list of runs costs: memory of the extension host, and time. */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../src/diagnostics/select.ts";
import { makeFolder } from "../src/runs/makeFolder.ts";
import { until } from "../test/vscode/until.ts";
import { openWorkbench, type Workbench } from "../test/vscode/workbench.ts";
import { runsOf } from "./editorPanel.ts";
import { writeManyRuns } from "./editorRuns.ts";
import { writeLargeRun } from "./largeRun.ts";

const count = 1000;
const experiments = 40;

export interface Listing {
  /** Milliseconds. */
  readonly activation: number;
  readonly empty: Memory;
  /** With the extension active and no run. */
  readonly noRuns: Memory;
  readonly thousandRuns: Memory;
  /** Milliseconds to read the list of a thousand runs anew, and to look through it when nothing has changed. */
  readonly list: number;
  readonly lookAgain: number;
}

/** Of the extension host, bytes, after garbage was collected. */
interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

export async function measureListing(times: number, say: (line: string) => void): Promise<Listing> {
  const activations: number[] = [];
  for (let i = 1; i < times; i++) {
    const bench = await openWorkbench({ empty: true });
    activations.push((await bench.ask("activate")) as number);
    await bench.close();
  }
  const bench = await openWorkbench({ empty: true });
  const away = mkdtempSync(join(tmpdir(), "sigmascope-bench-"));
  try {
    await sleep(3000);
    const empty = await memory(bench);
    activations.push((await bench.ask("activate")) as number);
    await bench.ask("execute", { command: "workbench.view.extension.sigmascope" });
    await sleep(2000);
    const noRuns = await memory(bench);
    const root = runsOf(bench);
    const kept = join(away, "runs");
    writeManyRuns(
      kept,
      writeLargeRun(join(away, "pattern"), { rows: 1, length: 784, hidden: 128, rowsPerBatch: 1 }),
      count,
      experiments,
    );
    makeFolder(dirname(root));
    const refresh = async () => (await bench.ask("time", { command: "sigmascope.refresh" })) as number;
    const lists: number[] = [];
    const looks: number[] = [];
    for (let i = 0; i < times; i++) {
      renameSync(kept, root);
      lists.push(await refresh());
      looks.push(await refresh());
      if (i + 1 === times) break;
      renameSync(root, kept);
      await refresh();
    }
    await until(async () => {
      const rows = bench.page.locator(".pane-body .monaco-list-row").filter({ hasText: "run-" });
      if ((await rows.count()) === 0) throw new Error("the Runs view shows no run");
    });
    await sleep(2000);
    const thousandRuns = await memory(bench);
    const listing: Listing = {
      activation: median(activations),
      empty,
      noRuns,
      thousandRuns,
      list: median(lists),
      lookAgain: median(looks),
    };
    const mb = ({ rss, heapUsed }: Memory) =>
      `${(rss / 2 ** 20).toFixed(0)} MB in all, heap ${(heapUsed / 2 ** 20).toFixed(1)} MB`;
    say(`\nThe extension host (medians of ${times}; memory after garbage collection):`);
    say(`  activation: ${listing.activation.toFixed(0)} ms`);
    say(
      `  before it: ${mb(empty)}; after it, no run: ${mb(noRuns)}; ${count} runs listed: ${mb(thousandRuns)}`,
    );
    say(
      `  ${count} runs read in ${listing.list.toFixed(0)} ms, looked through again in ${listing.lookAgain.toFixed(0)} ms`,
    );
    return listing;
  } finally {
    await bench.close();
    rmSync(away, { recursive: true, force: true });
  }
}

async function memory(bench: Workbench): Promise<Memory> {
  const { rss, heapUsed } = (await bench.ask("memory")) as Memory;
  return { rss, heapUsed };
}
