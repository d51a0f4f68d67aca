/** The loop: steps, and between them whatever else is due. */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Batch, Engine, Model, OptimizerSettings, States, StepResult } from "../engine/engine.ts";
import { SwitchError } from "../engine/switchParameterization.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Checkpoint } from "../runs/checkpoint.ts";
import type { ControlCommand } from "../runs/run.ts";
import { SystemFailure } from "../runs/systemError.ts";
import { taskMetric } from "../tasks/metric.ts";
import type { Sequences, Task } from "../tasks/task.ts";
import { isRecorded } from "./cadence.ts";
import { capacityOf } from "./capacity.ts";
import { initialStates, statesToTensors } from "./carriedStates.ts";
import type { StepRate, TrainingClock } from "./clock.ts";
import { type CommandQueue, pollMilliseconds } from "./commands.ts";
import { evaluateOn, sliceSequences } from "./evaluation.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { comparedSequences, measuredBatches, switchModel } from "./liveSwitch.ts";
import { findNonFinite } from "./nonFinite.ts";
import { NonFiniteStep } from "./nonFiniteStep.ts";
import type { Recorder } from "./recorder.ts";
import { recordRow } from "./recordRow.ts";
import type { RunOutput } from "./runOutput.ts";
import { isDue, learningRateAt, type Schedule } from "./schedule.ts";
import type { SpectrumMeter } from "./spectrumMeter.ts";

/** How long steps may follow each other before the process looks at commands, timers and signals. */
const sliceMilliseconds = 40;
/** Rows that may wait for their spectrum before training waits for them. */
const mostWaitingRows = 512;
/** Sequences of an evaluation that the engine is given at once, at least. */
const evaluationBatch = 64;

export interface LoopParts {
  readonly experiment: Experiment;
  readonly task: Task;
  readonly schedule: Schedule;
  readonly engine: Engine;
  readonly optimizer: OptimizerSettings;
  readonly model: Model;
  /** Steps finished before. */
  readonly step: number;
  /** Of a task that carries state: where the newest batch's sequences ended. */
  readonly states: States | undefined;
  /** Step of the newest row so far that holds a spectrum, or 0. */
  readonly completeRow: number;
  /** Step of the newest evaluation so far, or 0. */
  readonly evaluatedStep: number;
  readonly clock: TrainingClock;
  readonly rate: StepRate;
  readonly commands: CommandQueue;
  readonly recorder: Recorder;
  readonly meter: SpectrumMeter;
  readonly output: RunOutput;
  readonly heartbeat: Heartbeat;
}

