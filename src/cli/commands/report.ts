/** `sigmascope report`: one self-contained HTML page about one or several runs. */
import { Command } from "commander";
import { openRuns } from "../findRun.ts";
import { jsonOption, runsOption } from "../options.ts";
import { openTerminal, writeJson } from "../terminal.ts";
import { assertWritable, writeReport } from "../writeReport.ts";

interface ReportOptions {
  readonly output: string;
  readonly runs: string;
  readonly json?: boolean;
}

export function reportCommand(): Command {
  return new Command("report")
    .description("write one self-contained HTML page with charts of one or several runs")
    .argument("<run...>", 'runs: ids, beginnings of ids, directories, or "last"')
    .requiredOption("-o, --output <file>", "the page to write")
    .addOption(runsOption())
    .addOption(jsonOption("the page's path"))
    .addHelpText("after", "\nExample:\n  sigmascope report last -o report.html")
    .action(report);
}

async function report(references: string[], options: ReportOptions): Promise<void> {
  const terminal = openTerminal(options.json ?? false);
  await assertWritable(options.output);
  const file = await writeReport(await openRuns(options.runs, references), options.output);
  terminal.say(`report  ${file}`);
  if (options.json) writeJson({ report: file });
}
