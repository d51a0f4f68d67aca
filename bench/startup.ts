/**
 * How long a user waits for the first training step: from the start of a process to the end of the first step, for the
 * trainer alone, as the extension starts it, and for `sigmascope train`, which starts the trainer itself.
 *
 * The end of the step is told by the run: the time of its event "started", and the first telemetry row's `time`, which
 * counts seconds of training from there.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { builtFile } from "../src/builtFile.ts";
import { median } from "../src/diagnostics/select.ts";
import { loadExperiment } from "../src/experiment/parseExperiment.ts";
import { resolveExperiment } from "../src/experiment/resolveExperiment.ts";
import { sendCommand } from "../src/runs/control.ts";
import { readEvents } from "../src/runs/events.ts";
import { launchTrainer } from "../src/runs/launch.ts";
import { createRun, runFile } from "../src/runs/runDirectory.ts";
import { readTelemetry } from "../src/runs/telemetryReader.ts";

export interface StartupRow {
  readonly experiment: string;
  readonly program: "trainer" | "command";
  /** Median, fastest and slowest time from the start of the process to the end of the first step, in milliseconds. */
  readonly ms: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly starts: number;
}

/** Looks at a run this often; the times do not depend on it, since the run itself tells them. */
const pollMilliseconds = 20;
const patienceMilliseconds = 30_000;

const examples = ["examples/adding-spectral.sigmascope.json", "examples/digits-spectral.sigmascope.json"];

/** @param starts of each program with each file. @param files experiment files. */
export async function benchStartup(
  starts: number,
  files: readonly string[] = examples,
): Promise<StartupRow[]> {
  const root = mkdtempSync(join(tmpdir(), "sigmascope-startup-"));
  const rows: StartupRow[] = [];
  try {
    for (const file of files) {
      const times = { trainer: [] as number[], command: [] as number[] };
      // The first start of each reads the programs from the disk.
      for (let start = -1; start < starts; start++)
        for (const [program, measure] of [
          ["trainer", startTrainer],
          ["command", startCommand],
        ] as const) {
          const ms = await measure(resolve(file), join(root, `${program}-${rows.length}-${start}`));
          if (start >= 0) times[program].push(ms);
        }
      for (const program of ["trainer", "command"] as const) {
        const all = times[program];
        rows.push({
          experiment: file,
          program,
          ms: median(all),
          fastest: Math.min(...all),
          slowest: Math.max(...all),
          starts: all.length,
        });
      }
    }
    return rows;
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** One line a row, in milliseconds. */
export function sayStartup(rows: readonly StartupRow[]): void {
  console.log(
    "From the start of the process to the end of the first training step, ms: median (fastest … slowest)",
  );
  for (const { experiment, program, ms, fastest, slowest, starts } of rows)
    console.log(
      `${experiment.padEnd(44)} ${program.padEnd(8)} ${ms.toFixed(0).padStart(5)}  ` +
        `(${fastest.toFixed(0)} … ${slowest.toFixed(0)}, ${starts} starts)`,
    );
}

/** The trainer as the extension starts it: the run's directory stands already. */
async function startTrainer(file: string, root: string): Promise<number> {
  const loaded = await loadExperiment(file);
  if (!loaded.ok) throw new Error(`${file} is no valid experiment`);
  const experiment = resolveExperiment(loaded.experiment, { file });
  const directory = createRun(root, experiment, { experimentFile: file, name: "startup" });
  const began = Date.now();
  const { exited } = await launchTrainer(directory);
  try {
    return (await firstStep(() => directory)) - began;
  } finally {
    sendCommand(directory, { command: "stop" });
    // A trainer that was launched does not keep this process alive.
    const alive = setInterval(() => {}, 1000);
    await exited;
    clearInterval(alive);
  }
}

async function startCommand(file: string, root: string): Promise<number> {
  const began = Date.now();
  const child = spawn(process.execPath, [builtFile("cli.js"), "train", file, "--out", root], {
    stdio: "ignore",
  });
  const exited = new Promise<void>((settle) => child.once("exit", () => settle()));
  let directory: string | undefined;
  try {
    return (
      (await firstStep(() => {
        directory ??= newestRun(root);
        return directory;
      })) - began
    );
  } finally {
    if (directory !== undefined) sendCommand(directory, { command: "stop" });
    else child.kill();
    await exited;
  }
}

function newestRun(root: string): string | undefined {
  try {
    const name = readdirSync(root).find((entry) => !entry.startsWith("."));
    return name === undefined ? undefined : join(root, name);
  } catch {
    return undefined;
  }
}

/** When a run's first step ended, in milliseconds since 1970. */
async function firstStep(directoryOf: () => string | undefined): Promise<number> {
  const deadline = Date.now() + patienceMilliseconds;
  for (;;) {
    await sleep(pollMilliseconds);
    const directory = directoryOf();
    const row = directory && firstRowOf(directory);
    if (directory && row) {
      const started = readEvents(directory).events.find(({ type }) => type === "started");
      if (started) return Date.parse(started.time) + row.time * 1000;
    }
    if (Date.now() > deadline) throw new Error(`no step within ${patienceMilliseconds / 1000} s`);
  }
}

function firstRowOf(directory: string): { readonly time: number } | undefined {
  try {
    return readTelemetry(runFile(directory, "telemetry")).rows[0];
  } catch {
    // Not there yet.
    return undefined;
  }
}
