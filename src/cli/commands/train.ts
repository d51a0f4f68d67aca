/** `sigmascope train`: runs experiments, one after the other, and says what their gradients did. */
import { resolve } from "node:path";
import { Command } from "commander";
import type { Experiment } from "../../experiment/schema.ts";
import type { RunState } from "../../runs/run.ts";
import { startRun } from "../../runs/startRun.ts";
import { type OpenedRun, openRun } from "../../runs/store.ts";
import { tensorflowVariables } from "../../tensorflowFolder.ts";
import { exitCodes } from "../exitCodes.ts";
import { followRun } from "../followRun.ts";
import { Interruption } from "../interruption.ts";
import {
  defaultRuns,
  engineOption,
  jsonOption,
  tensorflowOption,
  threadsOption,
  wholeNumber,
} from "../options.ts";
import { overridden, readExperiments } from "../readExperiments.ts";
import { summarize } from "../runSummary.ts";
import { sayRun } from "../sayRun.ts";
import { sayComparison, sayVerdict } from "../showVerdict.ts";
import { openTerminal, type Terminal, writeJson } from "../terminal.ts";
import { assertWritable, writeReport } from "../writeReport.ts";

interface TrainOptions {
  readonly steps?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly engine?: Experiment["engine"];
  readonly tensorflowFolder?: string;
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
    .addOption(engineOption("the file's"))
    .addOption(tensorflowOption())
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
  const experiments = overridden(await readExperiments(files, terminal), options);
  // It would be a pity to find out at the end of a long run.
  if (options.report !== undefined) await assertWritable(options.report);
  const interruption = new Interruption();
  const ended: EndedRun[] = [];
  for (const { file, experiment } of experiments) {
    if (interruption.requested) break;
    const root = resolve(options.out);
    const started = await startRun(file, experiment, {
      root,
      threads,
      allowOutside,
      env: tensorflowVariables(options.tensorflowFolder),
    });
    terminal.say(colors.dim(`${file} → ${started.directory}`));
    const { state } = await followRun(started.directory, started.trainer, interruption, terminal);
    ended.push({ run: await openRun(started.directory), state });
  }
  interruption.dispose();
  for (const { file } of experiments.slice(ended.length))
    terminal.say(colors.yellow(`${file} was not started`));
  sayEnd(ended, terminal);
  const failed = ended.some(({ state }) => state === "failed" || state === "interrupted");
  process.exitCode = interruption.requested
    ? exitCodes.interrupted
    : failed
      ? exitCodes.failed
      : exitCodes.ok;
  const runs = ended.map(({ run }) => run);
  try {
    if (options.report !== undefined && runs.length > 0)
      terminal.say(`report  ${await writeReport(runs, options.report)}`);
  } finally {
    const summaries = ended.map(({ run, state }) => summarize(run.record, run.directory, state));
    if (json) writeJson(files.length === 1 ? (summaries[0] ?? null) : summaries);
  }
}

interface EndedRun {
  readonly run: OpenedRun;
  /** As followed to its end. */
  readonly state: RunState;
}

/** The verdict on each run, what sets them apart, and where they are. */
function sayEnd(ended: readonly EndedRun[], terminal: Terminal): void {
  for (const { run } of ended) {
    terminal.say("");
    sayVerdict(run, terminal);
  }
  terminal.say("");
  if (ended.length > 1) {
    sayComparison(
      ended.map(({ run }) => run),
      terminal,
    );
    terminal.say("");
  }
  for (const { run, state } of ended) sayRun(run, state, terminal);
}
