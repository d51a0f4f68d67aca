/** Following a run while it is trained: what the command line's progress and the editor's panels read. */
import { basename, resolve } from "node:path";
import { EventsTail } from "./events.ts";
import { FileTail } from "./fileTail.ts";
import type { RunEvent, RunRecord, RunState } from "./run.ts";
import { runFile } from "./runDirectory.ts";
import { liveState, parseRunRecord } from "./runRecord.ts";
import type { TelemetryRow, TelemetryShape } from "./telemetry.ts";
import { TelemetryTail } from "./telemetryReader.ts";

export interface RunChange {
  /** The newest good record; null until there is one. */
  readonly record: RunRecord | null;
  /** As it is at this moment; null while there is no record. */
  readonly state: RunState | null;
  readonly newEvents: readonly RunEvent[];
  readonly newRows: readonly TelemetryRow[];
  /** A resume took rows back: rows given before are void, and `newRows` are all there are. */
  readonly reset: boolean;
  /** One sentence for each thing that could not be read at this look. */
  readonly problems: readonly string[];
}

/** Follows one run's directory. Each look costs three `stat` calls when nothing has changed. */
export class RunTail {
  readonly directory: string;
  readonly id: string;
  readonly #recordFile: FileTail;
  readonly #events: EventsTail;
  readonly #telemetry: TelemetryTail;
  #record: RunRecord | null = null;
  #reportedDamage: string | null = null;

  constructor(runDirectory: string) {
    this.directory = resolve(runDirectory);
    this.id = basename(this.directory);
    this.#recordFile = new FileTail(runFile(this.directory, "record"));
    this.#events = new EventsTail(this.directory);
    this.#telemetry = new TelemetryTail(runFile(this.directory, "telemetry"));
  }

  /** Layers, transition matrices and parameters of the telemetry; null until its file has begun. */
  get shape(): TelemetryShape | null {
    return this.#telemetry.shape;
  }

  /** What is new since the last look. Never throws: a file that cannot be read is a problem, and is tried again. */
  poll(): RunChange {
    const problems: string[] = [];
    const orReport = <T>(read: () => T, otherwise: T): T => {
      try {
        return read();
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
        return otherwise;
      }
    };
    // The record is read first: whoever sees the last step in it also sees the row of that step.
    orReport(() => this.#readRecord(), undefined);
    const events = orReport(() => this.#events.poll(), { events: [], problems: [], reset: false });
    problems.push(...events.problems);
    const telemetry = orReport(() => this.#telemetry.poll(), { rows: [], reset: false });
    const { damage } = this.#telemetry;
    if (damage !== null && damage !== this.#reportedDamage) problems.push(damage);
    this.#reportedDamage = damage;
    return {
      record: this.#record,
      state: this.#record === null ? null : liveState(this.#record),
      newEvents: events.events,
      newRows: telemetry.rows,
      reset: telemetry.reset,
      problems,
    };
  }

  #readRecord(): void {
    const text = this.#recordFile.poll();
    if (text !== undefined) this.#record = parseRunRecord(text, runFile(this.directory, "record"));
  }
}
