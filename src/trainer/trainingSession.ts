/** One run from its directory to its end: made ready, trained, and closed in good order whatever happens. */
import { hostname } from "node:os";
import { isAbsolute, relative, resolve } from "node:path";
import { createEngine, type EngineOptions } from "../engine/createEngine.ts";
import type { Engine } from "../engine/engine.ts";
import { parameterCount } from "../engine/parameters.ts";
import type { Experiment } from "../experiment/schema.ts";
import { ControlReader } from "../runs/control.ts";
import { acquireRunLock, type RunLock } from "../runs/runLock.ts";
import { readRunRecord } from "../runs/runRecord.ts";
import { readExperiment } from "../runs/store.ts";
import type { TelemetryWriter } from "../runs/telemetryWriter.ts";
import { statesFrom } from "./carriedStates.ts";
import { StepRate, TrainingClock } from "./clock.ts";
import { CommandQueue } from "./commands.ts";
import { DiskReserve, describeFailure } from "./failure.ts";
import { Heartbeat } from "./heartbeat.ts";
import { assertModelFits } from "./modelFits.ts";
import { optimizerOf } from "./modelSpec.ts";
import { NonFiniteStep } from "./nonFiniteStep.ts";
import {
  diagnosticRunOf,
  loadTaskOf,
  type OpenedOutput,
  openOutput,
  profileLength,
  type StartingPoint,
  startingPoint,
} from "./preparation.ts";
import { Recorder } from "./recorder.ts";
import { RunOutput, writeEvent } from "./runOutput.ts";
import { RunStatus } from "./runStatus.ts";
import { scheduleOf } from "./schedule.ts";
import { SpectrumMeter } from "./spectrumMeter.ts";
import { TrainingLoop } from "./trainingLoop.ts";

export interface SessionOptions {
  /** Threads of the engine; undefined: as many as it finds useful. */
  readonly threads?: number | undefined;
  /** undefined: the experiment's. */
  readonly engine?: Experiment["engine"] | undefined;
  /** Go on with a run that another trainer began. */
  readonly resume?: boolean | undefined;
  /** The checkpoint to go on from; undefined: the newest that can be read. */
  readonly checkpoint?: string | undefined;
  /** Data files may lie outside the experiment file's folder. */
  readonly allowOutside?: boolean | undefined;
  /** Replaced by tests that train with another engine. */
  readonly makeEngine?: (name: Experiment["engine"], options: EngineOptions) => Promise<Engine>;
}

export type SessionEnd = "finished" | "stopped" | "failed";

export class TrainingSession {
  readonly #directory: string;
  readonly #options: SessionOptions;
  readonly #status: RunStatus;
  readonly #lock: RunLock;
  readonly #commands: CommandQueue;
  readonly #meter = new SpectrumMeter();
  #reserve: DiskReserve | undefined;
  #heartbeat: Heartbeat | undefined;
  #starting: Promise<Engine> | undefined;
  #telemetry: TelemetryWriter | undefined;

