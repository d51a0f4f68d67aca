/** `sigmascope train`: runs experiments, one after the other, and says what their gradients did. */
import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { Experiment } from "../../experiment/schema.ts";
import { startRun } from "../../runs/startRun.ts";
import { type OpenedRun, openRun } from "../../runs/store.ts";
import { exitCodes } from "../exitCodes.ts";
import { followRun } from "../followRun.ts";
import { Interruption } from "../interruption.ts";
import { defaultRuns, jsonOption, threadsOption, wholeNumber } from "../options.ts";
import { applyOverrides, readExperiments } from "../readExperiments.ts";
import { type RunSummary, summarize } from "../runSummary.ts";
import { sayComparison, sayVerdict } from "../showVerdict.ts";
import { openTerminal, writeJson } from "../terminal.ts";
import { writeReport } from "../writeReport.ts";

interface TrainOptions {
  readonly steps?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly engine?: Experiment["engine"];
  readonly out: string;
  readonly report?: string;
  readonly allowOutside?: boolean;
  readonly json?: boolean;
}

export function trainCommand(): Command {
  return new Command("train")
    .description("run experiments one after the other, and say what their gradients did")
    .argument("<file...>", "experiment files (*.sigmascope.json)")
    .option("--steps <n>", "training steps, instead of what the file says", wholeNumber(1, 1_000_000_000))
    .option("--seed <n>", "seed, instead of the file's", wholeNumber(0, 4_294_967_295))
    .addOption(threadsOption())
    .addOption(
      new Option("--engine <name>", "engine, instead of the file's").choices(["auto", "fused", "tensorflow"]),
    )
    .option("--out <folder>", "folder for the run directories", defaultRuns)
    .option("--report <file>", "write an HTML report of the runs at the end")
    .option("--allow-outside", "let tasks read data outside the folder of their experiment file")
    .addOption(jsonOption("the result of each run"))
    .addHelpText(
      "after",
      `
The trainer is a process of its own: closing the terminal does not end a run. Ctrl-C saves a checkpoint and stops;
a second Ctrl-C leaves at once, while the trainer still stops by itself.

Examples:
  sigmascope train adding.sigmascope.json
  sigmascope train vanilla.sigmascope.json spectral.sigmascope.json --report report.html
  sigmascope train digits.sigmascope.json --steps 200 --seed 7 --json`,
    )
    .action(train);
}

async function train(files: string[], options: TrainOptions): Promise<void> {
  const { json = false, threads, allowOutside } = options;
  const terminal = openTerminal(json);
  const { colors } = terminal;
  const experiments = await readExperiments(files, terminal);
  const interruption = new Interruption();
  const runs: OpenedRun[] = [];
  const summaries: RunSummary[] = [];
  let exitCode: number = exitCodes.ok;
  for (const { file, experiment } of experiments) {
    if (interruption.requested) break;
    const root = resolve(options.out);
    const started = await startRun(file, applyOverrides(experiment, options), {
      root,
      threads,
      allowOutside,
    });
    terminal.say(colors.dim(`${file} → ${started.directory}`));
    const { state } = await followRun(started.directory, started.trainer, interruption, terminal);
    const run = await openRun(started.directory);
    runs.push(run);
    summaries.push(summarize(run.record, run.directory, state));
    if (state === "failed" || state === "interrupted") exitCode = exitCodes.failed;
  }
  interruption.dispose();
  for (const run of runs) {
    terminal.say("");
    sayVerdict(run, terminal);
  }
  terminal.say("");
  if (runs.length > 1) {
    sayComparison(runs, terminal);
    terminal.say("");
  }
  for (const { directory } of runs) terminal.say(`run     ${directory}`);
  if (options.report !== undefined && runs.length > 0)
    terminal.say(`report  ${await writeReport(runs, options.report)}`);
  if (json) writeJson(files.length === 1 ? summaries[0] : summaries);
  process.exitCode = interruption.requested ? exitCodes.interrupted : exitCode;
}
