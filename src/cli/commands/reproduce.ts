/** `sigmascope reproduce`: trains named sets of experiments over seeds, and writes a table of each. */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { makeFolder } from "../../runs/makeFolder.ts";
import { acquireRunLock, type RunLock, RunLockedError } from "../../runs/runLock.ts";
import { CliError, exitCodes } from "../exitCodes.ts";
import { Interruption } from "../interruption.ts";
import { jsonOption, wholeNumber } from "../options.ts";
import { setsNamed } from "../reproduce/allSets.ts";
import { defaultDataFolder } from "../reproduce/dataFolder.ts";
import { listedSets, sayList } from "../reproduce/listSets.ts";
import { Manifest } from "../reproduce/manifest.ts";
import { makePlan, type Plan } from "../reproduce/plan.ts";
import { lookAtRuns, type PoolRun, trainAll } from "../reproduce/pool.ts";
import { endedLine, openPoolProgress } from "../reproduce/poolProgress.ts";
import type { Workshop } from "../reproduce/runOne.ts";
import { type SetTable, Tables } from "../reproduce/tables.ts";
import { openTerminal, type Terminal, writeJson } from "../terminal.ts";

interface ReproduceOptions {
  readonly quick?: boolean;
  readonly seeds?: number;
  readonly jobs?: number;
  readonly steps?: number;
  readonly data?: string;
  readonly out: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

const defaultOut = ".sigmascope/reproduce";
const usualSeeds = { full: 3, quick: 1 } as const;
/** A lock on a shared folder is held to be another machine's leftover when it is not renewed for a minute. */
const renewalInterval = 10_000;

export function reproduceCommand(): Command {
  return new Command("reproduce")
    .description("train named sets of experiments over seeds, and write a table of each")
    .argument("[name...]", "sets or families of sets; default: all whose data are there")
    .option("--quick", "smaller, shorter and with one seed: minutes instead of days")
    .option(
      "--seeds <n>",
      `seeds 1 to n of each experiment (default: ${usualSeeds.full}, with --quick ${usualSeeds.quick})`,
      wholeNumber(1, 1000),
    )
    .option(
      "--jobs <n>",
      `trainers at the same time, each on one thread (default: all ${availableParallelism()} processors)`,
      wholeNumber(1, 256),
    )
    .option("--steps <n>", "shorter runs, to try it out: steps of each run", wholeNumber(1, 1_000_000_000))
    .option("--data <folder>", "folder with the data (default: examples/data of the clone)")
    .option("--out <folder>", "folder for tables, runs and the list of runs", defaultOut)
    .option("--list", "only list the sets, with what they take")
    .addOption(jsonOption("the tables"))
    .addHelpText(
      "after",
      `
A second call trains only what is missing: finished runs are kept, and those that were stopped go on. Ctrl-C stops
all trainers, each after a checkpoint.

Examples:
  sigmascope reproduce --list
  sigmascope reproduce --quick
  sigmascope reproduce adding-200 copy --seeds 5`,
    )
    .action(reproduce);
}

async function reproduce(names: string[], options: ReproduceOptions): Promise<void> {
  const { quick = false, json = false, steps } = options;
  const terminal = openTerminal(json);
  const jobs = options.jobs ?? availableParallelism();
  const seeds = options.seeds ?? usualSeeds[quick ? "quick" : "full"];
  const dataFolder = options.data === undefined ? defaultDataFolder() : resolve(options.data);
  const plan = await makePlan(setsNamed(names), { quick, seeds, steps, dataFolder });
  if (options.list) {
    const sets = listedSets(plan, jobs);
    sayList(sets, jobs, terminal);
    if (json) writeJson(sets);
    return;
  }
  assertSomething(plan, names);
  for (const { set, reason } of plan.skipped)
    terminal.say(terminal.colors.yellow(`${set.name} is skipped: ${reason}`));
  const folder = resolve(options.out);
  makeFolder(folder);
  const unlock = lockFolder(folder);
  try {
    await train(plan, { jobs, quick, steps, json }, terminal, {
      folder,
      runs: join(folder, "runs"),
      manifest: Manifest.open(folder),
      command: commandText(),
      threads: jobs === 1 ? undefined : 1,
    });
  } finally {
    unlock();
  }
}

/** @throws CliError (notFound) where the data of a set that was asked for by name are not there. */
function assertSomething({ sets, skipped }: Plan, names: readonly string[]): void {
  const wanted = names.length > 0 ? skipped : sets.length === 0 ? skipped : [];
  if (wanted.length > 0)
    throw new CliError(
      wanted.map(({ set, reason }) => `${set.name} cannot be trained: ${reason}`).join("\n"),
      exitCodes.notFound,
    );
}

interface TrainOptions {
  readonly jobs: number;
  readonly quick: boolean;
  readonly steps: number | undefined;
  readonly json: boolean;
}

async function train(
  plan: Plan,
  { jobs, quick, steps, json }: TrainOptions,
  terminal: Terminal,
  workshop: Workshop,
): Promise<void> {
  const { colors } = terminal;
  const runs = await lookAtRuns(plan.sets, workshop);
  const kept = runs.filter(({ end }) => end !== null).length;
  if (kept > 0) terminal.say(`${kept} of ${runs.length} runs are finished already`);
  const parallel = `${jobs} at a time, ${jobs === 1 ? "on all processors" : "one thread each"}`;
  const tables = new Tables(runs, workshop, { quick, steps, parallel });
  const interruption = new Interruption();
  const progress = openPoolProgress(terminal, runs, jobs);
  interruption.handle(
    () => {
      progress.note("stopping all runs after a checkpoint; Ctrl-C again leaves at once");
      for (const { active } of runs) active?.stop();
    },
    () => progress.end(),
  );
  try {
    await trainAll(runs, jobs, workshop, interruption, {
      started: ({ planned, found }) => {
        const { set, experiment, seed } = planned.key;
        // New runs are told when they end; whoever sees an old one again wants to know that it goes on.
        if (found.directory !== null)
          progress.note(
            colors.dim(`${set} ${experiment} seed ${seed} is ${found.start}: ${found.directory}`),
          );
      },
      ended: async (run) => {
        progress.note(endedLine(run, terminal));
        await tables.write(run.set);
        const left = runs.filter(({ set, end }) => set === run.set && end === null).length;
        if (left === 0) progress.note(colors.bold(`${run.set.set.name} is done`));
      },
    });
  } finally {
    progress.end();
  }
  interruption.dispose();
  const written: SetTable[] = [];
  for (const set of plan.sets) written.push(await tables.write(set));
  terminal.say("");
  for (const { markdown } of written) terminal.say(`table   ${markdown}`);
  sayOutcome(runs, terminal, interruption.requested);
  if (json) writeJson(jsonResult(plan, written, runs));
}

/** What is missing, and how it goes on; sets the exit code. */
function sayOutcome(runs: readonly PoolRun[], terminal: Terminal, interrupted: boolean): void {
  const missing = runs.filter(({ end }) => end?.state !== "finished");
  const failed = missing.filter(({ end }) => end?.state === "failed" || end?.state === "interrupted");
  const finished = runs.length - missing.length;
  terminal.say(
    `runs    ${finished} of ${runs.length} finished${failed.length > 0 ? `, ${failed.length} failed` : ""}`,
  );
  if (missing.length > 0) terminal.say(terminal.colors.dim(`        go on with: ${commandText()}`));
  process.exitCode = interrupted
    ? exitCodes.interrupted
    : failed.length > 0
      ? exitCodes.failed
      : exitCodes.ok;
}

function jsonResult(plan: Plan, written: readonly SetTable[], runs: readonly PoolRun[]) {
  return {
    sets: written.map(({ set, rows, markdown, csv }) => ({
      set: set.set.name,
      markdown,
      csv,
      rows,
      runs: runs
        .filter((run) => run.set === set)
        .map(({ planned, end, found }) => ({
          experiment: planned.key.experiment,
          seed: planned.key.seed,
          state: end?.state ?? "waiting",
          directory: end?.directory ?? null,
          start: found.start,
        })),
    })),
    skipped: plan.skipped.map(({ set, reason }) => ({ set: set.name, reason })),
  };
}

/** The call as a person would type it again. */
function commandText(): string {
  const quote = (word: string) =>
    /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  return ["sigmascope", ...process.argv.slice(2).map(quote)].join(" ");
}

/**
 * One call at a time has a folder: two would train the same runs.
 *
 * @returns what gives it free.
 */
function lockFolder(folder: string): () => void {
  let lock: RunLock;
  try {
    lock = acquireRunLock(folder);
  } catch (error) {
    if (!(error instanceof RunLockedError)) throw error;
    const who = error.owner ? `process ${error.owner.pid} on ${error.owner.host}` : "another process";
    throw new CliError(`${who} is at work in ${folder}; wait for it, or name another folder with --out`);
  }
  const timer = setInterval(() => lock.renew(), renewalInterval);
  timer.unref();
  return () => {
    clearInterval(timer);
    lock.release();
  };
}
