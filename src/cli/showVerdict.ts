/** The verdict on a run's gradients, as the end of `train` and the heart of `show`. */
import { switchesOf } from "../diagnostics/monitor.ts";
import { compareVerdict, type VerdictInput, verdict } from "../diagnostics/verdict.ts";
import { standingEvents } from "../runs/events.ts";
import type { OpenedRun } from "../runs/store.ts";
import { wrap } from "./format.ts";
import type { Terminal } from "./terminal.ts";

const columns = 100;

function verdictInput({ id, record, experiment, rows, events }: OpenedRun): VerdictInput {
  return {
    record: { ...record, id },
    experiment,
    rows,
    findings: record.findings,
    switches: switchesOf(standingEvents(events)),
  };
}

export function sayVerdict(run: OpenedRun, terminal: Terminal): void {
  const { headline, lines } = verdict(verdictInput(run));
  const width = Math.min(terminal.human.columns || columns, columns);
  terminal.say(terminal.colors.bold(wrap(headline, width)));
  for (const line of lines) terminal.say(wrap(`  ${line}`, width));
}

/** What sets several runs apart, in a paragraph. */
export function sayComparison(runs: readonly OpenedRun[], terminal: Terminal): void {
  terminal.say(
    wrap(compareVerdict(runs.map(verdictInput)), Math.min(terminal.human.columns || columns, columns)),
  );
}
