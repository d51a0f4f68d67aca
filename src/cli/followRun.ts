/** Follows a run directory until the run ends: progress, events, Ctrl-C. */
import { setTimeout as sleep } from "node:timers/promises";
import { sendCommand } from "../runs/control.ts";
import type { LaunchedTrainer } from "../runs/launch.ts";
import type { RunEvent, RunRecord, RunState } from "../runs/run.ts";
import { runFile } from "../runs/runDirectory.ts";
import { RunTail } from "../runs/tail.ts";
import { describeEvent } from "./describeEvent.ts";
import { CliError } from "./exitCodes.ts";
import type { Interruption } from "./interruption.ts";
import { openProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Looks at the run directory, in milliseconds: often enough for a smooth bar, too seldom to be felt. */
const interval = 100;
/** A trainer that has ended may have written its last files a moment ago. */
const grace = 500;

const ended: readonly RunState[] = ["finished", "stopped", "failed", "interrupted"];

export interface FollowedRun {
  readonly record: RunRecord;
  readonly state: RunState;
}

/**
 * Shows a run's progress until it ends, in whatever way.
 *
 * @param trainer of a run that was just started: its exit is noticed at once, where a heartbeat takes seconds.
 * @throws CliError when the trainer ends before it has written a record.
 */
export async function followRun(
  directory: string,
  trainer: LaunchedTrainer | undefined,
  interruption: Interruption,
  terminal: Terminal,
): Promise<FollowedRun> {
  const tail = new RunTail(directory);
  let exited: number | undefined;
  trainer?.exited.then(() => {
    exited = Date.now();
  });
  const first = tail.poll();
  const progress = openProgress(terminal, first.record?.name ?? tail.id);
  interruption.handle(
    () => {
      progress.note("stopping after a checkpoint; Ctrl-C again leaves at once");
      sendCommand(directory, { command: "stop" });
    },
    () => progress.end(),
  );
  const problems = new Set<string>();
  // Events of an earlier part of a resumed run are history.
  let skipped = trainer === undefined || first.newEvents.length === 0 ? 0 : first.newEvents.length;
  try {
    for (let change = first; ; change = tail.poll()) {
      const { record } = change;
      if (record) {
        for (const event of change.newEvents) {
          if (skipped > 0) skipped--;
          else if (worthTelling(event))
            progress.note(describeEvent(event, record.metricName, terminal.colors));
        }
        // The numbers of a run that is about to go on are those of its past.
        if (record.state !== "starting") progress.update(record);
      }
      for (const problem of change.problems) {
        if (!problems.has(problem)) progress.note(terminal.colors.yellow(problem));
        problems.add(problem);
      }
      const gone = exited !== undefined && Date.now() - exited > grace;
      if (
        record &&
        change.state &&
        (ended.includes(change.state) ? exited !== undefined || !trainer : gone)
      ) {
        return { record, state: ended.includes(change.state) ? change.state : "interrupted" };
      }
      if (!record && gone)
        throw new CliError(`the trainer ended before it wrote a record; see ${runFile(directory, "log")}`);
      await sleep(interval);
    }
  } finally {
    progress.end();
  }
}

/** Periodic checkpoints are routine, and the end is told by the verdict. */
function worthTelling(event: RunEvent): boolean {
  if (event.type === "checkpoint") return event.requested;
  return event.type !== "started" && event.type !== "finished";
}