  /**
   * Takes the run; nothing in it is changed yet.
   *
   * @throws Error when another trainer has it, when it has ended, when it was begun and `resume` is not set, or when
   *   its `run.json` cannot be read.
   */
  constructor(directory: string, options: SessionOptions = {}) {
    this.#directory = resolve(directory);
    this.#options = options;
    this.#lock = acquireRunLock(directory);
    try {
      const record = readRunRecord(directory);
      if (record.state === "finished")
        throw new Error(
          `${directory} has finished all its ${record.steps} steps: there is nothing to resume`,
        );
      if (!options.resume && record.state !== "starting")
        throw new Error(
          `${directory} was begun already: its state is "${record.state}"; give --resume to go on with it`,
        );
      this.#status = new RunStatus(directory, record);
      this.#commands = new CommandQueue(new ControlReader(directory, { resume: options.resume ?? false }));
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** Stops between steps, with a checkpoint. */
  requestStop(): void {
    this.#commands.requestStop();
  }

  /** Trains to the end. What goes wrong ends up in the run: an error event, state `failed` and the reason. */
  async run(): Promise<SessionEnd> {
    try {
      return await this.#train();
    } catch (error) {
      this.fail(error);
      return "failed";
    } finally {
      this.#heartbeat?.stop();
      await this.#meter.close();
      await this.#disposeEngine();
      this.#reserve?.release();
      this.#lock.release();
    }
  }

  /**
   * Writes down that the run failed, as far as the disk still takes it; the reason also goes to standard error, which
   * is the run's log.
   */
  fail(error: unknown): void {
    const message = describeFailure(error);
    console.error(error instanceof Error ? (error.stack ?? message) : message);
    this.#heartbeat?.stop();
    this.#reserve?.release();
    const { step } = this.#status.record;
    const attempts: (() => void)[] = [
      () => writeEvent(this.#directory, { type: "error", step, message }),
      () => {
        this.#status.set({ state: "failed", reason: message });
        this.#status.write();
      },
      // Last, because rows that wait may be what no longer fits.
      () => this.#telemetry?.close(),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
      } catch (unwritten) {
        console.error(describeFailure(unwritten));
      }
    }
  }

  async #train(): Promise<SessionEnd> {
    const directory = this.#directory;
    const status = this.#status;
    status.set({ state: "starting", reason: null, pid: process.pid, host: hostname() });
    status.write();
    this.#reserve = new DiskReserve(directory);
    this.#heartbeat = new Heartbeat(status, this.#lock);

    const { resume = false, checkpoint, allowOutside = false, threads } = this.#options;
    const makeEngine = this.#options.makeEngine ?? createEngine;
    const experiment = await readExperiment(directory);
    // Its threads start while the data are read.
    const { gradientCheckpointing } = experiment.training;
    const engineName = this.#options.engine ?? experiment.engine;
    // Goes to the run's log: the run was made for the other engine, and trains all the same.
    if (engineName === "tensorflow" && gradientCheckpointing !== "off")
      console.error(
        'the engine "tensorflow" has no gradient checkpointing: it keeps the states of all timesteps',
      );
    const starting = makeEngine(engineName, { threads, gradientCheckpointing });
    this.#starting = starting;
    // What goes wrong is told where it is waited for, unless the data's own problem comes first.
    starting.catch(() => {});
    const task = await loadTaskOf(experiment, status.record, allowOutside);
    assertModelFits(experiment, task);
    const schedule = scheduleOf(experiment.training, task);
    const start = startingPoint(directory, experiment, task, resume, checkpoint);
    if (start.step >= schedule.steps)
      throw new Error(`the checkpoint at step ${start.step} is past the run's ${schedule.steps} steps`);
    const engine = await starting;
    const optimizer = optimizerOf(experiment.training);
    const model = engine.createModel(start.spec, optimizer, start.parameters, start.optimizerState);
    const run = diagnosticRunOf(experiment, task, schedule);
    const opened = openOutput(directory, status.record.id, run, task, start, resume);
    this.#telemetry = opened.telemetry;

    const output = new RunOutput({ directory, status, ...opened });
    const recorder = new Recorder({
      shape: opened.shape,
      headIsPerStep: run.headIsPerStep,
      take: (row) => output.row(row),
      report: (message) => output.problem(status.record.step, message),
    });
    const { metricName, baseline } = task;
    const length = profileLength(experiment, task);
    status.set({ steps: schedule.steps, length, metricName, baseline });
    if (experiment.model.net !== "recurrent") status.set({ profile: "layers" });
    status.set({ engine: { name: engine.name, description: engine.description } });
    this.#begin(start, opened);

    const clock = new TrainingClock(status.record.elapsed);
    const loop = new TrainingLoop({
      experiment,
      task,
      schedule,
      engine,
      optimizer,
      model,
      step: start.step,
      states: statesFrom(start.states),
      completeRow: opened.completeRow,
      evaluatedStep: opened.evaluation?.step ?? 0,
      clock,
      rate: new StepRate(),
      commands: this.#commands,
      recorder,
      meter: this.#meter,
      output,
      heartbeat: this.#heartbeat,
    });
    try {
      return this.#close(await loop.run());
    } catch (error) {
      if (!(error instanceof NonFiniteStep)) throw error;
      await recorder.settle();
      const { loss, gradientNorm } = error.result;
      output.brokeDown({ step: error.step, loss, gradientNorm, origin: error.origin ?? null });
      await loop.save(false);
      throw error;
    }
  }

  async #disposeEngine(): Promise<void> {
    const engine = await this.#starting?.catch(() => undefined);
    await engine?.dispose();
  }

  /** State and events at the start: the numbers of a resumed run are those at its starting point. */
  #begin(start: StartingPoint, { newestRow, evaluation, monitor }: OpenedOutput): void {
    const status = this.#status;
    status.set({
      state: "running",
      step: start.step,
      elapsed: newestRow?.time ?? 0,
      loss: newestRow?.loss ?? null,
      metric: newestRow?.metric ?? null,
      testLoss: evaluation?.loss ?? null,
      testMetric: evaluation?.metric ?? null,
      stepsPerSecond: null,
      halfLife: null,
      reach: null,
      sigma: null,
      findings: monitor.findings,
      parameterCount: parameterCount(start.spec),
      cell: start.spec.cell,
    });
    if (newestRow) status.setRow(newestRow);
    for (const message of start.skipped)
      writeEvent(this.#directory, { type: "error", step: start.step, message });
    writeEvent(
      this.#directory,
      start.checkpoint === null
        ? { type: "started", step: 0 }
        : { type: "resumed", step: start.step, checkpoint: this.#named(start.checkpoint) },
    );
    status.write();
  }

  /** A file of the run as its events name it: relative to the run's directory; others by their full path. */
  #named(file: string): string {
    const path = relative(this.#directory, file);
    return path.startsWith("..") || isAbsolute(path) ? file : path.replaceAll("\\", "/");
  }

  #close(end: "finished" | "stopped"): SessionEnd {
    const status = this.#status;
    this.#telemetry?.close();
    writeEvent(this.#directory, { type: end, step: status.record.step });
    status.set({ state: end });
    status.write();
    return end;
  }
}
