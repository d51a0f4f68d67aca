/** Starting the trainer as a process of its own: whatever computes, neither the command line nor an editor does it. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { builtFile } from "../builtFile.ts";
import type { Experiment } from "../experiment/schema.ts";
import { controlEnd, controlFromVariable } from "./control.ts";
import { runFile } from "./runDirectory.ts";
import { attempt, SystemFailure } from "./systemError.ts";

/** Path of a trainer to use instead of the one that was built. */
export const trainerVariable = "SIGMASCOPE_TRAINER";

/** Output of a trainer job beyond this ends the job: an answer is one line. */
const mostOutput = 64 * 1024 * 1024;
/** Of what a failed job wrote to standard error, this much of the end is quoted. */
const quotedError = 4000;

export interface LaunchOptions {
  readonly threads?: number;
  /** Go on from the newest checkpoint, or from the one in this file. */
  readonly resume?: boolean | string;
  /** Engine, instead of the experiment's. */
  readonly engine?: Experiment["engine"] | undefined;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface LaunchedTrainer {
  readonly pid: number;
  /** Settles when the trainer ends while this process still runs; does not keep this process running. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts `trainer.js train RUN [--resume] [--engine NAME] [--threads N]` detached: it outlives this process. What it prints goes to
 * the run's `trainer.log`.
 *
 * @throws Error when the trainer is not built; SystemFailure when it cannot be started or the log not be written.
 */
export async function launchTrainer(
  runDirectory: string,
  options: LaunchOptions = {},
): Promise<LaunchedTrainer> {
  const directory = resolve(runDirectory);
  const trainer = findTrainer();
  const log = runFile(directory, "log");
  const args = [trainer, "train", directory];
  if (options.resume) args.push("--resume");
  if (typeof options.resume === "string") args.push(resolve(options.resume));
  if (options.engine !== undefined) args.push("--engine", options.engine);
  if (options.threads !== undefined) args.push("--threads", String(options.threads));
  const from = options.resume ? controlEnd(directory) : 0;
  const descriptor = attempt("write", log, () => openSync(log, "a"));
  try {
    const child = spawn(process.execPath, args, {
      detached: true,
      windowsHide: true,
      stdio: ["ignore", descriptor, descriptor],
      env: { ...trainerEnvironment(options.env), [controlFromVariable]: String(from) },
    });
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((settle) =>
      child.once("exit", (code, signal) => settle({ code, signal })),
    );
    await spawned(child, trainer);
    child.unref();
    return { pid: child.pid!, exited };
  } finally {
    closeSync(descriptor);
  }
}

export interface TrainerJobOptions {
  /** Aborting ends the job; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a short job of the trainer, e.g. `["inspect", file]`, and returns the JSON value of the last line that it
 * prints to standard output.
 *
 * @throws Error with what the job wrote to standard error when it fails, or when it prints no JSON.
 */
export async function trainerJob(args: readonly string[], options: TrainerJobOptions = {}): Promise<unknown> {
  options.signal?.throwIfAborted();
  const child = spawn(process.execPath, [findTrainer(), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    env: trainerEnvironment(options.env),
  });
  const abort = () => child.kill();
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    let tooLong = false;
    const output = collect(child.stdout, mostOutput, () => {
      tooLong = true;
      child.kill();
    });
    const complaints = collect(child.stderr, mostOutput, () => {});
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((settle, reject) => {
      child.once("error", (error) => reject(new SystemFailure(error, "start", process.execPath)));
      child.once("close", (...end) => settle(end));
    });
    options.signal?.throwIfAborted();
    const job = `the trainer's job "${args[0] ?? ""}"`;
    if (tooLong) throw new Error(`${job} printed more than ${mostOutput} bytes`);
    if (code !== 0) {
      const said = complaints().trim().slice(-quotedError);
      const end = signal === null ? `exit code ${code}` : `signal ${signal}`;
      throw new Error(said === "" ? `${job} ended with ${end} and said nothing` : said);
    }
    const line = output().trim().split("\n").at(-1) ?? "";
    try {
      return JSON.parse(line) as unknown;
    } catch (error) {
      throw new Error(`${job} printed no JSON as its last line but: ${line.slice(0, 200)}`, { cause: error });
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

/**
 * Path of the trainer's program: the one that `SIGMASCOPE_TRAINER` names, else the one that was built.
 *
 * @throws Error that says where it was looked for.
 */
export function findTrainer(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment[trainerVariable];
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return resolve(named);
    throw new Error(`${trainerVariable} names ${named}, which does not exist`);
  }
  return builtFile("trainer.js");
}

/** In an editor `process.execPath` is Electron, which behaves as Node when told so. */
function trainerEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...extra, ELECTRON_RUN_AS_NODE: "1" };
}

function spawned(child: ChildProcess, trainer: string): Promise<void> {
  return new Promise((settle, reject) => {
    child.once("spawn", settle);
    child.once("error", (error) => reject(new SystemFailure(error, "start", trainer)));
  });
}

/** Gathers a stream's text, up to a limit. */
function collect(stream: NodeJS.ReadableStream, limit: number, onLimit: () => void): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > limit) onLimit();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
