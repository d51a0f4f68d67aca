/** What a run in training costs the editor. */
import { setTimeout as sleep } from "node:timers/promises";
import { openWorkbench, type Workbench } from "../test/vscode/workbench.ts";
import { type Load, measureLoad } from "./editorLoad.ts";
import { runsOf, shownPanel } from "./editorPanel.ts";
import { growLargeRun, type LargeRun } from "./largeRun.ts";

export interface Tailing {
  readonly situation: string;
  /** Rows that there were when the measurement began. */
  readonly rows: number;
  /** Shares of one core. */
  readonly extensionHost: number;
  readonly worker: number;
  /** Main thread of the page: panel and workbench. */
  readonly page: number;
}

const rowsPerSecond = 10;

export async function measureTailing(large: LargeRun, seconds: number, say: (line: string) => void) {
  say(`\nA run of T = ${large.length} grows by ${rowsPerSecond} rows a second; per cent of one core:`);
  const measured: Tailing[] = [];
  for (const rows of [Math.min(2000, large.rows), large.rows]) {
    const bench = await openWorkbench();
    const growing = growLargeRun(runsOf(bench), { ...large, rows }, rowsPerSecond);
    const measure = async (situation: string) => {
      await sleep(3000);
      const { host, page } = await loads(bench, seconds);
      const tailing: Tailing = {
        situation,
        rows,
        extensionHost: host.main,
        worker: host.busiestOther,
        page: page.main,
      };
      measured.push(tailing);
      const percent = (share: number) => (100 * share).toFixed(1).padStart(5);
      say(
        `  ${`${rows} rows, ${situation}`.padEnd(44)} extension host ${percent(tailing.extensionHost)}, ` +
          `its worker ${percent(tailing.worker)}, page ${percent(tailing.page)}`,
      );
    };
    try {
      await bench.ask("execute", { command: "workbench.view.explorer" });
      await measure("no panel");
      await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [growing.directory] });
      const frame = await shownPanel(bench.page);
      await measure("panel visible");
      await frame.locator("figure[data-plot=heatMap]").scrollIntoViewIfNeeded();
      await measure("panel visible, at its heat map");
    } finally {
      growing.stop();
      await bench.close();
    }
  }
  return measured;
}

/** Once more where the machine (or whoever stops processes on it) held this one up: the shares would be too small. */
async function loadsOver(seconds: number, pids: readonly number[]): Promise<Load[]> {
  for (let attempt = 1; ; attempt++) {
    const began = performance.now();
    const measured = measureLoad(pids);
    await sleep(1000 * seconds);
    const load = measured();
    if (performance.now() - began < 1100 * seconds || attempt === 5) return load;
  }
}

async function loads(bench: Workbench, seconds: number): Promise<{ host: Load; page: Load }> {
  const { pid } = (await bench.ask("memory")) as { pid: number };
  const session = await bench.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  const [host, ...pages] = await loadsOver(seconds, [pid, ...renderers]);
  // The other renderers have nothing to do: workers of the workbench, and a spare one.
  const page = pages.reduce((most, one) => (one.main > most.main ? one : most));
  return { host: host!, page };
}
