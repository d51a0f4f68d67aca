/** `sigmascope runs`: lists runs, newest first. */
import { hostname } from "node:os";
import { Command } from "commander";
import { type ListedRun, listRuns } from "../../runs/store.ts";
import { formatMetric, formatNumber, formatTable } from "../format.ts";
import { defaultRuns, jsonOption, runsOption } from "../options.ts";
import { summarize } from "../runSummary.ts";
import { openTerminal, writeJson } from "../terminal.ts";

interface RunsOptions {
  readonly runs: string;
  readonly json?: boolean;
}

export function runsCommand(): Command {
  return new Command("runs")
    .description("list runs, newest first")
    .addOption(runsOption())
    .addOption(jsonOption("the runs"))
    .addHelpText("after", `\nExamples:\n  sigmascope runs\n  sigmascope runs --runs ${defaultRuns} --json`)
    .action(list);
}

async function list(options: RunsOptions): Promise<void> {
  const terminal = openTerminal(options.json ?? false);
  const runs = await listRuns(options.runs);
  if (runs.length === 0) terminal.say(`no runs in ${options.runs}; start one with: sigmascope train FILE`);
  else {
    const head = ["run", "state", "step", "cell", "loss", "test", "half-life", "reach", "findings"];
    terminal.say(formatTable(head, runs.map(row), terminal.colors.bold));
    for (const { id, error } of runs)
      if (error !== null) terminal.say(terminal.colors.yellow(`${id}: ${error}`));
  }
  if (options.json)
    writeJson(
      runs.map(({ id, directory, record, state, error }) =>
        record && state ? summarize(record, directory, state) : { run: id, directory, error },
      ),
    );
}

function row(run: ListedRun): string[] {
  const { record } = run;
  if (!record) return [run.id, "unreadable"];
  const halfLife = record.halfLife === null ? null : Number(record.halfLife);
  return [
    run.id,
    record.host === hostname() ? run.state : `${run.state} on ${record.host}`,
    `${record.step}/${record.steps}`,
    record.cell,
    formatNumber(record.loss),
    formatMetric(record.testMetric, record.metricName),
    Number.isNaN(halfLife) ? "no fit" : formatNumber(halfLife),
    record.reach === null ? "–" : `${record.reach}/${record.length}`,
    String(record.findings.length),
  ];
}
