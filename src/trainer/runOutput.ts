/** Everything that a run in training writes: rows, events, findings, checkpoints and its state. */
import type { Changes, DiagnosticsMonitor } from "../diagnostics/monitor.ts";
import type { Breakdown } from "../diagnostics/rule.ts";
import type { EvaluationResult, ModelSpec, StepResult } from "../engine/engine.ts";
import { parameterCount } from "../engine/parameters.ts";
import type { Checkpoint } from "../runs/checkpoint.ts";
import { appendEvent } from "../runs/events.ts";
import type { RunCapacity, RunEvent } from "../runs/run.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";
import type { TelemetryWriter } from "../runs/telemetryWriter.ts";
import type { CheckpointKeeper } from "./checkpoints.ts";
import type { SwitchedModel } from "./liveSwitch.ts";
import type { RunStatus } from "./runStatus.ts";

type WithoutTime<T> = T extends unknown ? Omit<T, "time"> : never;
/** An event before it has its time. */
export type NewEvent = WithoutTime<RunEvent>;

/** Rows reach the file this often. */
const flushMilliseconds = 500;

export function writeEvent(directory: string, event: NewEvent): void {
  appendEvent(directory, { time: new Date().toISOString(), ...event });
}

export interface OutputParts {
  readonly directory: string;
  readonly status: RunStatus;
  readonly telemetry: TelemetryWriter;
  readonly monitor: DiagnosticsMonitor;
  readonly checkpoints: CheckpointKeeper;
}

/** Each method may throw a SystemFailure when the disk is full or the folder gone. */
export class RunOutput {
  readonly #parts: OutputParts;
  /** The first rows go out at once. */
  #flushed = Number.NEGATIVE_INFINITY;

  constructor(parts: OutputParts) {
    this.#parts = parts;
  }

  /** Takes a telemetry row: the file gets it with the next flush, the diagnostics at once. */
  row(row: TelemetryRow): void {
    const { telemetry, monitor, status } = this.#parts;
    telemetry.append(row);
    status.setRow(row);
    this.#findings(row.step, monitor.update([row]));
  }

  /** Something went wrong that training survives. */
  problem(step: number, message: string): void {
    this.#event({ type: "error", step, message });
  }

  /** Notes the newest step in the state, which the next heartbeat writes. */
  progress(
    step: number,
    elapsed: number,
    stepsPerSecond: number | null,
    result: StepResult | undefined,
  ): void {
    const { status } = this.#parts;
    status.set({ step, elapsed, stepsPerSecond });
    if (result) status.set({ loss: result.loss, metric: result.metric });
  }

  /** Writes the rows that wait when it is time. */
  flushWhenDue(): void {
    if (performance.now() - this.#flushed < flushMilliseconds) return;
    this.#parts.telemetry.flush();
    this.#flushed = performance.now();
  }

  evaluated(step: number, { loss, metric }: EvaluationResult): void {
    this.#event({ type: "evaluation", step, loss, metric });
    this.#parts.status.set({ testLoss: loss, testMetric: metric });
  }

  /** @param value null: not defined for such a model. */
  capacity(value: RunCapacity | null): void {
    this.#parts.status.set({ capacity: value });
  }

  refused(step: number, command: string, reason: string): void {
    this.#event({ type: "refused", step, command, reason });
  }

  paused(step: number): void {
    this.#event({ type: "paused", step });
    this.#parts.telemetry.flush();
    this.#parts.status.set({ state: "paused", step });
    this.#parts.status.write();
  }

  continued(step: number): void {
    this.#event({ type: "continued", step });
    this.#parts.status.set({ state: "running" });
    this.#parts.status.write();
  }

  /** Saves a checkpoint after the rows up to it. @param requested kept for good. @returns the file's relative path. */
  checkpoint(checkpoint: Checkpoint, requested: boolean): string {
    this.#parts.telemetry.flush();
    const { file, isNew } = this.#parts.checkpoints.save(checkpoint, requested);
    // Who asked for one waits to hear of it, even where the step was saved already.
    if (isNew || requested) this.#event({ type: "checkpoint", step: checkpoint.step, file, requested });
    return file;
  }

  /** Saves the model before and after a switch, and says what the switch did. */
  switched(before: Checkpoint, after: Checkpoint, { report, functionChange }: SwitchedModel): void {
    const { checkpoints, monitor, status } = this.#parts;
    this.#parts.telemetry.flush();
    const { step } = before;
    const file = checkpoints.saveBeforeSwitch(before);
    this.#event({ type: "checkpoint", step, file, requested: true });
    const saved = this.checkpoint(after, false);
    const { sigma, clipped, clippedCount } = report;
    const [from, to] = [before.spec.cell, after.spec.cell];
    this.#event({
      type: "switch",
      step,
      from,
      to,
      checkpoint: saved,
      band: to === "spectral" ? { center: after.spec.center, radius: after.spec.radius } : null,
      sigma,
      clipped,
      clippedCount,
      functionChange,
    });
    monitor.switchTo(parameterizationOf(after.spec));
    status.set({ cell: to, parameterCount: parameterCount(after.spec) });
    status.write();
  }

  /** A step was not finite: the finding says where it began. */
  brokeDown(breakdown: Breakdown): void {
    this.#findings(breakdown.step, this.#parts.monitor.stopAt(breakdown));
  }

  #findings(step: number, { raised, cleared }: Changes): void {
    for (const rule of cleared) this.#event({ type: "cleared", step, rule });
    for (const finding of raised) this.#event({ type: "finding", step, finding });
    this.#parts.status.set({ findings: this.#parts.monitor.findings });
  }

  #event(event: NewEvent): void {
    writeEvent(this.#parts.directory, event);
  }
}

/** What the diagnostics need to know of a model after a switch. */
export function parameterizationOf({
  cell,
  radius,
  center,
}: ModelSpec): Pick<ModelSpec, "cell" | "radius" | "center"> {
  return { cell, radius, center };
}
