/** Opening a large run in the Diagnostics panel, and going through it. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Frame, Page } from "playwright-core";
import { median } from "../src/diagnostics/select.ts";
import { until } from "../test/vscode/until.ts";
import { openWorkbench, type Workbench } from "../test/vscode/workbench.ts";
import { type Frames, traceFrames } from "./editorFrames.ts";
import { twinOf } from "./editorRuns.ts";
import { type LargeRun, writeLargeRun } from "./largeRun.ts";

type Say = (line: string) => void;

export const runsOf = ({ code }: Workbench): string => join(code.workspace, ".sigmascope/runs");

/**
 * Every page looks at itself, and notes when its plots were painted, in milliseconds since 1970. A timer, since a panel's
 * document is opened anew, which takes back requests for animation frames.
 */
const watchPlots = `{
  const seen = (globalThis.benchPlots = {});
  const painted = (what) => requestAnimationFrame(() => setTimeout(() => {
    seen[what] ??= performance.timeOrigin + performance.now();
  }));
  const timer = setInterval(() => {
    const figures = [...document.querySelectorAll("#diagnostics figure:not([hidden])")]
      .filter((one) => one.getBoundingClientRect().top < innerHeight);
    const drawn = figures.filter((one) => one.querySelector(".plot svg.chart"));
    if (drawn.length > 0) painted("first");
    if (drawn.length === 0 || drawn.length < figures.length) return;
    painted("all");
    clearInterval(timer);
  }, 10);
}`;

/** The panel's document, once it holds every plot that is in sight. */
export async function shownPanel(page: Page): Promise<Frame> {
  return until(
    async () => {
      for (const frame of page.frames())
        if (await frame.evaluate('document.querySelector("figure[data-plot=loss] svg.chart") !== null'))
          return frame;
      throw new Error("the panel shows no plot");
    },
    { timeout: 60_000, interval: 100 },
  );
}

export interface Opening {
  /** Milliseconds from the command, each the median. */
  readonly firstPlot: number;
  readonly allPlots: number;
  /** The same of a tab that is opened again within a minute: the run is still in memory. */
  readonly firstPlotAgain: number;
  readonly allPlotsAgain: number;
}

/** The window is so high that all plots are in sight. */
const whole = { width: 1600, height: 2700 };

export async function measureOpening(large: LargeRun, times: number, say: Say): Promise<Opening> {
  const bench = await openWorkbench();
  try {
    const { page } = bench;
    const pattern = writeLargeRun(runsOf(bench), large);
    await page.setViewportSize(whole);
    await page.addInitScript(watchPlots);
    // The worker is started, and the code of the page compiled, by a first panel that is not counted.
    await openOnce(bench, twinOf(pattern, "warm-up"));
    const cold: Seen[] = [];
    const again: Seen[] = [];
    for (let i = 0; i < times; i++) {
      const directory = twinOf(pattern, `twin-${i}`);
      cold.push(await openOnce(bench, directory));
      again.push(await openOnce(bench, directory));
    }
    const of = (list: readonly Seen[], key: keyof Seen) => median(list.map((seen) => seen[key]));
    const opening: Opening = {
      firstPlot: of(cold, "first"),
      allPlots: of(cold, "all"),
      firstPlotAgain: of(again, "first"),
      allPlotsAgain: of(again, "all"),
    };
    const ms = (value: number) => `${value.toFixed(0)} ms`;
    say(
      `\nOpening a run of ${large.rows} rows × ${large.length} timesteps, all plots in sight, ${times} times:`,
    );
    say(`  first plot after ${ms(opening.firstPlot)}, all plots after ${ms(opening.allPlots)}`);
    say(
      `  again within a minute: first plot after ${ms(opening.firstPlotAgain)}, all after ${ms(opening.allPlotsAgain)}`,
    );
    return opening;
  } finally {
    await bench.close();
  }
}

interface Seen {
  readonly first: number;
  readonly all: number;
}

async function openOnce(bench: Workbench, directory: string): Promise<Seen> {
  const began = performance.timeOrigin + performance.now();
  await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [directory] });
  const seen = await until(
    async () => {
      for (const frame of bench.page.frames()) {
        const found = (await frame.evaluate("globalThis.benchPlots").catch(() => undefined)) as
          | Partial<Seen>
          | undefined;
        if (found?.first !== undefined && found.all !== undefined)
          return { first: found.first - began, all: found.all - began };
      }
      throw new Error("the plots are not all there");
    },
    { timeout: 60_000, interval: 250 },
  );
  await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
  await sleep(300);
  return seen;
}

export interface Scrubbing {
  /** What was moved. */
  readonly way: string;
  readonly window: { readonly width: number; readonly height: number };
  readonly frames: Frames;
}

