/**
 * What a training loop does beside its steps: real runs of a real trainer in this process, whose engine notes when it
 * works. The rest of the loop's time went to batches, telemetry, diagnostics, files and timers; what batches take of it
 * is measured on the same task right afterwards.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { median } from "../src/diagnostics/select.ts";
import { createEngine } from "../src/engine/createEngine.ts";
import type { Engine } from "../src/engine/engine.ts";
import { parseExperiment } from "../src/experiment/parseExperiment.ts";
import { resolveExperiment } from "../src/experiment/resolveExperiment.ts";
import type { Experiment } from "../src/experiment/schema.ts";
import { Random } from "../src/random.ts";
import { createRun } from "../src/runs/runDirectory.ts";
import { loadTask } from "../src/tasks/loadTask.ts";
import { TrainingSession } from "../src/trainer/trainingSession.ts";

export interface WaitingRow {
  readonly task: string;
  readonly n: number;
  readonly B: number;
  readonly T: number;
  /** Of a training step in the engine, median, in milliseconds. */
  readonly stepMs: number;
  /** Share of making a batch in the time from one step to the next; all three medians. */
  readonly data: number;
  /** Share of everything else but step and batch in it: telemetry, diagnostics, the loop itself. */
  readonly other: number;
  /**
   * Share of the whole loop's time beside steps and batches: with the run's files, timers, and whatever other processes
   * took meanwhile.
   */
  readonly otherInAll: number;
}

/** Steps before those that count: the first ones compile. */
const warmUp = 20;
const data = "examples/data";

interface Case {
  readonly name: string;
  readonly task: object;
  readonly hidden: number;
  readonly batch: number;
  readonly steps: number;
  readonly telemetry?: object;
}

/** Sizes that the papers and the examples use, for the fastest of the cells. */
function cases(csvFile: string): Case[] {
  return [
    { name: "adding, T = 200", task: { kind: "adding", length: 200 }, hidden: 64, batch: 32, steps: 500 },
    { name: "adding, T = 750", task: { kind: "adding", length: 750 }, hidden: 128, batch: 50, steps: 70 },
    { name: "copy", task: { kind: "copy", delay: 100 }, hidden: 128, batch: 32, steps: 300 },
    { name: "digits", task: { kind: "digits" }, hidden: 128, batch: 64, steps: 300 },
    {
      name: "mnist by pixels",
      task: { kind: "mnist", folder: `${data}/mnist` },
      hidden: 128,
      batch: 64,
      steps: 50,
    },
    {
      name: "mnist by rows",
      task: { kind: "mnist", folder: `${data}/mnist`, length: 28 },
      hidden: 128,
      batch: 64,
      steps: 400,
    },
    {
      name: "text by characters",
      task: { kind: "text", train: `${data}/brown/brown.train.txt`, test: `${data}/brown/brown.test.txt` },
      hidden: 256,
      batch: 64,
      steps: 50,
    },
    { name: "csv", task: { kind: "csv", train: csvFile }, hidden: 64, batch: 32, steps: 500 },
  ];
}

