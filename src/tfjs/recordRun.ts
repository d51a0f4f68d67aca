/**
 * Records the fitting of a TensorFlow.js model as a run directory, which the panel, the comparison and the command line
 * read like any other. Needs Node.
 */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-core";
import { CustomCallback, type LayersModel, type Logs } from "@tensorflow/tfjs-layers";
import { DiagnosticsMonitor } from "../diagnostics/monitor.ts";
import { thresholdsFrom } from "../diagnostics/thresholds.ts";
import { l2Norm } from "../engine/l2Norm.ts";
import type { Experiment } from "../experiment/schema.ts";
import { ControlReader } from "../runs/control.ts";
import { createRun, defaultRunsRoot, runFile } from "../runs/runDirectory.ts";
import { acquireRunLock, type RunLock } from "../runs/runLock.ts";
import { readRunRecord } from "../runs/runRecord.ts";
import { TelemetryWriter } from "../runs/telemetryWriter.ts";
import { type Cadence, isRecorded, measuresSpectrum, spectrumInterval } from "../trainer/cadence.ts";
import { CheckpointKeeper } from "../trainer/checkpoints.ts";
import { StepRate, TrainingClock } from "../trainer/clock.ts";
import { CommandQueue, pollMilliseconds } from "../trainer/commands.ts";
import { describeFailure } from "../trainer/failure.ts";
import { Recorder } from "../trainer/recorder.ts";
import { RunOutput, writeEvent } from "../trainer/runOutput.ts";
import { RunStatus } from "../trainer/runStatus.ts";
import { experimentOfFit, metricNames } from "./fitExperiment.ts";
import { LayerWatch } from "./layerWatch.ts";
import { OptimizerWatch } from "./optimizerWatch.ts";
import { type RecordedLayer, recordedLayers, spectraOf } from "./recordedLayers.ts";

export interface RecordOptions {
  /** Folder of the runs; default: `.sigmascope/runs` in the working directory. */
  readonly folder?: string;
  /** Shown for the run, and part of its folder's name; default: the model's name. */
  readonly name?: string;
  /** Names of the recurrent layers to record, of one kind; default: all. */
  readonly layers?: readonly string[];
  /** Which steps are recorded, as `telemetry.cadence` of an experiment file. Default: "auto". */
  readonly cadence?: "auto" | number;
  /** The loss has a term at every timestep. Default: whether the top recorded layer returns its sequences. */
  readonly headIsPerStep?: boolean;
  /** What the best model without memory reaches; without it the rule that compares with it is silent. */
  readonly baseline?: { readonly loss: number; readonly metric: number; readonly reason: string };
}

/** A callback of `model.fit` and `model.fitDataset`. */
export interface RunCallback extends CustomCallback {
  /** Absolute path of the run; undefined before the training begins. */
  readonly directory: string | undefined;
  /** Ends the run as failed, e.g. when `fit` throws; without it the run counts as interrupted once the process is gone. */
  fail(error: unknown): void;
}

/** `params` of a callback, as far as TensorFlow.js says them. */
interface FitParameters {
  readonly epochs?: number;
  readonly batchSize?: number | null;
  readonly samples?: number | null;
  readonly steps?: number | null;
}

/**
 * Makes a callback that records a fit: loss and metric, the gradient at every timestep of the recurrent layers, their
 * singular values, gradient norms and update ratios of every weight, and findings. Steps that are recorded take longer,
 * since what they measure is read back from the backend. `sigmascope pause`, `continue` and `stop` obey; saving is the
 * program's own affair.
 *
 * @param model compiled; its layers and optimizer are looked into while the fit lasts, and left as they were.
 * @returns for `model.fit(x, y, { callbacks: [callback] })`; one callback records one fit.
 * @throws Error when no layer can be recorded, or the model was not compiled.
 */
export function recordRun(model: LayersModel, options: RecordOptions = {}): RunCallback {
  if (!model.optimizer)
    throw new Error("the model was not compiled: call model.compile() before recordRun()");
  const recording = new Recording(model, recordedLayers(model, options.layers), options);
  const callback = new CustomCallback({
    onTrainBegin: () => recording.begin((callback.params ?? {}) as FitParameters),
    onBatchBegin: () => recording.beginBatch(),
    onBatchEnd: (_batch, logs) => recording.survive(() => recording.endBatch(logs ?? {})),
    onEpochEnd: (_epoch, logs) => recording.survive(() => recording.endEpoch(logs ?? {})),
    onTrainEnd: () => recording.survive(() => recording.end()),
  });
  Object.defineProperty(callback, "directory", { get: () => recording.directory });
  return Object.assign(callback as RunCallback, { fail: (error: unknown) => recording.fail(error) });
}

/** What a run writes into, from its first batch on: only then its length is known. */
interface Open {
  readonly output: RunOutput;
  readonly recorder: Recorder;
  readonly telemetry: TelemetryWriter;
  readonly interval: number;
}