const windows = [
  { width: 1600, height: 1000 },
  { width: 2560, height: 1440 },
];

export async function measureScrubbing(large: LargeRun, seconds: number, say: Say): Promise<Scrubbing[]> {
  const bench = await openWorkbench();
  try {
    const { page } = bench;
    const directory = writeLargeRun(runsOf(bench), large);
    const measured: Scrubbing[] = [];
    say(`\nScrubbing through ${large.rows} rows × ${large.length} timesteps, ms (p50 / p95 / max):`);
    for (const window of windows) {
      await page.setViewportSize(window);
      await bench.ask("execute", { command: "sigmascope.openDiagnostics", args: [directory] });
      const frame = await shownPanel(page);
      await sleep(3000);
      for (const [way, scrub] of Object.entries(waysOf(page, frame, seconds))) {
        const frames = await traceFrames({ browser: bench.browser, page, frame }, scrub);
        measured.push({ way, window, frames });
        say(lineOf({ way, window, frames }));
        await sleep(500);
      }
      await bench.ask("execute", { command: "workbench.action.closeAllEditors" });
    }
    return measured;
  } finally {
    await bench.close();
  }
}

function lineOf({ way, window, frames }: Scrubbing): string {
  const spread = ({ p50, p95, max }: Frames["work"]) =>
    [p50, p95, max].map((value) => value.toFixed(1)).join(" / ");
  return (
    `  ${`${way}, ${window.width} × ${window.height}`.padEnd(46)} work ${spread(frames.work)}` +
    `, with waiting for a core ${spread(frames.workAndWaiting)}, frame interval ${spread(frames.interval)}` +
    ` (${frames.count} frames, ${(100 * frames.late).toFixed(1)} % of them ≥ 16)`
  );
}

type Ways = Readonly<Record<string, () => Promise<void>>>;

/** All that moves the step cursor, over the whole range in so many seconds. */
function waysOf(page: Page, frame: Frame, seconds: number): Ways {
  const heatMap = frame.locator("figure[data-plot=heatMap] .plot");
  /** Hands on the share of the way that is behind, some sixty times a second. */
  const glide = async (move: (share: number) => Promise<void>) => {
    const began = performance.now();
    for (let share = 0; share < 1; ) {
      share = Math.min(1, (performance.now() - began) / (1000 * seconds));
      const next = performance.now() + 1000 / 60;
      await move(share);
      await sleep(Math.max(0, next - performance.now()));
    }
  };
  const dragSlider = async () => {
    // The bar with the slider stays at the upper edge wherever the page is scrolled to.
    const box = await frame.locator("input[type=range]").boundingBox();
    if (box === null) throw new Error("there is no slider");
    const { x, y, width, height } = box;
    const middle = y + height / 2;
    await page.mouse.move(x + 8, middle);
    await page.mouse.down();
    await glide((share) => page.mouse.move(x + 8 + share * (width - 16), middle));
    await page.mouse.up();
  };
  const holdKey = async (key: string, perSecond: number) => {
    const began = performance.now();
    while (performance.now() - began < 1000 * seconds) {
      const next = performance.now() + 1000 / perSecond;
      await page.keyboard.down(key);
      await sleep(Math.max(0, next - performance.now()));
    }
    await page.keyboard.up(key);
  };
  return {
    "slider dragged": dragSlider,
    "arrow key held on a plot": async () => {
      const loss = frame.locator("figure[data-plot=loss] .plot");
      await loss.click({ position: { x: 70, y: 60 } });
      await page.keyboard.down("Shift");
      await holdKey("ArrowRight", 30);
      await page.keyboard.up("Shift");
    },
    "training played": async () => {
      const play = frame.locator(".play");
      await frame.locator("input[type=range]").focus();
      await page.keyboard.press("Home");
      await play.click();
      await sleep(1000 * seconds);
      if ((await play.getAttribute("aria-pressed")) === "true") await play.click();
    },
    "pointer over the heat map": async () => {
      await heatMap.scrollIntoViewIfNeeded();
      const box = await heatMap.boundingBox();
      if (box === null) throw new Error("there is no heat map");
      const { x, y, width, height } = box;
      await glide((share) =>
        page.mouse.move(x + 60 + share * (width - 80), y + height * (0.3 + 0.3 * Math.sin(20 * share))),
      );
    },
    "slider dragged, heat map in sight": async () => {
      await heatMap.scrollIntoViewIfNeeded();
      await dragSlider();
      await frame.evaluate("scrollTo(0, 0)");
    },
    "slider dragged, table in sight": async () => {
      const choice = frame.locator('[data-choice="table"]');
      await choice.click();
      await frame.locator(".tables table").last().scrollIntoViewIfNeeded();
      await dragSlider();
      await frame.evaluate("scrollTo(0, 0)");
      await choice.click();
    },
  };
}
