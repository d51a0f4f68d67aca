/** `run.json` as its trainer keeps it: changed in memory often, written about once a second. */
import type { RunRecord } from "../runs/run.ts";
import { writeRunRecord } from "../runs/runRecord.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";

/** A reader may count on a heartbeat every second; this leaves room for a step or a write that takes long. */
const heartbeatMilliseconds = 700;

export class RunStatus {
  readonly #directory: string;
  #record: RunRecord;
  #written = Number.NEGATIVE_INFINITY;

  constructor(directory: string, record: RunRecord) {
    this.#directory = directory;
    this.#record = record;
  }

  get record(): RunRecord {
    return this.#record;
  }

  /** Changes what the next write holds. */
  set(changes: Partial<RunRecord>): void {
    this.#record = { ...this.#record, ...changes };
  }

  /** Takes in the newest telemetry row. */
  setRow(row: TelemetryRow): void {
    const [bottom] = row.layers;
    const sigma = sigmaRange(row);
    this.set({
      halfLife: bottom ? namedNumber(bottom.halfLife) : null,
      reach: bottom?.reach ?? null,
      ...(sigma ? { sigma } : {}),
    });
  }

  /** @throws SystemFailure when the file cannot be replaced. */
  write(): void {
    this.set({ heartbeat: new Date().toISOString() });
    writeRunRecord(this.#directory, this.#record);
    this.#written = performance.now();
  }

  /** Writes when the last write was long enough ago. @returns whether it wrote. */
  beat(): boolean {
    if (performance.now() - this.#written < heartbeatMilliseconds) return false;
    this.write();
    return true;
  }
}

/** Smallest and largest singular value of a row over all layers; undefined where it measured none. */
function sigmaRange(row: TelemetryRow): [number, number] | undefined {
  let range: [number, number] | undefined;
  for (const layer of row.layers)
    for (const values of Object.values(layer.singularValues)) {
      if (!values || values.length === 0) continue;
      const [smallest, largest] = [values[values.length - 1]!, values[0]!];
      range = range ? [Math.min(range[0], smallest), Math.max(range[1], largest)] : [smallest, largest];
    }
  return range;
}

/** JSON has no words for numbers that are not finite: these go by their name. */
function namedNumber(value: number): number | "Infinity" | "-Infinity" | "NaN" {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}
