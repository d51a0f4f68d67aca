/** `sigmascope compare`: what sets runs apart, and what came of it. */
import { Command } from "commander";
import { differences } from "../../experiment/differences.ts";
import type { OpenedRun } from "../../runs/store.ts";
import { CliError, exitCodes } from "../exitCodes.ts";
import { openRuns } from "../findRun.ts";
import {
  formatCapacity,
  formatHalfLife,
  formatMetric,
  formatNumber,
  formatSigma,
  formatTable,
} from "../format.ts";
import { jsonOption, runsOption } from "../options.ts";
import { summarize } from "../runSummary.ts";
import { sayComparison } from "../showVerdict.ts";
import { openTerminal, writeJson } from "../terminal.ts";

interface CompareOptions {
  readonly runs: string;
  readonly json?: boolean;
}

export function compareCommand(): Command {
  return new Command("compare")
    .description("what sets runs apart, and what came of it")
    .argument("<run...>", "two or more runs")
    .addOption(runsOption())
    .addOption(jsonOption("differences and results"))
    .addHelpText("after", "\nExample:\n  sigmascope compare 20261123-0815 last")
    .action(compare);
}

/** Rows of the table of results. */
const results: [string, (run: OpenedRun) => string][] = [
  ["state", ({ state }) => state],
  ["step", ({ record }) => `${record.step}`],
  ["parameters", ({ record }) => `${record.parameterCount}`],
  ["loss", ({ record }) => formatNumber(record.loss)],
  ["test metric", ({ record }) => formatMetric(record.testMetric, record.metricName)],
  ["steps/s", ({ record }) => formatNumber(record.stepsPerSecond)],
  ["gradient", ({ record }) => formatHalfLife(record.halfLife, record.profile)],
  ["reach", ({ record }) => (record.reach === null ? "–" : `${record.reach} of ${record.length}`)],
  ["σ", ({ record }) => formatSigma(record.sigma)],
  ["capacity", ({ record }) => formatCapacity(record.capacity)],
  ["findings", ({ record }) => record.findings.map(({ rule }) => rule).join(", ") || "none"],
];

async function compare(references: string[], options: CompareOptions): Promise<void> {
  if (references.length < 2) throw new CliError("compare needs two or more runs", exitCodes.usage);
  const terminal = openTerminal(options.json ?? false);
  const runs = await openRuns(options.runs, references);
  const differing = differences(runs.map(({ experiment }) => experiment));
  const names = runs.map(({ record }) => record.name);
  const distinct = new Set(names).size === runs.length;
  const head = ["", ...(distinct ? names : runs.map(({ id }) => id))];
  const settings = differing.map(({ property, values }) => [property, ...values.map(cell)]);
  if (settings.length === 0) terminal.say("The experiments are the same.\n");
  else terminal.say(`${formatTable(head, settings, terminal.colors.bold)}\n`);
  const rows = results.map(([name, of]) => [name, ...runs.map(of)]);
  terminal.say(`${formatTable(["", ...runs.map(({ id }) => id)], rows, terminal.colors.bold)}\n`);
  sayComparison(runs, terminal);
  if (options.json)
    writeJson({
      differences: differing,
      runs: runs.map(({ record, directory, state }) => summarize(record, directory, state)),
    });
}

function cell(value: unknown): string {
  return value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);
}
