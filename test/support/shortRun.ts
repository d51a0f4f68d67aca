/** Trains a short run with the real engine, task and recorder, without a process or a run directory. */

import type { DiagnosticContext } from "../../src/diagnostics/monitor.ts";
import type { Breakdown } from "../../src/diagnostics/rule.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createFusedEngine } from "../../src/engine/fused/createFusedEngine.ts";
import { initializeParameters } from "../../src/engine/initialize.ts";
import { transitionNames } from "../../src/engine/parameters.ts";
import { type Experiment, type ExperimentInput, experimentSchema } from "../../src/experiment/schema.ts";
import type { RunRecord } from "../../src/runs/run.ts";
import type { TelemetryRow } from "../../src/runs/telemetry.ts";
import { loadTask } from "../../src/tasks/loadTask.ts";
import type { Sequences, Task } from "../../src/tasks/task.ts";
import { isRecorded } from "../../src/trainer/cadence.ts";
import { modelSpecOf, optimizerOf, parameterNamesOfRun } from "../../src/trainer/modelSpec.ts";
import { findNonFinite } from "../../src/trainer/nonFinite.ts";
import { Recorder } from "../../src/trainer/recorder.ts";
import { learningRateAt } from "../../src/trainer/schedule.ts";
import { spectraOf } from "../../src/trainer/spectra.ts";

export interface ShortRun extends DiagnosticContext {
  readonly experiment: Experiment;
  readonly record: RunRecord;
}

export interface ShortRunOptions {
  /** Default: the fused engine, started and stopped for this run. */
  readonly engine?: Engine;
  /** Changes each training batch: real data with a real fault in them. */
  readonly spoil?: (batch: Sequences) => Sequences;
  /** Steps between spectra of dense matrices. */
  readonly spectrumEvery?: number;
}

export async function shortRun(input: ExperimentInput, options: ShortRunOptions = {}): Promise<ShortRun> {
  const experiment = experimentSchema.parse(input);
  const { seed, batch: batchSize, steps = 1000 } = experiment.training;
  const cwd = process.cwd();
  const task = await loadTask(experiment.task, seed, {
    baseDirectory: cwd,
    root: cwd,
    allowOutside: true,
  });
  const spec = modelSpecOf(experiment.model, task);
  const engine = options.engine ?? (await createFusedEngine({ threads: 1 }));
  const model = engine.createModel(
    spec,
    optimizerOf(experiment.training),
    initializeParameters(spec, experiment.model.initialization, seed),
  );
  const rows: TelemetryRow[] = [];
  let breakdown: Breakdown | undefined;
  const recorder = new Recorder({
    shape: {
      layers: spec.layers,
      transitions: transitionNames(spec),
      parameters: parameterNamesOfRun(spec),
    },
    headIsPerStep: spec.head === "classifyEach",
    take: (row) => rows.push(row),
    report: (message) => {
      throw new Error(message);
    },
  });
  let testMetric: number | null = null;
  try {
    for (let step = 1; step <= steps; step++) {
      const drawn = task.trainBatch(step - 1, batchSize);
      const sequences = options.spoil?.(drawn) ?? drawn;
      const recorded = isRecorded(step, experiment.telemetry.cadence);
      const learningRate = learningRateAt(experiment.training, step - 1);
      const result = model.trainStep(sequences, learningRate, recorded);
      if (!result.finite) {
        const origin = findNonFinite(model, sequences) ?? null;
        breakdown = { step, loss: result.loss, gradientNorm: result.gradientNorm, origin };
        break;
      }
      if (!recorded) continue;
      const measures = step % (options.spectrumEvery ?? 20) === 1 || step === steps;
      const spectra = measures ? spectraOf(spec, model.getParameters()) : null;
      recorder.record({ step, time: step, learningRate, result, batchSize, spectra });
    }
    if (!breakdown) testMetric = model.evaluate(task.test).metric;
  } finally {
    model.dispose();
    if (!options.engine) await engine.dispose();
  }
  const run = {
    experiment,
    length: task.length,
    headIsPerStep: spec.head === "classifyEach",
    baseline: task.baseline,
    metricName: task.metricName,
    steps,
    rows,
    ...(breakdown ? { breakdown } : {}),
  };
  return { ...run, record: recordOf(run, task, testMetric) };
}

function recordOf(run: DiagnosticContext, task: Task, testMetric: number | null): RunRecord {
  const { experiment, rows, steps } = run;
  const last = rows.at(-1);
  const { cell } = experiment.model;
  return {
    format: 1,
    id: `${experiment.task.kind}-${cell}`,
    name: experiment.name ?? experiment.task.kind,
    experimentFile: null,
    state: run.breakdown ? "failed" : "finished",
    reason: null,
    pid: 1,
    host: "test",
    created: "2026-01-01T00:00:00Z",
    heartbeat: "2026-01-01T00:00:00Z",
    step: last?.step ?? 0,
    steps,
    length: task.length,
    loss: last?.loss ?? null,
    metric: last?.metric ?? null,
    metricName: task.metricName,
    baseline: task.baseline,
    testLoss: null,
    testMetric,
    stepsPerSecond: null,
    elapsed: 0,
    halfLife: null,
    reach: last?.layers.at(-1)?.reach ?? null,
    sigma: null,
    findings: [],
    parameterCount: 0,
    cell,
    engine: { name: "fused", description: "test" },
    version: "0",
  };
}
