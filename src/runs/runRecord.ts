/** `run.json`: written by the trainer alone, replaced whole, and checked by whoever reads it. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "./atomicFile.ts";
import { describeIssues } from "./describeIssues.ts";
import { findingSchema } from "./findingSchema.ts";
import { numberOrNameSchema, numberSchema, toJson } from "./jsonNumbers.ts";
import { processAlive } from "./processAlive.ts";
import { type RunRecord, type RunState, runStates } from "./run.ts";
import { attempt } from "./systemError.ts";

const recordName = "run.json";
const format = 1;

const recordSchema: z.ZodType<RunRecord> = z.object({
  format: z.literal(format),
  id: z.string(),
  name: z.string(),
  experimentFile: z.string().nullable(),
  state: z.enum(runStates),
  reason: z.string().nullable(),
  pid: z.int(),
  host: z.string(),
  created: z.iso.datetime(),
  heartbeat: z.iso.datetime(),
  step: z.int().min(0),
  steps: z.int().min(0),
  length: z.int().min(0),
  profile: z.enum(["timesteps", "layers"]).optional(),
  loss: numberSchema.nullable(),
  metric: numberSchema.nullable(),
  metricName: z.string(),
  baseline: z.object({ loss: numberSchema, metric: numberSchema, reason: z.string() }),
  testLoss: numberSchema.nullable(),
  testMetric: numberSchema.nullable(),
  stepsPerSecond: numberSchema.nullable(),
  elapsed: z.number().min(0),
  halfLife: numberOrNameSchema.nullable(),
  reach: numberSchema.nullable(),
  sigma: z.tuple([numberSchema, numberSchema]).nullable(),
  capacity: z
    .object({ log10: numberSchema, margin: numberSchema, spectralNorm: numberSchema })
    .nullable()
    .optional(),
  findings: z.array(findingSchema),
  parameterCount: z.int().min(0),
  cell: z.string(),
  engine: z.object({ name: z.string(), description: z.string() }),
  version: z.string(),
});

/**
 * Replaces `run.json`. Numbers that are not finite are written as strings ("NaN", "Infinity", "-Infinity").
 *
 * @throws SystemFailure; the old record is then still there.
 */
export function writeRunRecord(runDirectory: string, record: RunRecord): void {
  replaceFile(join(runDirectory, recordName), `${toJson(record, 2)}\n`);
}

/**
 * Reads `run.json`.
 *
 * @throws Error that names the file, and the property or the place in the text that is wrong; SystemFailure where
 *   it cannot be read.
 */
export function readRunRecord(runDirectory: string): RunRecord {
  const file = join(runDirectory, recordName);
  return parseRunRecord(
    attempt("read", file, () => readFileSync(file, "utf8")),
    file,
  );
}

/** Checks the text of a `run.json`. @param file for the messages. */
export function parseRunRecord(text: string, file: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} is damaged: ${text.trim() === "" ? "it is empty" : reason}`, { cause: error });
  }
  if (isObject(value) && typeof value.format === "number" && value.format > format)
    throw new Error(
      `${file} has format ${value.format}; this version of sigmascope reads format ${format}: a newer one is needed`,
    );
  const result = recordSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${file} is damaged: ${describeIssues(result.error)}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A trainer writes its heartbeat every second or so; one older than this is suspect. */
const staleAfter = 10_000;
/** On another machine the process cannot be looked for, and clocks differ: it gets longer. */
const staleElsewhereAfter = 60_000;

/** What the reader of a record knows of the world; replaced in tests. */
export interface Surroundings {
  readonly now: Date;
  readonly host: string;
  readonly processAlive: (pid: number, writtenAt: Date) => boolean;
}

/**
 * The state of a run as it is now. A run that has not ended is `interrupted` when its heartbeat is older than 10
 * seconds and its process is gone; on another host, when its heartbeat is older than 60 seconds.
 */
export function liveState(record: RunRecord, surroundings: Partial<Surroundings> = {}): RunState {
  if (record.state === "finished" || record.state === "stopped" || record.state === "failed")
    return record.state;
  const { now = new Date(), host = hostname(), processAlive: alive = processAlive } = surroundings;
  const heartbeat = new Date(record.heartbeat);
  const age = now.getTime() - heartbeat.getTime();
  const gone =
    record.host === host ? age > staleAfter && !alive(record.pid, heartbeat) : age > staleElsewhereAfter;
  return gone ? "interrupted" : record.state;
}
