/** `sigmascope show`: one run, its numbers and the verdict on its gradients. */
import { Command } from "commander";
import type { RunRecord } from "../../runs/run.ts";
import { openRun } from "../../runs/store.ts";
import { describeEvent } from "../describeEvent.ts";
import { findRun } from "../findRun.ts";
import {
  formatCapacity,
  formatDuration,
  formatHalfLife,
  formatMetric,
  formatNumber,
  formatSigma,
} from "../format.ts";
import { jsonOption, runsOption } from "../options.ts";
import { summarize } from "../runSummary.ts";
import { sayVerdict } from "../showVerdict.ts";
import { openTerminal, writeJson } from "../terminal.ts";

interface ShowOptions {
  readonly runs: string;
  readonly events?: boolean;
  readonly json?: boolean;
}

export function showCommand(): Command {
  return new Command("show")
    .description("show one run: its numbers and the verdict on its gradients")
    .argument("<run>", 'a run\'s id, the beginning of one, its directory, or "last"')
    .option("--events", "list every event too")
    .addOption(runsOption())
    .addOption(jsonOption("the run's summary"))
    .addHelpText("after", "\nExamples:\n  sigmascope show last\n  sigmascope show last --events")
    .action(show);
}

/** Of a run that has measured it. */
function capacityField({ capacity }: RunRecord): [string, string][] {
  if (capacity === undefined) return [];
  const why = "for recurrent classifiers with rnn, spectral or orthogonal cells alone";
  const from =
    capacity === null
      ? why
      : `median margin ${formatNumber(capacity.margin)}, ‖W‖₂ ${formatNumber(capacity.spectralNorm)}`;
  return [["capacity", `${formatCapacity(capacity)} (${from})`]];
}

async function show(reference: string, options: ShowOptions): Promise<void> {
  const terminal = openTerminal(options.json ?? false);
  const { colors } = terminal;
  const run = await openRun(await findRun(options.runs, reference));
  const { record, state } = run;
  const fields: [string, string][] = [
    ["run", run.id],
    ["directory", run.directory],
    ["state", record.reason === null ? state : `${state}: ${record.reason}`],
    ["experiment", record.experimentFile ?? "–"],
    ["model", `${record.cell}, ${record.parameterCount} parameters`],
    ["engine", `${record.engine.name} (${record.engine.description})`],
    [
      "step",
      `${record.step} of ${record.steps}, ${formatDuration(record.elapsed)}, ${formatNumber(record.stepsPerSecond)} steps/s`,
    ],
    ["loss", formatNumber(record.loss)],
    [`test ${record.metricName}`, formatMetric(record.testMetric, record.metricName)],
    ["trivial", `${formatMetric(record.baseline.metric, record.metricName)} (${record.baseline.reason})`],
    [
      "gradient, newest row",
      `${formatHalfLife(record.halfLife, record.profile)}; reaches ${record.reach ?? "–"} of ${record.length} ${record.profile ?? "timesteps"}`,
    ],
    ["σ", formatSigma(record.sigma)],
    ...capacityField(record),
  ];
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields) terminal.say(`${colors.dim(name.padEnd(width))}  ${value}`);
  for (const problem of run.problems) terminal.say(colors.yellow(problem));
  if (options.events) {
    terminal.say("");
    for (const event of run.events) terminal.say(describeEvent(event, record.metricName, colors));
  }
  terminal.say("");
  sayVerdict(run, terminal);
  if (options.json) writeJson(summarize(record, run.directory, state));
}