export class TrainingLoop {
  readonly #parts: LoopParts;
  #model: Model;
  #step: number;
  #states: States | undefined;
  #newest: StepResult | undefined;
  #breathed = performance.now();
  #paused = false;
  #stopping = false;
  /** The newest step is to be evaluated yet. */
  #evaluationDue: boolean;
  /** Step of the newest row that holds a spectrum. */
  #completeRow: number;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#model = parts.model;
    this.#step = parts.step;
    this.#states = parts.states;
    this.#completeRow = parts.completeRow;
    const { evaluateEvery, steps } = parts.schedule;
    this.#evaluationDue = parts.step > parts.evaluatedStep && isDue(parts.step, evaluateEvery, steps);
  }

  /** Trains until the last step or until told to stop; either way the model is saved and every row written. */
  async run(): Promise<"finished" | "stopped"> {
    const { schedule, rate, clock } = this.#parts;
    const { steps } = schedule;
    rate.mark(this.#step, clock.seconds);
    while (this.#step < steps) {
      await this.#obey();
      if (this.#stopping) {
        await this.#completeTheRow();
        break;
      }
      if (this.#evaluationDue) await this.#evaluate();
      while (this.#step < steps && !this.#evaluationDue && !this.#breathIsDue()) await this.#advance(false);
      await this.#breathe();
    }
    await this.save(false);
    if (this.#step < steps) return "stopped";
    await this.#measureCapacity();
    return "finished";
  }

  /** A number of the finished run; without it the run is none the worse. */
  async #measureCapacity(): Promise<void> {
    const { task, output } = this.#parts;
    try {
      output.capacity(await capacityOf(this.#model, task, () => this.#breathe()));
    } catch (error) {
      if (error instanceof SystemFailure) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      output.problem(this.#step, `the capacity could not be measured: ${reason}`);
    }
  }

  /** Saves the model as it is, after every row up to now is written. @param requested kept for good. */
  async save(requested: boolean): Promise<void> {
    await this.#parts.recorder.settle();
    this.#parts.output.checkpoint(this.#checkpoint(), requested);
    this.#tell();
  }

  #checkpoint(): Checkpoint {
    return {
      step: this.#step,
      spec: this.#model.spec,
      optimizer: this.#parts.optimizer,
      parameters: this.#model.getParameters(),
      optimizerState: this.#model.getOptimizerState(),
      ...(this.#states ? { states: statesToTensors(this.#model.spec, this.#states) } : {}),
    };
  }

  /** One step of training and what is due after it. @param complete record it, with its spectrum. */
  async #advance(complete: boolean): Promise<void> {
    const { experiment, task, schedule, clock, rate } = this.#parts;
    const { training, telemetry } = experiment;
    const step = this.#step + 1;
    const batch = this.#begun(task.trainBatch(this.#step, training.batch));
    const learningRate = learningRateAt(training, this.#step);
    const isComplete = complete || step === schedule.steps;
    const recorded = isComplete || isRecorded(step, telemetry.cadence);
    const result = this.#measured(this.#model.trainStep(batch, learningRate, recorded));
    if (!result.finite) this.#giveUp(step, batch, learningRate, result);
    this.#step = step;
    this.#states = result.final;
    rate.mark(step, clock.seconds);
    this.#newest = result;
    if (recorded) this.#record(step, learningRate, batch, result, isComplete);
    if (this.#parts.recorder.waiting > mostWaitingRows) await this.#parts.recorder.settle();
    this.#evaluationDue = isDue(step, schedule.evaluateEvery, schedule.steps);
    if (this.#evaluationDue) await this.#evaluate();
    if (step % schedule.checkpointEvery === 0 && step < schedule.steps) await this.save(false);
  }

  /** A batch with the states that its sequences begin at. */
  #begun(batch: Sequences): Batch {
    const initial = initialStates(this.#model.spec, batch, this.#states);
    return initial ? { ...batch, initial } : batch;
  }

  /** A step's result with the task's own metric. */
  #measured(result: StepResult): StepResult {
    return { ...result, metric: taskMetric(this.#parts.task, result) };
  }

  #record(step: number, learningRate: number, batch: Batch, result: StepResult, isLast: boolean): void {
    const time = this.#parts.clock.seconds;
    const row = { step, time, learningRate, result, batchSize: batch.size };
    const withSpectrum = recordRow(this.#parts, this.#model, row, batch.length, isLast);
    if (withSpectrum) this.#completeRow = step;
  }

  /** Records the step that broke, with what it shows of the gradient, and ends training. */
  #giveUp(step: number, batch: Batch, learningRate: number, result: StepResult): never {
    // Nothing was changed by the step, so that it can be done again with its probe.
    const probed = result.probe ? result : this.#measured(this.#model.trainStep(batch, learningRate, true));
    this.#record(step, learningRate, batch, probed, true);
    throw new NonFiniteStep(step, result, findNonFinite(this.#model, batch));
  }

  /** Evaluates on the test set. A command interrupts it, and it begins anew afterwards; but not the last one. */
  async #evaluate(): Promise<void> {
    const { task, experiment, output, schedule, commands } = this.#parts;
    const size = Math.max(experiment.training.batch, evaluationBatch);
    const isLast = this.#step === schedule.steps;
    const result = await evaluateOn(this.#model, task, size, async () => {
      await this.#breathe();
      return isLast || !commands.waiting();
    });
    if (!result) return;
    output.evaluated(this.#step, result);
    this.#evaluationDue = false;
  }

  #breathIsDue(): boolean {
    return performance.now() - this.#breathed >= sliceMilliseconds;
  }

  /** Lets timers, signals and messages in when it is time; what is known by then goes on its way. */
  async #breathe(): Promise<void> {
    if (!this.#breathIsDue()) return;
    await nextTurn();
    this.#parts.recorder.release();
    this.#parts.output.flushWhenDue();
    this.#tell();
    this.#parts.heartbeat.check();
    this.#breathed = performance.now();
  }

  #tell(): void {
    const { output, clock, rate } = this.#parts;
    output.progress(this.#step, clock.seconds, rate.perSecond, this.#newest);
  }

  /** Carries out the commands that wait; while paused, waits for more. */
  async #obey(): Promise<void> {
    const { commands, output, heartbeat } = this.#parts;
    for (;;) {
      const command = commands.next();
      for (const problem of commands.takeProblems()) output.refused(this.#step, "control.jsonl", problem);
      if (command === "signal" || command?.command === "stop") {
        this.#stopping = true;
        return;
      }
      if (command) await this.#carryOut(command);
      else if (this.#paused) {
        await sleep(pollMilliseconds);
        heartbeat.check();
      } else return;
    }
  }

  async #carryOut(command: Exclude<ControlCommand, { command: "stop" }>): Promise<void> {
    const { clock, rate, output } = this.#parts;
    switch (command.command) {
      case "pause":
        if (this.#paused) {
          output.refused(this.#step, "pause", "the run is paused already");
          return;
        }
        await this.#completeTheRow();
        await this.#parts.recorder.settle();
        if (this.#step >= this.#parts.schedule.steps) return;
        this.#paused = true;
        clock.stop();
        this.#tell();
        output.paused(this.#step);
        return;
      case "continue":
        if (!this.#paused) {
          output.refused(this.#step, "continue", "the run is not paused");
          return;
        }
        this.#paused = false;
        clock.start();
        rate.mark(this.#step, clock.seconds);
        output.continued(this.#step);
        return;
      case "checkpoint":
        await this.save(true);
        return;
      case "switch":
        await this.#switch(command);
    }
  }

  /**
   * Takes one more step when the newest row does not show the model as it is now: the last row of a run, and the one
   * on show in a pause, have their spectrum.
   */
  async #completeTheRow(): Promise<void> {
    if (this.#paused || this.#step === 0 || this.#completeRow === this.#step) return;
    if (this.#step < this.#parts.schedule.steps) await this.#advance(true);
  }

  /** The batches that were trained on last, oldest first. */
  #newestBatches(most: number): Batch[] {
    const { task, experiment } = this.#parts;
    const count = Math.min(most, this.#step);
    return Array.from({ length: count }, (_, i) =>
      task.trainBatch(this.#step - count + i, experiment.training.batch),
    );
  }

  async #switch(command: Extract<ControlCommand, { command: "switch" }>): Promise<void> {
    const { engine, optimizer, task, output } = this.#parts;
    const { to, radius, reflectors, clip } = command;
    const before = this.#model;
    const compared = sliceSequences(task.test, 0, Math.min(comparedSequences, task.test.size));
    let switched: ReturnType<typeof switchModel>;
    try {
      switched = switchModel(
        engine,
        before,
        optimizer,
        to,
        { radius, reflectors, clip },
        compared,
        this.#newestBatches(measuredBatches),
      );
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error;
      output.refused(this.#step, "switch", error.message);
      return;
    }
    await this.#parts.recorder.settle();
    const checkpoint = this.#checkpoint();
    this.#model = switched.model;
    before.dispose();
    output.switched(checkpoint, this.#checkpoint(), switched);
  }
}
