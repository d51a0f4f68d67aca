/** How far a run is: a bar that stays in its place on a terminal, plain lines elsewhere. */
import cliProgress from "cli-progress";
import type { RunRecord } from "../runs/run.ts";
import { formatDuration, formatHalfLife, formatNumber, wrap } from "./format.ts";
import { harmless, type Terminal } from "./terminal.ts";

export interface Progress {
  /** Shows the newest state of the run. */
  update(record: RunRecord): void;
  /** Writes a line that stays, such as a finding. */
  note(line: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

/** Plain lines come no denser than this, or a log of a long run could not be read. */
const plainInterval = 2000;

export function openProgress(terminal: Terminal, name: string, now: () => number = Date.now): Progress {
  return terminal.live ? liveProgress(terminal, name) : plainProgress(terminal, now);
}

/** Loss, rate, time left and the gradient's half-life of a run, as one line. */
export function progressText(record: RunRecord): string {
  const { loss, rate, left, gradient } = progressParts(record);
  return present([loss, rate, left, gradient]).join(", ");
}

function progressParts({ step, steps, loss, stepsPerSecond, halfLife, profile }: RunRecord) {
  return {
    loss: `loss ${formatNumber(loss)}`,
    rate: stepsPerSecond ? `${formatNumber(Number(stepsPerSecond.toPrecision(3)))} steps/s` : undefined,
    left:
      stepsPerSecond && step < steps ? `${formatDuration((steps - step) / stepsPerSecond)} left` : undefined,
    gradient: halfLife === null ? undefined : `gradient ${formatHalfLife(halfLife, profile)}`,
  };
}

const present = (parts: readonly (string | undefined)[]) =>
  parts.filter((part): part is string => part !== undefined);

/** Characters of the bar itself. */
const barSize = { least: 10, most: 24 };
/** Characters that the text behind the bar usually takes. */
const usualText = 64;

/**
 * The line of the bar. Where the terminal is narrow, the bar becomes short, and what matters least is left out.
 *
 * @param columns of the terminal; the line is shorter.
 */
export function barLine(name: string, record: RunRecord | undefined, columns: number): string {
  const { step, steps } = record ?? { step: 0, steps: 0 };
  const count = ` ${step}/${steps || "…"}`;
  // Independent of what the text says just now, so that the bar keeps its size.
  const room = columns - name.length - 2 * String(steps).length - usualText;
  const size = Math.max(barSize.least, Math.min(barSize.most, room));
  const done = steps > 0 ? Math.floor((size * Math.min(step, steps)) / steps) : 0;
  const bar = "█".repeat(done) + "░".repeat(size - done) + count;
  let line = name.length + bar.length + 1 < columns ? `${name} ${bar}` : bar;
  if (line.length >= columns) return line.slice(0, Math.max(0, columns - 1));
  let separator = "  ";
  for (const part of barParts(record)) {
    if (line.length + separator.length + part.length >= columns) break;
    line += separator + part;
    separator = ", ";
  }
  return line;
}

/** The most important first. */
function barParts(record: RunRecord | undefined): string[] {
  if (!record || record.step === 0) return ["starting"];
  const { loss, rate, left } = progressParts(record);
  if (record.state === "paused") return ["paused", loss];
  return present([loss, rate, left, shortHalfLife(Number(record.halfLife ?? Number.NaN))]);
}

function shortHalfLife(halfLife: number): string | undefined {
  // What is neither known nor to be seen within any sequence says nothing.
  if (Number.isNaN(halfLife) || Math.abs(halfLife) > 1e6) return undefined;
  const time = formatNumber(Number(Math.abs(halfLife).toPrecision(3)));
  return halfLife < 0 ? `gradient doubles in ${time}` : `half-life ${time}`;
}

function liveProgress(terminal: Terminal, name: string): Progress {
  let newest: RunRecord | undefined;
  const line = openLine(terminal, (columns) => barLine(harmless(name, false), newest, columns));
  return {
    update(record) {
      newest = record;
    },
    ...line,
  };
}

/**
 * Keeps a line in its place on a terminal, which is asked for again many times a second, with what is noted above it.
 *
 * @param text of the line; shorter than the terminal's columns.
 */
export function openLine(
  terminal: Terminal,
  text: (columns: number) => string,
): Pick<Progress, "note" | "end"> {
  const columns = () => terminal.human.columns || 80;
  const bars = new cliProgress.MultiBar({
    stream: terminal.human,
    hideCursor: true,
    clearOnComplete: false,
    // A note takes the bar's line, so that the bar must come again even when nothing in it has changed.
    forceRedraw: true,
    // Ctrl-C is this program's own affair: it stops the trainer first.
    gracefulExit: false,
    format: () => text(columns()),
  });
  bars.create(1, 0);
  return {
    note(line) {
      bars.log(`${wrap(harmless(line, terminal.colors.isColorSupported), columns())}\n`);
      bars.update();
    },
    end() {
      bars.stop();
    },
  };
}

function plainProgress(terminal: Terminal, now: () => number): Progress {
  let shown = Number.NEGATIVE_INFINITY;
  let shownStep = 0;
  return {
    update(record) {
      if (record.step === shownStep || now() - shown < plainInterval) return;
      shown = now();
      shownStep = record.step;
      terminal.say(`step ${record.step}/${record.steps}  ${progressText(record)}`);
    },
    note: terminal.say,
    end() {},
  };
}
