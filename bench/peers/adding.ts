/** `npm run bench -- --adding`: from the command to the solved adding problem, ours against a PyTorch script. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { z } from "zod";
import { median } from "../../src/diagnostics/select.ts";
import type { ModelSpec } from "../../src/engine/engine.ts";
import { initializeParameters } from "../../src/engine/initialize.ts";
import { writeSafetensors } from "../../src/runs/safetensors.ts";
import { interpreterOf } from "./pythonPeer.ts";

/** A model that ignores its memory has 1/6. */
const solvedBelow = 0.01;

export interface Solved {
  readonly seed: number;
  readonly who: "sigmascope" | "torch";
  /** From the start of the command to the first test error below the mark, or to its end when there was none. */
  readonly seconds: number;
  /** Training steps until then. */
  readonly steps: number;
  readonly solved: boolean;
}

/** What the programs print after each evaluation. @returns undefined for another line. */
export function readEvaluation(line: string): { step: number; error: number } | undefined {
  const [, step, error] = /^step (\d+): test mean squared error ([\d.e+-]+)/.exec(line) ?? [];
  return step === undefined ? undefined : { step: Number(step), error: Number(error) };
}

/** Runs a command until the problem is solved, then ends it. @throws Error when it fails before. */
function untilSolved(command: string, args: readonly string[]): Promise<Omit<Solved, "seed" | "who">> {
  const start = performance.now();
  const child: ChildProcess = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const tail: string[] = [];
  let steps = 0;
  let seconds: number | undefined;
  const read = (line: string) => {
    tail.push(line);
    if (tail.length > 5) tail.shift();
    const evaluation = readEvaluation(line);
    if (!evaluation || seconds !== undefined) return;
    steps = evaluation.step;
    if (evaluation.error >= solvedBelow) return;
    seconds = (performance.now() - start) / 1000;
    child.kill("SIGINT");
  };
  for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on("line", read);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (seconds !== undefined) resolve({ seconds, steps, solved: true });
      else if (code === 0) resolve({ seconds: (performance.now() - start) / 1000, steps, solved: false });
      else reject(new Error(`${command} ended with ${code}: ${tail.join("\n")}`));
    });
  });
}

const experimentSchema = z.object({
  model: z.object({ hidden: z.number(), reflectors: z.number(), radius: z.number() }),
});

/** The experiment's parameters at step 0, as our trainer has them, in a file for the script. */
function writeParameters(experiment: string, seed: number, file: string): void {
  const { model } = experimentSchema.parse(JSON.parse(readFileSync(experiment, "utf8")));
  const spec: ModelSpec = {
    cell: "spectral",
    inputSize: 2,
    hidden: model.hidden,
    layers: 1,
    activation: "leakyRelu",
    outputSize: 1,
    head: "regressLast",
    reflectors: [model.reflectors, model.reflectors],
    radius: model.radius,
    center: 1,
  };
  writeSafetensors(file, initializeParameters(spec, "orthogonal", seed));
}

/**
 * @param root the repository's folder, built.
 * @param seeds of parameters and data; both start from the same parameters, while their data are of the same kind.
 * @param onRow called with each result as it stands.
 */
export async function benchAdding(
  root: string,
  threads: number,
  seeds: readonly number[],
  onRow: (row: Solved) => void,
): Promise<{ rows: Solved[]; notes: string[]; ratio: number | undefined }> {
  const python = interpreterOf(root, "torch");
  const notes = python === undefined ? ["torch: absent; bench/setup makes its environment"] : [];
  const experiment = join(root, "bench", "peers", "adding.sigmascope.json");
  const folder = mkdtempSync(join(tmpdir(), "sigmascope-adding-"));
  const rows: Solved[] = [];
  const add = (row: Solved) => {
    rows.push(row);
    onRow(row);
    return row.seconds;
  };
  const ratios: number[] = [];
  try {
    for (const seed of seeds) {
      const args = ["train", experiment, "--seed", String(seed), "--threads", String(threads)];
      const command = [join(root, "dist", "cli.js"), ...args, "--out", join(folder, "runs")];
      const ours = add({ seed, who: "sigmascope", ...(await untilSolved(process.execPath, command)) });
      if (python === undefined) continue;
      const parameters = join(folder, "parameters.safetensors");
      writeParameters(experiment, seed, parameters);
      const script = join(root, "bench", "peers", "torch_adding.py");
      const theirs = [script, experiment, parameters, String(seed), String(threads)];
      ratios.push(add({ seed, who: "torch", ...(await untilSolved(python, theirs)) }) / ours);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, notes, ratio: ratios.length > 0 ? median(ratios) : undefined };
}

/** The same for people, or as one JSON object. */
export async function reportAdding(
  root: string,
  threads: number,
  seeds: readonly number[],
  json: boolean,
): Promise<void> {
  if (!json) {
    console.log(
      `The adding problem, T = 200: seconds from the command to a test error below ${solvedBelow}.\n`,
    );
    console.log("seed  who          seconds   steps   steps/s");
  }
  const { rows, notes, ratio } = await benchAdding(root, threads, seeds, (row) => {
    if (json) return;
    const rate = row.steps / row.seconds;
    console.log(
      `${String(row.seed).padEnd(6)}${row.who.padEnd(11)}${row.seconds.toFixed(1).padStart(9)}` +
        `${String(row.steps).padStart(8)}${rate.toFixed(1).padStart(10)}${row.solved ? "" : "  not solved"}`,
    );
  });
  for (const note of notes) console.error(note);
  if (json) console.log(JSON.stringify({ threads, rows, notes, ratio: ratio ?? null }));
  else if (ratio !== undefined)
    console.log(`\nPyTorch takes ${ratio.toFixed(1)} times as long (median of the seeds).`);
}
