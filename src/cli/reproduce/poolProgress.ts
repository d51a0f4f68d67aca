/** How far all the runs of a plan are: a line that stays in its place on a terminal, now and then a line elsewhere. */
import { formatDuration, formatMetric } from "../format.ts";
import { openLine } from "../progress.ts";
import { harmless, type Terminal } from "../terminal.ts";
import type { PoolRun } from "./pool.ts";

/** Of the plain lines, in milliseconds: runs take minutes to hours. */
const plainInterval = 60_000;

export interface PoolProgress {
  note(line: string): void;
  end(): void;
}

export function openPoolProgress(terminal: Terminal, runs: readonly PoolRun[], jobs: number): PoolProgress {
  if (terminal.live)
    return openLine(terminal, (columns) => harmless(poolLine(runs, jobs), false).slice(0, columns - 1));
  const timer = setInterval(() => terminal.say(poolLine(runs, jobs)), plainInterval);
  timer.unref();
  return { note: terminal.say, end: () => clearInterval(timer) };
}

/** `12 of 48 runs, 3 h 20 min left: adding-200 irnn seed 2 43 %, …` */
export function poolLine(runs: readonly PoolRun[], jobs: number): string {
  const done = runs.filter(({ end }) => end !== null && end.state !== "stopped").length;
  const active = runs.flatMap(({ planned, active, end }) =>
    active && end === null
      ? [`${planned.key.set} ${planned.key.experiment} seed ${planned.key.seed} ${share(active.record)}`]
      : [],
  );
  const left = secondsLeft(runs, jobs);
  const time = left > 0 ? `, about ${formatDuration(left)} left` : "";
  return `${done} of ${runs.length} runs${time}${active.length > 0 ? `: ${active.join(", ")}` : ""}`;
}

function share(record: { readonly step: number; readonly steps: number } | null): string {
  if (!record || record.steps === 0) return "starting";
  return `${Math.floor((100 * record.step) / record.steps)} %`;
}

/**
 * Seconds until all is done: of a run that is being trained by its rate, of one that waits by what others of its
 * experiment took, else by the estimate, corrected by how far estimates were off so far.
 */
export function secondsLeft(runs: readonly PoolRun[], jobs: number): number {
  const taken = new Map<string, number>();
  let estimated = 0;
  let measured = 0;
  for (const { planned, end } of runs) {
    if (end?.state !== "finished" || !end.record) continue;
    taken.set(experimentOf(planned), end.record.elapsed);
    estimated += planned.estimate;
    measured += end.record.elapsed;
  }
  const correction = estimated > 0 ? measured / estimated : 1;
  const each = runs
    .filter(({ end }) => end === null)
    .map(({ planned, active, found }) => {
      const whole = taken.get(experimentOf(planned)) ?? planned.estimate * correction;
      const record = active?.record ?? found.record;
      if (!record || record.steps === 0) return whole;
      const steps = record.steps - record.step;
      return active && record.stepsPerSecond ? steps / record.stepsPerSecond : (whole * steps) / record.steps;
    });
  const sum = each.reduce((total, seconds) => total + seconds, 0);
  return Math.max(sum / jobs, ...each, 0);
}

const experimentOf = ({ key }: PoolRun["planned"]) => `${key.set} ${key.experiment}`;

/** One line about a run that has ended. */
export function endedLine({ planned, end }: PoolRun, terminal: Terminal): string {
  const { set, experiment, seed } = planned.key;
  const name = `${set} ${experiment} seed ${seed}`;
  const { colors } = terminal;
  if (end === null) return name;
  const { state, record, reason } = end;
  if (state !== "finished" || !record) {
    const at = record ? ` at step ${record.step}` : "";
    return colors.yellow(`${name}: ${state}${at}${reason === null ? "" : `: ${reason}`}`);
  }
  const { net, layers } = planned.experiment.model;
  const length = net === "recurrent" ? record.length : layers;
  const reach = record.reach === null ? "" : `, reach ${record.reach} of ${length}`;
  const metric = `test ${record.metricName} ${formatMetric(record.testMetric, record.metricName)}`;
  return `${name}: ${metric}${reach}, ${record.steps} steps in ${formatDuration(record.elapsed)}`;
}
