/** What a run needs before its first step: the task, the engine, and where an earlier trainer left off. */
import { dirname } from "node:path";
import { DiagnosticsMonitor, type ModelSwitch, switchesOf } from "../diagnostics/monitor.ts";
import type { DiagnosticRun } from "../diagnostics/rule.ts";
import { thresholdsFrom } from "../diagnostics/thresholds.ts";
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import { initializeParameters } from "../engine/initialize.ts";
import { profileCount, transitionNames } from "../engine/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import { readEvents, standingEvents } from "../runs/events.ts";
import type { RunEvent, RunRecord } from "../runs/run.ts";
import { runFile } from "../runs/runDirectory.ts";
import type { TelemetryRow, TelemetryShape } from "../runs/telemetry.ts";
import { readTelemetry } from "../runs/telemetryReader.ts";
import { TelemetryWriter } from "../runs/telemetryWriter.ts";
import { loadTask } from "../tasks/loadTask.ts";
import type { Task } from "../tasks/task.ts";
import { CheckpointKeeper, findCheckpoint } from "./checkpoints.ts";
import { recordsLyapunov } from "./lyapunov.ts";
import { modelSpecOf, parameterNamesOfRun } from "./modelSpec.ts";
import type { Schedule } from "./schedule.ts";

/** Loads an experiment's data; paths in it are relative to the experiment file, and lead nowhere outside its folder. */
export async function loadTaskOf(
  experiment: Experiment,
  record: RunRecord,
  allowOutside: boolean,
): Promise<Task> {
  const baseDirectory = record.experimentFile === null ? process.cwd() : dirname(record.experimentFile);
  return await loadTask(experiment.task, experiment.training.seed, {
    baseDirectory,
    root: baseDirectory,
    allowOutside,
  });
}

/** Where training begins. */
export interface StartingPoint {
  /** Steps finished. */
  readonly step: number;
  readonly spec: ModelSpec;
  readonly parameters: TensorMap;
  /** Empty for a new run. */
  readonly optimizerState: TensorMap;
  /** Of a task that carries state: where the newest batch's sequences ended; empty at the start. */
  readonly states: TensorMap;
  /** File of the checkpoint, or null for the initial parameters. */
  readonly checkpoint: string | null;
  /** One sentence for each newer checkpoint that is damaged. */
  readonly skipped: readonly string[];
}

/**
 * @param resume go on from a checkpoint; a run that has none yet begins anew from its seed.
 * @param named the checkpoint; undefined: the newest that can be read.
 * @throws Error when the checkpoint does not exist, or is not of a model for this task.
 */
export function startingPoint(
  directory: string,
  experiment: Experiment,
  task: Task,
  resume: boolean,
  named: string | undefined,
): StartingPoint {
  const initialSpec = modelSpecOf(experiment.model, task);
  const { found, skipped } = resume ? findCheckpoint(directory, named) : { found: null, skipped: [] };
  if (found === null)
    return {
      step: 0,
      spec: initialSpec,
      parameters: initializeParameters(
        initialSpec,
        experiment.model.initialization,
        experiment.training.seed,
      ),
      optimizerState: new Map(),
      states: new Map(),
      checkpoint: null,
      skipped,
    };
  const { step, spec, parameters, optimizerState, states } = found.checkpoint;
  for (const key of [
    "net",
    "inputSize",
    "vocabulary",
    "embedding",
    "outputSize",
    "head",
    "hidden",
    "layers",
    "activation",
  ] as const)
    if (spec[key] !== initialSpec[key])
      throw new Error(
        `${found.file} is of another model: its ${key} is ${spec[key]}; this run's is ${initialSpec[key]}`,
      );
  return {
    step,
    spec,
    parameters,
    optimizerState,
    states: states ?? new Map(),
    checkpoint: found.file,
    skipped,
  };
}

