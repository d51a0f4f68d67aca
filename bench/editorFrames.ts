/** What a page's main thread did in each frame, read from a trace that Chromium recorded. */
import type { Browser, Frame, Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Microseconds that the thread was on a core. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Milliseconds. */
export interface Frames {
  readonly count: number;
  /** Between two animation frames of the panel. */
  readonly interval: Spread;
  /**
   * What the main thread was busy with from the beginning of one frame to the next: input, messages, script, style,
   * layout, paint, of the panel and of the workbench around it, which share the thread. Time that the thread waited for
   * a core is not counted.
   */
  readonly work: Spread;
  /** The same with the time that it waited for a core. */
  readonly workAndWaiting: Spread;
  /** Share of the frames whose work took 16 ms or longer. */
  readonly late: number;
}

const mark = "sigmascope-bench";
const categories = [
  "toplevel",
  "blink.user_timing",
  "devtools.timeline",
  "disabled-by-default-devtools.timeline",
  "disabled-by-default-devtools.timeline.frame",
];

/** Records what happens while `scrub` moves something on the panel. */
export async function traceFrames(
  { browser, page, frame }: { browser: Browser; page: Page; frame: Frame },
  scrub: () => Promise<void>,
): Promise<Frames> {
  await browser.startTracing(page, { categories });
  // The panel's own animation frames; and marks, by which its thread is known among those of the trace.
  await frame.evaluate(`{
    const times = (globalThis.benchFrames = []);
    const next = (now) => { if (globalThis.benchFrames === times) { times.push(now); requestAnimationFrame(next); } };
    requestAnimationFrame(next);
    performance.mark("${mark}");
  }`);
  await scrub();
  const times = (await frame.evaluate(`{
    performance.mark("${mark}");
    const times = globalThis.benchFrames;
    globalThis.benchFrames = undefined;
    times;
  }`)) as number[];
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return framesOf(trace.traceEvents, times);
}

/** @param times of the panel's animation frames, in milliseconds. */
export function framesOf(events: readonly TraceEvent[], times: readonly number[]): Frames {
  const marks = events.filter(({ name }) => name === mark);
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined)
    throw new Error("the trace does not show the panel's thread");
  const here = events
    .filter(({ pid, tid, ts }) => pid === first.pid && tid === first.tid && ts >= first.ts && ts <= last.ts)
    .sort((a, b) => a.ts - b.ts);
  const begins = here.filter(({ name }) => name === "BeginMainThreadFrame").map(({ ts }) => ts);
  const work = new Float64Array(Math.max(0, begins.length - 1));
  const workAndWaiting = new Float64Array(work.length);
  let at = -1;
  let busyUntil = 0;
  for (const { name, ts, dur = 0, tdur = dur } of here) {
    if (name !== "RunTask" && name !== "ThreadControllerImpl::RunTask") continue;
    // A task within a task is counted with it.
    if (ts < busyUntil) continue;
    busyUntil = ts + dur;
    // A task that begins a frame belongs to that frame: the instant lies inside it.
    while (at + 1 < begins.length && begins[at + 1]! <= busyUntil) at++;
    if (at < 0 || at >= work.length) continue;
    work[at]! += tdur / 1000;
    workAndWaiting[at]! += dur / 1000;
  }
  const intervals = times.slice(1).map((time, i) => time - times[i]!);
  return {
    count: work.length,
    interval: spreadOf(intervals),
    work: spreadOf([...work]),
    workAndWaiting: spreadOf([...workAndWaiting]),
    late: [...work].filter((milliseconds) => milliseconds >= 16).length / Math.max(1, work.length),
  };
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}