/** @param say told of each row, and of each task whose data are not here. */
export async function benchWaiting(say: (line: string) => void): Promise<WaitingRow[]> {
  const root = mkdtempSync(join(tmpdir(), "sigmascope-waiting-"));
  const rows: WaitingRow[] = [];
  try {
    const csvFile = join(root, "sequences.csv");
    writeFileSync(csvFile, csvText());
    say(
      "task                    n    B     T   step, ms    data    other  other in all (shares of the loop's time)",
    );
    for (const each of cases(csvFile)) {
      for (const recorded of [true, false]) {
        const name = recorded ? each.name : "  every 10th recorded";
        const telemetry = recorded ? { cadence: 1 } : { cadence: 10 };
        try {
          const row = await measure(root, { ...each, name, telemetry });
          rows.push({ ...row, task: recorded ? row.task : `${each.name}, every 10th step recorded` });
          say(line(row));
        } catch (error) {
          say(`${each.name}: ${error instanceof Error ? error.message : String(error)}`);
          break;
        }
      }
    }
    return rows;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function line({ task, n, B, T, stepMs, data, other, otherInAll }: WaitingRow): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`.padStart(8);
  const sizes = [n, B, T].map((size, i) => String(size).padStart([4, 5, 6][i]!)).join("");
  return `${task.padEnd(21)}${sizes}${stepMs.toFixed(2).padStart(11)}${[data, other, otherInAll].map(percent).join(" ")}`;
}

async function measure(
  root: string,
  { name, task, hidden, batch, steps, telemetry }: Case,
): Promise<WaitingRow> {
  const file = join(resolve("."), "bench.sigmascope.json");
  const training = { batch, steps, learningRate: 1e-4, evaluateEvery: steps, checkpointEvery: steps };
  const text = JSON.stringify({ task, model: { cell: "rnn", hidden }, training, telemetry });
  const parsed = parseExperiment(text, file);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join("; "));
  const experiment = resolveExperiment(parsed.experiment, { file });
  const watch = new StepWatch();
  const directory = createRun(root, experiment, { experimentFile: file, name: "waiting" });
  const end = await new TrainingSession(directory, {
    allowOutside: true,
    makeEngine: async (engine, options) => watch.over(await createEngine(engine, options)),
  }).run();
  if (end !== "finished") throw new Error(`the run ended as ${end}; are its data in ${data}?`);
  const { batchMs, length } = await measureBatches(experiment, steps);
  const { stepMs, betweenMs, stepsShare } = watch.summary();
  const turnMs = stepMs + betweenMs;
  return {
    task: name,
    n: hidden,
    B: batch,
    T: length,
    stepMs,
    data: batchMs / turnMs,
    other: Math.max(0, betweenMs - batchMs) / turnMs,
    otherInAll: Math.max(0, 1 - stepsShare - batchMs / turnMs),
  };
}

/** Median time of a batch in the steps that count, and T. */
async function measureBatches(
  { task: settings, training }: Experiment,
  steps: number,
): Promise<{ batchMs: number; length: number }> {
  const baseDirectory = resolve(".");
  const places = { baseDirectory, root: baseDirectory, allowOutside: true };
  const task = await loadTask(settings, training.seed, places);
  const times: number[] = [];
  for (let step = 0; step < steps; step++) {
    const began = performance.now();
    task.trainBatch(step, training.batch);
    if (step >= warmUp) times.push(performance.now() - began);
  }
  return { batchMs: median(times), length: task.length };
}

/** Notes when training steps begin and end. */
class StepWatch {
  readonly #begins: number[] = [];
  readonly #ends: number[] = [];

  over(engine: Engine): Engine {
    return {
      ...engine,
      createModel: (...args) => {
        const model = engine.createModel(...args);
        const trainStep = model.trainStep.bind(model);
        model.trainStep = (...step) => {
          this.#begins.push(performance.now());
          const result = trainStep(...step);
          this.#ends.push(performance.now());
          return result;
        };
        return model;
      },
    };
  }

  /** From the end of the last step of the warm-up to the end of the last one; what follows it is no part of the loop. */
  summary() {
    const [begins, ends] = [this.#begins, this.#ends];
    const times = ends.map((end, i) => end - begins[i]!).slice(warmUp);
    const between = ends.slice(warmUp, -1).map((end, i) => begins[warmUp + i + 1]! - end);
    return {
      stepMs: median(times),
      betweenMs: median(between),
      stepsShare: times.reduce((sum, ms) => sum + ms, 0) / (ends.at(-1)! - ends[warmUp - 1]!),
    };
  }
}

/** 600 sequences of 200 timesteps in three classes. */
function csvText(): string {
  const random = new Random(1, "bench", "csv");
  const lines = Array.from({ length: 600 }, (_, i) => {
    const values = Array.from({ length: 200 }, () => random.uniform().toFixed(4));
    return `${values.join(",")},${["a", "b", "c"][i % 3]}`;
  });
  return `${lines.join("\n")}\n`;
}
