/** A run's directory: what its files are called, and how a new one comes to be. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import type { Experiment } from "../experiment/schema.ts";
import { renameOver, replaceFile, syncDirectory } from "./atomicFile.ts";
import { makeFolder } from "./makeFolder.ts";
import type { RunRecord } from "./run.ts";
import { writeRunRecord } from "./runRecord.ts";
import { attempt, systemCode } from "./systemError.ts";

/** Names of the files in a run directory. */
export const runFiles = {
  experiment: "experiment.json",
  record: "run.json",
  telemetry: "telemetry.arrows",
  events: "events.jsonl",
  control: "control.jsonl",
  checkpoints: "checkpoints",
  log: "trainer.log",
  lock: "trainer.lock",
} as const;

/** Path of one of a run's files. */
export function runFile(runDirectory: string, file: keyof typeof runFiles): string {
  return join(runDirectory, runFiles[file]);
}

/** Where runs are kept unless the user says otherwise: `.sigmascope/runs` in the working directory. */
export function defaultRunsRoot(workingDirectory: string = process.cwd()): string {
  return resolve(workingDirectory, ".sigmascope", "runs");
}

export interface NewRun {
  /** The experiment file as the user named it; relative data paths are read from its folder. */
  readonly experimentFile: string | null;
  /** Shown for the run, and part of the directory's name. */
  readonly name: string;
  readonly now?: Date;
}

const mostCollisions = 20;

/**
 * Makes a run directory `YYYYMMDD-HHMMSS-<name>-<4 hex digits>` (UTC) with `experiment.json` and a `run.json` in
 * state `starting`. It appears with both files in it at once: it is filled under a hidden name, then renamed.
 *
 * The first `run.json` names the process that made the run, so that a run whose trainer never starts is seen as
 * interrupted. What only the task can tell (length, metric, baseline) is filled in by the trainer.
 *
 * @param root made when it does not exist.
 * @returns the absolute path.
 * @throws SystemFailure when the folder cannot be written.
 */
export function createRun(root: string, experiment: Experiment, run: NewRun): string {
  const now = run.now ?? new Date();
  const absoluteRoot = resolve(root);
  makeFolder(absoluteRoot);
  const temporary = join(absoluteRoot, `.new-${process.pid}-${randomBytes(4).toString("hex")}`);
  attempt("create", temporary, () => mkdirSync(temporary));
  try {
    attempt("create", temporary, () => mkdirSync(join(temporary, runFiles.checkpoints)));
    replaceFile(join(temporary, runFiles.experiment), `${JSON.stringify(experiment, undefined, 2)}\n`);
    for (let collision = 0; ; collision++) {
      const id = `${timestamp(now)}-${slug(run.name)}-${randomBytes(2).toString("hex")}`;
      const directory = join(absoluteRoot, id);
      writeRunRecord(temporary, firstRecord(id, experiment, run, now));
      try {
        // A directory with files in it is never replaced: the system refuses.
        renameOver(temporary, directory);
        syncDirectory(absoluteRoot);
        return directory;
      } catch (error) {
        const taken = ["EEXIST", "ENOTEMPTY", "EPERM", "ENOTDIR"].includes(systemCode(error) ?? "");
        if (!taken || collision === mostCollisions) attempt("create", directory, () => rethrow(error));
      }
    }
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

function rethrow(error: unknown): never {
  throw error;
}

function firstRecord(id: string, experiment: Experiment, run: NewRun, now: Date): RunRecord {
  return {
    format: 1,
    id,
    name: run.name,
    experimentFile: run.experimentFile === null ? null : resolve(run.experimentFile),
    state: "starting",
    reason: null,
    pid: process.pid,
    host: hostname(),
    created: now.toISOString(),
    heartbeat: new Date().toISOString(),
    step: 0,
    steps: experiment.training.steps ?? 0,
    length: 0,
    loss: null,
    metric: null,
    metricName: "metric",
    baseline: { loss: 0, metric: 0, reason: "not known before the task is loaded" },
    testLoss: null,
    testMetric: null,
    stepsPerSecond: null,
    elapsed: 0,
    halfLife: null,
    reach: null,
    sigma: null,
    findings: [],
    parameterCount: 0,
    cell: experiment.model.cell,
    engine: { name: experiment.engine, description: "" },
    version: packageJson.version,
  };
}

/** `20261123-081502`, UTC: sorts by age and means the same on every machine. */
function timestamp(now: Date): string {
  return now.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
}

/**
 * A name as part of a folder's name on every file system: lower-case letters, digits and single hyphens, at most
 * 40 characters; letters with accents lose these, anything else becomes a hyphen; `run` when nothing is left.
 */
export function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return plain === "" ? "run" : plain;
}
