/** A run in a few words: for lists, the status bar and notifications. Knows nothing of VS Code. */
import { halfLifeInWords, number, percent, range } from "../diagnostics/words.ts";
import type { RunRecord, RunState } from "../runs/run.ts";
import type { ListedRun } from "../runs/runList.ts";

/** The run's name and, where it is not in the name, its cell. */
export function runTitle(run: ListedRun): string {
  if (run.record === null) return run.id;
  const { name, cell } = run.record;
  return name.toLowerCase().includes(cell) ? name : `${name} (${cell})`;
}

/**
 * The run among others of its experiment, whose name need not be repeated: `spectral, 17:22:30`, with the day where
 * that is not today; the name where it was given one of its own.
 */
export function runLabel(run: ListedRun, experimentName: string, now = new Date()): string {
  if (run.record === null) return run.id;
  const { name, cell, created } = run.record;
  if (name !== experimentName) return runTitle(run);
  const time = new Date(created);
  const day =
    time.toDateString() === now.toDateString()
      ? ""
      : `${time.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
  return `${cell}, ${day}${time.toLocaleTimeString("en-GB")}`;
}

/** As long as a side bar is wide: `running · 120/2000 · loss 2.19 · half-life 4.2`. */
export function summarizeRun(run: ListedRun): string {
  return run.record === null ? "unreadable" : summaryParts(run).join(" · ");
}

type ReadableRun = Extract<ListedRun, { readonly error: null }>;

/** @param result stands in the loss's place. */
function summaryParts({ record, state }: ReadableRun, result?: string): string[] {
  const { step, steps: all, loss, halfLife } = record;
  const parts: string[] = [state, state === "finished" || all === 0 ? `step ${step}` : `${step}/${all}`];
  if (result !== undefined) parts.push(result);
  else if (loss !== null) parts.push(`loss ${number(loss)}`);
  if (halfLife !== null && record.length > 0) parts.push(`half-life ${number(Number(halfLife))}`);
  return parts;
}

/** `running · step 120 of 2000 · loss 2.19 · halves every 4.2 timesteps`. */
export function describeRun(run: ListedRun): string {
  if (run.record === null) return "unreadable";
  const { record, state } = run;
  const parts = [state, `step ${steps(record, state)}`];
  if (record.loss !== null) parts.push(`loss ${number(record.loss)}`);
  const halfLife = halfLifeText(record);
  if (halfLife !== undefined) parts.push(halfLife);
  return parts.join(" · ");
}

function steps({ step, steps: all }: RunRecord, state: RunState): string {
  return state === "finished" || all === 0 ? String(step) : `${step} of ${all}`;
}

/**
 * Above an experiment: `last run: finished · step 2000 · test accuracy 93 % · half-life 1.5`; the loss where there was
 * no test. Of a live run without the numbers that change at every look.
 */
export function lensText(run: ListedRun): string {
  if (run.record === null) return "last run: unreadable";
  const { record, state } = run;
  const { findings, metricName, testMetric } = record;
  const live = state === "running" || state === "starting";
  const test =
    testMetric === null
      ? undefined
      : `test ${metricName} ${metricName === "accuracy" ? percent(testMetric) : number(testMetric)}`;
  const parts = live ? [state] : summaryParts(run, test);
  if (findings.length > 0) parts.push(`$(warning) ${findings.length}`);
  return `last run: ${parts.join(" · ")}`;
}

/** The gradient's half-life in words; undefined where it was not measured. */
export function halfLifeText({ halfLife, length }: RunRecord): string | undefined {
  if (halfLife === null || length === 0) return undefined;
  return halfLifeInWords(Number(halfLife), length);
}

/** Share of the steps done, 0 … 1. */
export function progressOf({ step, steps: all }: RunRecord): number {
  return all === 0 ? 0 : Math.min(1, step / all);
}

/** `3 min left`, `40 s left`; undefined while the rate is unknown, or nothing is left. */
export function timeLeft({ step, steps: all, stepsPerSecond }: RunRecord): string | undefined {
  if (!stepsPerSecond || all <= step) return undefined;
  const seconds = Math.ceil((all - step) / stepsPerSecond);
  if (seconds < 60) return `${seconds} s left`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min left`;
  return `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min left`;
}

/** Local time of the run's beginning: `25 Nov 2026, 16:43:02`. */
export function startedAt(record: RunRecord): string {
  const time = new Date(record.created);
  const day = time.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  return `${day}, ${time.toLocaleTimeString("en-GB")}`;
}

/** `half-life 12 of 200 timesteps · σ 0.41 … 1.86`; undefined before anything was measured. */
export function hintText({ halfLife, length, profile = "timesteps", sigma }: RunRecord): string | undefined {
  const parts: string[] = [];
  if (halfLife !== null) {
    const value = Number(halfLife);
    if (value === Number.POSITIVE_INFINITY) parts.push("gradient steady");
    else if (value < 0) parts.push(`gradient doubles every ${number(-value)} ${profile}`);
    else if (!Number.isNaN(value)) parts.push(`half-life ${number(value)} of ${length} ${profile}`);
  }
  if (sigma !== null) parts.push(`σ ${range(sigma[0], sigma[1])}`);
  return parts.length === 0 ? undefined : parts.join(" · ");
}