/** The files of a run as far as they are valid at the starting point, opened to go on. */
export interface OpenedOutput {
  readonly shape: TelemetryShape;
  readonly telemetry: TelemetryWriter;
  readonly checkpoints: CheckpointKeeper;
  readonly monitor: DiagnosticsMonitor;
  readonly newestRow: TelemetryRow | undefined;
  /** Step of the newest row that holds a spectrum, or 0. */
  readonly completeRow: number;
  /** The newest evaluation up to the starting point. */
  readonly evaluation: Extract<RunEvent, { type: "evaluation" }> | undefined;
}

/** Opens a run's files; rows and checkpoints of steps after the starting point are taken back. */
export function openOutput(
  directory: string,
  runId: string,
  run: DiagnosticRun,
  task: Task,
  start: StartingPoint,
  resume: boolean,
): OpenedOutput {
  const { experiment } = run;
  const initialSpec = modelSpecOf(experiment.model, task);
  const shape: TelemetryShape = {
    layers: profileCount(initialSpec),
    transitions: transitionNames(initialSpec),
    parameters: parameterNamesOfRun(initialSpec),
    ...(recordsLyapunov(experiment, initialSpec) ? { lyapunov: true } : {}),
  };
  const file = runFile(directory, "telemetry");
  const telemetry = TelemetryWriter.open(file, shape, {
    runId,
    ...(resume ? { resumeAfterStep: start.step } : {}),
  });
  const rows = resume ? readTelemetry(file).rows : [];
  const events = resume
    ? standingEvents(readEvents(directory).events).filter(({ step }) => step <= start.step)
    : [];
  const checkpoints = new CheckpointKeeper(directory, experiment.training.keepCheckpoints, events);
  if (resume) checkpoints.forgetAfter(start.step);
  return {
    shape,
    telemetry,
    checkpoints,
    monitor: replay(run, rows, switchesOf(events), start.spec),
    newestRow: rows.at(-1),
    completeRow: rows.findLast(hasSpectrum)?.step ?? 0,
    evaluation: events.findLast(
      (event): event is Extract<RunEvent, { type: "evaluation" }> => event.type === "evaluation",
    ),
  };
}

/** The diagnostics as they stood after these rows. */
function replay(
  run: DiagnosticRun,
  rows: readonly TelemetryRow[],
  switches: readonly ModelSwitch[],
  spec: ModelSpec,
): DiagnosticsMonitor {
  const monitor = new DiagnosticsMonitor(run, thresholdsFrom(process.env));
  const { cell, radius, center } = spec;
  const waiting = switches.toSorted((a, b) => a.step - b.step);
  let now: Omit<ModelSwitch, "step"> = run.experiment.model;
  const switchTo = (to: Omit<ModelSwitch, "step">) => {
    monitor.switchTo(to);
    now = to;
  };
  for (const row of rows) {
    while (waiting[0] && waiting[0].step < row.step) switchTo(waiting.shift()!);
    monitor.update([row]);
  }
  for (const to of waiting) switchTo(to);
  // The checkpoint may be one that was switched by itself.
  const sameBand = cell !== "spectral" || (now.radius === radius && now.center === center);
  if (now.cell !== cell || !sameBand) switchTo({ cell, radius, center });
  return monitor;
}

function hasSpectrum({ layers }: TelemetryRow): boolean {
  return layers.every(({ singularValues }) =>
    Object.values(singularValues).every((values) => values !== null),
  );
}

/** Entries of a gradient profile: T; of a feed-forward net its depth. */
export function profileLength({ model }: Experiment, task: Task): number {
  return model.net === "recurrent" ? task.length : model.layers;
}

/** What the diagnostics take as fixed. */
export function diagnosticRunOf(experiment: Experiment, task: Task, schedule: Schedule): DiagnosticRun {
  return {
    experiment,
    length: profileLength(experiment, task),
    headIsPerStep: task.head === "classifyEach",
    baseline: task.baseline,
    metricName: task.metricName,
    steps: schedule.steps,
    epochs: experiment.training.epochs,
  };
}
