/** Real runs by the built trainer, each in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ExperimentInput, experimentSchema } from "../../../src/experiment/schema.ts";
import { readEvents } from "../../../src/runs/events.ts";
import type { RunEvent, RunRecord } from "../../../src/runs/run.ts";
import { createRun } from "../../../src/runs/runDirectory.ts";
import { readRunRecord } from "../../../src/runs/runRecord.ts";

export const trainerFile = resolve("dist/trainer.js");

/** Adding with T = 20 and n = 8: a step takes well under a millisecond. */
export const tinyExperiment = {
  task: { kind: "adding", length: 20, testSize: 40 },
  model: { cell: "spectral", hidden: 8, reflectors: 8, radius: 0.3 },
  training: { batch: 8, steps: 60, learningRate: 0.01, seed: 3 },
} as const satisfies ExperimentInput;

/** A temporary folder for the runs of a test file. */
export class Runs {
  readonly root = mkdtempSync(join(tmpdir(), "sigmascope-trainer-"));
  readonly #children = new Set<ChildProcess>();

  create(experiment: ExperimentInput, options: { root?: string; experimentFile?: string } = {}): string {
    return createRun(options.root ?? this.root, experimentSchema.parse(experiment), {
      experimentFile: options.experimentFile ?? join(this.root, "test.sigmascope.json"),
      name: "test",
    });
  }

  /** Starts `trainer.js train`; its output is gathered. */
  start(directory: string, ...args: string[]): TrainerProcess {
    const child = spawn(process.execPath, [trainerFile, "train", directory, "--threads", "1", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    return new TrainerProcess(child);
  }

  /** Ends what still runs and removes everything. */
  async dispose(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(this.root, { recursive: true, force: true });
  }
}

export class TrainerProcess {
  readonly child: ChildProcess;
  output = "";

  constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString("utf8");
      });
  }

  /** The exit code, or the signal that ended it. */
  async end(): Promise<number | NodeJS.Signals> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "close");
    return this.child.exitCode ?? this.child.signalCode!;
  }
}

/** Waits until a run shows what is looked for. @throws Error with the run's newest record after 60 seconds. */
export async function until<T>(
  directory: string,
  look: (record: RunRecord) => T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const record = readRunRecord(directory);
    const found = look(record);
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain; the run is ${JSON.stringify(record)}`);
    await sleep(20);
  }
}

/** The newest event of a kind that satisfies a condition. */
export function findEvent<K extends RunEvent["type"]>(
  directory: string,
  type: K,
  matches: (event: Extract<RunEvent, { type: K }>) => boolean = () => true,
): Extract<RunEvent, { type: K }> | undefined {
  return readEvents(directory).events.findLast(
    (event): event is Extract<RunEvent, { type: K }> =>
      event.type === type && matches(event as Extract<RunEvent, { type: K }>),
  );
}

export function checkpointBytes(directory: string, step: number): Buffer {
  return readFileSync(join(directory, "checkpoints", `step-${String(step).padStart(7, "0")}.safetensors`));
}