class Recording {
  readonly #model: LayersModel;
  readonly #layers: readonly RecordedLayer[];
  readonly #options: RecordOptions;
  readonly #cadence: Cadence;
  readonly #clock = new TrainingClock(0);
  readonly #rate = new StepRate();
  #watches: LayerWatch[] = [];
  #optimizer: OptimizerWatch | undefined;
  #status: RunStatus | undefined;
  #lock: RunLock | undefined;
  #commands: CommandQueue | undefined;
  #open: Open | undefined;
  #experiment: Experiment | undefined;
  #step = 0;
  #watching = false;
  #stopped = false;
  #metric: string | undefined;
  directory: string | undefined;

  constructor(model: LayersModel, layers: readonly RecordedLayer[], options: RecordOptions) {
    this.#model = model;
    this.#layers = layers;
    this.#options = options;
    this.#cadence = options.cadence ?? "auto";
  }

  begin({ epochs = 1, batchSize, samples, steps }: FitParameters): void {
    if (this.directory !== undefined)
      throw new Error(`this callback has recorded ${this.directory} already; make one for each fit`);
    const perEpoch = steps ?? (samples && batchSize ? Math.ceil(samples / batchSize) : 0);
    const name = this.#options.name ?? this.#model.name;
    this.#experiment = experimentOfFit(this.#model, this.#layers, {
      name,
      batch: batchSize ?? 1,
      steps: epochs * perEpoch,
      cadence: this.#cadence,
    });
    const root = resolve(this.#options.folder ?? defaultRunsRoot());
    const directory = createRun(root, this.#experiment, { experimentFile: null, name });
    this.directory = directory;
    this.#lock = acquireRunLock(directory);
    this.#commands = new CommandQueue(new ControlReader(directory, { resume: false }));
    this.#status = new RunStatus(directory, {
      ...readRunRecord(directory),
      state: "running",
      steps: epochs * perEpoch,
      baseline: this.#options.baseline ?? {
        loss: Number.NaN,
        metric: Number.NaN,
        reason: "what a model without memory reaches was not told",
      },
      parameterCount: this.#model.trainableWeights.reduce(
        (sum, weight) => sum + weight.shape.reduce<number>((product, size) => product * (size ?? 1), 1),
        0,
      ),
      engine: {
        name: "tensorflow",
        description: `TensorFlow.js ${tf.version_core}, ${tf.getBackend()} backend`,
      },
    });
    writeEvent(directory, { type: "started", step: 0 });
    this.#status.write();
    // Last, so that a run that cannot be written leaves the model as it was.
    this.#optimizer = new OptimizerWatch(this.#model);
    this.#watches = this.#layers.map((layer) => new LayerWatch(layer));
  }

  beginBatch(): void {
    if (!this.#lock) return;
    this.#watching = isRecorded(this.#step + 1, this.#cadence);
    if (!this.#watching) return;
    this.#optimizer?.begin();
    for (const watch of this.#watches) watch.begin();
  }

  async endBatch(logs: Logs): Promise<void> {
    const status = this.#status;
    // After `fail` a fit that goes on is no longer recorded.
    if (!status || !this.#lock) return;
    this.#step++;
    const { loss = Number.NaN, size = 1 } = logs;
    const metric = this.#metricOf(logs, "");
    this.#rate.mark(this.#step, this.#clock.seconds);
    if (this.#watching) this.#record(loss, metric, size);
    status.set({ loss, metric });
    this.#open?.output.progress(this.#step, this.#clock.seconds, this.#rate.perSecond, undefined);
    this.#open?.output.flushWhenDue();
    if (status.beat()) this.#lock?.renew();
    await this.#obey();
  }

  endEpoch(logs: Logs): void {
    const { val_loss: loss } = logs;
    if (loss === undefined || !this.#lock) return;
    this.#open?.output.evaluated(this.#step, { loss, metric: this.#metricOf(logs, "val_") });
  }

  /** What goes wrong with the recording, say a full disk, ends the recording and not the fit. */
  async survive(record: () => void | Promise<void>): Promise<void> {
    try {
      await record();
    } catch (error) {
      console.error(`sigmascope: ${this.directory} is no longer recorded: ${describeFailure(error)}`);
      try {
        this.fail(error);
      } catch {
        // The disk takes not even that: the run counts as interrupted once this process is gone.
      }
    }
  }

  end(): void {
    this.#close(() => {
      const state = this.#stopped ? "stopped" : "finished";
      writeEvent(this.directory!, { type: state, step: this.#step });
      // Early stopping leaves steps undone that the run was not to be waited for.
      const steps = this.#stopped ? {} : { steps: this.#step };
      this.#status!.set({ state, step: this.#step, ...steps });
    });
  }

  fail(error: unknown): void {
    if (!this.#status) return;
    this.#close(() => {
      const reason = describeFailure(error);
      writeEvent(this.directory!, { type: "error", step: this.#step, message: reason });
      this.#status!.set({ state: "failed", reason });
    });
  }

  #close(last: () => void): void {
    if (!this.#status || !this.#lock) return;
    this.#optimizer?.release();
    for (const watch of this.#watches) watch.release();
    const lock = this.#lock;
    this.#lock = undefined;
    try {
      this.#open?.telemetry.close();
    } finally {
      last();
      this.#status.write();
      lock.release();
    }
  }

  /** The loss stands in for a metric that runs do not know. */
  #metricOf(logs: Logs, prefix: "" | "val_"): number {
    this.#metric ??= Object.keys(logs).find((key) => key in metricNames) ?? "loss";
    return logs[`${prefix}${this.#metric}`] ?? Number.NaN;
  }

  #record(loss: number, metric: number, size: number): void {
    const parameters = this.#optimizer!.end();
    const layers = this.#watches.map((watch) => watch.end(size));
    const gradientNorm = l2Norm(parameters.map((parameter) => parameter.gradientNorm));
    const length = layers[0]!.saturation.length;
    this.#open ??= this.#start(length, size);
    const { recorder, interval } = this.#open;
    const step = this.#step;
    const measured =
      this.#layers[0]!.factors !== undefined || measuresSpectrum(step, this.#cadence, interval);
    recorder.record({
      step,
      time: this.#clock.seconds,
      learningRate: this.#optimizer!.learningRate,
      result: {
        loss,
        metric,
        gradientNorm,
        clippedGradientNorm: gradientNorm,
        finite: Number.isFinite(loss) && Number.isFinite(gradientNorm),
        probe: { layers, parameters },
      },
      batchSize: size,
      spectra: measured ? this.#spectra(this.#open.output) : null,
    });
  }

  /** null where a kernel is no longer finite. */
  #spectra(output: RunOutput): Record<string, Float32Array>[] | null {
    try {
      return this.#layers.map(spectraOf);
    } catch (error) {
      output.problem(this.#step, `the singular values could not be measured: ${describeFailure(error)}`);
      return null;
    }
  }

  #start(length: number, batchSize: number): Open {
    const directory = this.directory!;
    const status = this.#status!;
    const experiment = this.#experiment!;
    const [first] = this.#layers;
    const metricName = metricNames[this.#metric ?? ""] ?? "loss";
    status.set({ length, metricName });
    const headIsPerStep = this.#options.headIsPerStep ?? this.#layers.at(-1)!.layer.returnSequences;
    const shape = {
      layers: this.#layers.length,
      transitions: first!.gates,
      parameters: this.#optimizer!.names,
    };
    const telemetry = TelemetryWriter.open(runFile(directory, "telemetry"), shape, {
      runId: status.record.id,
    });
    const { baseline, steps } = status.record;
    const monitor = new DiagnosticsMonitor(
      { experiment, length, headIsPerStep, baseline, metricName, steps },
      thresholdsFrom(process.env),
    );
    const checkpoints = new CheckpointKeeper(directory, 1);
    const output = new RunOutput({ directory, status, telemetry, monitor, checkpoints });
    const recorder = new Recorder({
      shape,
      headIsPerStep,
      take: (row) => output.row(row),
      report: (message) => output.problem(this.#step, message),
    });
    const { hidden, layers, activation, radius, center } = experiment.model;
    const interval = spectrumInterval(
      {
        cell: first!.cell,
        inputSize: 1,
        hidden,
        layers,
        activation,
        outputSize: 1,
        head: "regressLast",
        reflectors: [1, 1],
        radius,
        center,
      },
      batchSize,
      length,
    );
    return { output, recorder, telemetry, interval };
  }

  /** Obeys what `sigmascope pause` and the like have written. */
  async #obey(): Promise<void> {
    const { output } = this.#open ?? {};
    if (!output) return;
    let paused = false;
    for (;;) {
      const command = this.#commands?.next();
      if (command === undefined) {
        if (!paused) return;
        await sleep(pollMilliseconds);
        if (this.#status!.beat()) this.#lock?.renew();
        continue;
      }
      const name = command === "signal" ? "stop" : command.command;
      if (name === "stop") {
        this.#stopped = true;
        this.#model.stopTraining = true;
        return;
      }
      if (name === "pause" && !paused) {
        paused = true;
        this.#clock.stop();
        output.paused(this.#step);
      } else if (name === "continue" && paused) {
        this.#clock.start();
        output.continued(this.#step);
        return;
      } else output.refused(this.#step, name, refusal(name, paused));
    }
  }
}

function refusal(command: string, paused: boolean): string {
  if (command === "pause") return "the run is paused already";
  if (command === "continue") return "the run is not paused";
  return `the program that trains this model does not ${command} on command${paused ? "; the run is paused" : ""}`;
}
