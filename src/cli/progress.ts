/** How far a run is: a bar that stays in its place on a terminal, plain lines elsewhere. */
import cliProgress from "cli-progress";
import type { RunRecord } from "../runs/run.ts";
import { formatDuration, formatHalfLife, formatNumber, wrap } from "./format.ts";
import type { Terminal } from "./terminal.ts";

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
  const { step, steps, loss, stepsPerSecond, halfLife } = record;
  const parts = [`loss ${formatNumber(loss)}`];
  if (stepsPerSecond) {
    parts.push(`${formatNumber(Number(stepsPerSecond.toPrecision(3)))} steps/s`);
    parts.push(`${formatDuration((steps - step) / stepsPerSecond)} left`);
  }
  if (halfLife !== null) parts.push(`gradient ${formatHalfLife(halfLife)}`);
  return parts.join(", ");
}

function liveProgress(terminal: Terminal, name: string): Progress {
  const { colors } = terminal;
  const bars = new cliProgress.MultiBar({
    stream: terminal.human,
    hideCursor: true,
    clearOnComplete: false,
    // Ctrl-C is this program's own affair: it stops the trainer first.
    gracefulExit: false,
    barsize: 24,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    format: `${colors.bold("{name}")} {bar} {value}/{total}  {text}`,
  });
  const bar = bars.create(1, 0, { name, text: "starting" });
  return {
    update(record) {
      if (record.steps > 0) bar.setTotal(record.steps);
      const text = record.state === "paused" ? "paused" : record.step > 0 ? progressText(record) : "starting";
      bar.update(record.step, { text });
    },
    note(line) {
      bars.log(`${wrap(line, terminal.human.columns)}\n`);
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
