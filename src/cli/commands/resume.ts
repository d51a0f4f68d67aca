/** `sigmascope resume`: goes on with a run that was stopped, interrupted or has failed. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { Experiment } from "../../experiment/schema.ts";
import { assertResumable } from "../../runs/experimentOfRun.ts";
import { type LaunchedTrainer, launchTrainer } from "../../runs/launch.ts";
import { logEnd } from "../../runs/logEnd.ts";
import { runFiles } from "../../runs/runDirectory.ts";
import { lockOwner } from "../../runs/runLock.ts";
import { readRunRecord } from "../../runs/runRecord.ts";
import { trainerOptions } from "../../runs/startRun.ts";
import { openRun } from "../../runs/store.ts";
import { tensorflowVariables } from "../../tensorflowFolder.ts";
import { CliError, exitCodes } from "../exitCodes.ts";
import { isFile, noSuchFile } from "../files.ts";
import { findRun } from "../findRun.ts";
import { followRun } from "../followRun.ts";
import { Interruption } from "../interruption.ts";
import { engineOption, jsonOption, runsOption, tensorflowOption, threadsOption } from "../options.ts";
import { summarize } from "../runSummary.ts";
import { sayRun } from "../sayRun.ts";
import { sayVerdict } from "../showVerdict.ts";
import { openTerminal, writeJson } from "../terminal.ts";

interface ResumeOptions {
  readonly from?: string;
  readonly threads?: number;
  readonly engine?: Experiment["engine"];
  readonly tensorflowFolder?: string;
  readonly allowOutside?: boolean;
  readonly runs: string;
  readonly json?: boolean;
}

export function resumeCommand(): Command {
  return new Command("resume")
    .description("go on with a run from its newest checkpoint, bit for bit as if it had never ended")
    .argument("<run>", 'a run\'s id, the beginning of one, its directory, or "last"')
    .option(
      "--from <checkpoint>",
      "the checkpoint to go on from, instead of the newest: a path, or a name among the run's",
    )
    .addOption(threadsOption())
    .addOption(engineOption("the experiment's; a checkpoint of either goes on in the other"))
    .addOption(tensorflowOption())
    .option("--allow-outside", "let the task read data outside the folder of its experiment file")
    .addOption(runsOption())
    .addOption(jsonOption("the result"))
    .addHelpText(
      "after",
      `
Examples:
  sigmascope resume last
  sigmascope resume 20261123-081502 --threads 1`,
    )
    .action(resume);
}

async function resume(reference: string, options: ResumeOptions): Promise<void> {
  const { json = false, threads, allowOutside } = options;
  const terminal = openTerminal(json);
  const directory = await findRun(options.runs, reference);
  if (readRunRecord(directory).state === "finished")
    throw new CliError(`${directory} is finished: there is nothing to resume`);
  // The lock tells at once that a trainer was killed; its heartbeat would look alive for some seconds.
  const owner = lockOwner(directory);
  if (owner)
    throw new CliError(
      `${directory} is being trained by process ${owner.pid} on ${owner.host}; only a run that has ended can be resumed`,
    );
  await assertResumable(directory);
  const trainer = await launchTrainer(directory, {
    ...trainerOptions(threads, allowOutside, tensorflowVariables(options.tensorflowFolder)),
    engine: options.engine,
    resume: options.from === undefined ? true : await checkpointOf(directory, options.from),
  });
  await begun(directory, trainer);
  const interruption = new Interruption();
  const { state } = await followRun(directory, trainer, interruption, terminal);
  interruption.dispose();
  const run = await openRun(directory);
  terminal.say("");
  sayVerdict(run, terminal);
  terminal.say("");
  sayRun(run, state, terminal);
  if (json) writeJson(summarize(run.record, directory, state));
  const failed = state === "failed" || state === "interrupted";
  process.exitCode = interruption.requested
    ? exitCodes.interrupted
    : failed
      ? exitCodes.failed
      : exitCodes.ok;
}

/** @param named a path, or the name of a file among the run's checkpoints. @throws CliError (notFound). */
async function checkpointOf(directory: string, named: string): Promise<string> {
  const own = join(directory, runFiles.checkpoints, named);
  for (const file of [own, named]) if (await isFile(file)) return file;
  throw noSuchFile(named);
}

/**
 * Waits until the record is the new trainer's own, so that the state of the run's past is not taken for its end.
 *
 * @throws CliError with the trainer's last words when it ended without writing a record.
 */
async function begun(directory: string, { pid, exited }: LaunchedTrainer): Promise<void> {
  let gone = false;
  exited.then(() => {
    gone = true;
  });
  for (;;) {
    const ended = gone;
    if (readRunRecord(directory).pid === pid) return;
    if (ended) {
      throw new CliError(logEnd(directory, 1) || "the trainer ended before it wrote a record");
    }
    await sleep(50);
  }
}
