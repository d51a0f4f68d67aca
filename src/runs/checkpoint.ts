/**
 * Checkpoints: everything that a run needs to go on bit for bit, and nothing that differs between two equal runs (no
 * time, no run id), so that equal runs have equal files.
 */
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import type { ModelSpec, OptimizerSettings, Tensor, TensorMap } from "../engine/engine.ts";
import { activationNames, cellNames } from "../experiment/schema.ts";
import { describeIssues } from "./describeIssues.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { attempt, systemCode } from "./systemError.ts";

export interface Checkpoint {
  /** Training steps finished. */
  readonly step: number;
  readonly spec: ModelSpec;
  readonly optimizer: OptimizerSettings;
  readonly parameters: TensorMap;
  /** As `Model.getOptimizerState` names it. In the file each name has `optimizer.` before it. */
  readonly optimizerState: TensorMap;
  /**
   * Of a task that carries state from batch to batch: `h`, and `c` of an lstm, [layers, B, n]. In the file each name
   * has `states.` before it.
   */
  readonly states?: TensorMap;
}

const formatName = "sigmascope.checkpoint";
const formatVersion = "1";
const optimizerPrefix = "optimizer.";
const statesPrefix = "states.";

const specSchema: z.ZodType<ModelSpec> = z.object({
  cell: z.enum(cellNames),
  net: z.enum(["mlp", "resnet"]).exactOptional(),
  inputSize: z.int().min(1),
  vocabulary: z.int().min(2).exactOptional(),
  embedding: z.enum(["tied", "free"]).exactOptional(),
  hidden: z.int().min(1),
  layers: z.int().min(1),
  activation: z.enum(activationNames),
  outputSize: z.int().min(1),
  head: z.enum(["classifyLast", "regressLast", "classifyEach"]),
  reflectors: z.tuple([z.int().min(1), z.int().min(1)]),
  radius: z.number(),
  center: z.number(),
});

const optimizerSchema = z
  .object({
    optimizer: z.enum(["adam", "rmsprop", "sgd"]),
    momentum: z.number(),
    weightDecay: z.number(),
    clipNorm: z.number().optional(),
    sampledSoftmax: z.int().min(2).exactOptional(),
  })
  .transform((settings): OptimizerSettings => ({ ...settings, clipNorm: settings.clipNorm }));

/**
 * Writes a checkpoint whole or not at all.
 *
 * @throws SystemFailure; Error naming a tensor whose values do not fit its shape.
 */
export function writeCheckpoint(file: string, checkpoint: Checkpoint): void {
  const { step, spec, optimizer, parameters, optimizerState, states = new Map() } = checkpoint;
  const tensors = new Map(parameters);
  for (const name of parameters.keys())
    if (name.startsWith(optimizerPrefix)) throw new Error(`a parameter cannot be called ${name}`);
  for (const [name, tensor] of optimizerState) tensors.set(`${optimizerPrefix}${name}`, tensor);
  for (const [name, tensor] of states) tensors.set(`${statesPrefix}${name}`, tensor);
  writeSafetensors(file, tensors, {
    format: formatName,
    version: formatVersion,
    step: String(step),
    spec: sortedJson(spec),
    optimizer: sortedJson(optimizer),
  });
}

/** The same text for equal objects, whatever the order in which their properties were set. */
function sortedJson(value: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/**
 * Reads a checkpoint.
 *
 * @throws SystemFailure; Error naming the file and what is wrong with it. Whether the tensors are those that the model
 *   needs is for the engine's `assertParameters` to say.
 */
export function readCheckpoint(file: string): Checkpoint {
  const { metadata, tensors } = readSafetensors(file);
  if (metadata.format !== formatName) throw new Error(`${file} is not a checkpoint of sigmascope`);
  if (metadata.version !== formatVersion)
    throw new Error(
      `${file} has checkpoint version ${metadata.version}; this version reads ${formatVersion}`,
    );
  if (!/^\d{1,15}$/.test(metadata.step ?? ""))
    throw new Error(`${file} is damaged: its step is "${metadata.step}"`);
  const parameters: TensorMap = new Map();
  const optimizerState: TensorMap = new Map();
  const states: TensorMap = new Map();
  for (const [name, { dtype, shape, data }] of tensors) {
    if (!(data instanceof Float32Array))
      throw new Error(`${file}: tensor "${name}" has dtype ${dtype}; a checkpoint's are F32`);
    const tensor: Tensor = { shape, data };
    if (name.startsWith(optimizerPrefix)) optimizerState.set(name.slice(optimizerPrefix.length), tensor);
    else if (name.startsWith(statesPrefix)) states.set(name.slice(statesPrefix.length), tensor);
    else parameters.set(name, tensor);
  }
  return {
    step: Number(metadata.step),
    spec: fromMetadata(file, "spec", metadata.spec, specSchema),
    optimizer: fromMetadata(file, "optimizer", metadata.optimizer, optimizerSchema),
    parameters,
    optimizerState,
    ...(states.size > 0 ? { states } : {}),
  };
}

function fromMetadata<T>(file: string, key: string, text: string | undefined, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "");
  } catch (error) {
    throw new Error(`${file} is damaged: its ${key} is not JSON`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${file} is damaged: its ${key}: ${describeIssues(result.error)}`);
}

const fileNamePattern = /^step-(\d{7,15})\.safetensors$/;

/** Path of the checkpoint of a step, e.g. `checkpoints/step-0000500.safetensors`. */
export function checkpointFile(runDirectory: string, step: number): string {
  return join(runDirectory, "checkpoints", `step-${String(step).padStart(7, "0")}.safetensors`);
}

export interface ListedCheckpoint {
  readonly file: string;
  readonly step: number;
}

/** The checkpoints of a run by their names, newest first; none where the folder does not exist. */
export function listCheckpoints(runDirectory: string): ListedCheckpoint[] {
  const folder = join(runDirectory, "checkpoints");
  const names = attempt("read", folder, () => {
    try {
      return readdirSync(folder);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return [];
      throw error;
    }
  });
  return names
    .flatMap((name) => {
      const step = fileNamePattern.exec(name)?.[1];
      return step === undefined ? [] : [{ file: join(folder, name), step: Number(step) }];
    })
    .sort((a, b) => b.step - a.step);
}

export interface LatestCheckpoint {
  /** Null when the run has no good checkpoint. */
  readonly found: { readonly file: string; readonly checkpoint: Checkpoint } | null;
  /** One sentence for each newer checkpoint that could not be read. */
  readonly skipped: readonly string[];
}

/** The newest checkpoint that can be read. */
export function latestCheckpoint(runDirectory: string): LatestCheckpoint {
  const skipped: string[] = [];
  for (const { file } of listCheckpoints(runDirectory)) {
    try {
      return { found: { file, checkpoint: readCheckpoint(file) }, skipped };
    } catch (error) {
      skipped.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { found: null, skipped };
}

/**
 * Deletes old checkpoints.
 *
 * @param keep how many of the newest unprotected ones stay.
 * @param isProtected file names or paths that are never deleted and do not count, e.g. those asked for by hand.
 * @returns the paths that were deleted.
 * @throws SystemFailure.
 */
export function pruneCheckpoints(
  runDirectory: string,
  keep: number,
  isProtected: ReadonlySet<string> = new Set(),
): string[] {
  const names = new Set([...isProtected].map((file) => basename(file)));
  const old = listCheckpoints(runDirectory)
    .filter(({ file }) => !names.has(basename(file)))
    .slice(keep)
    .map(({ file }) => file);
  for (const file of old) attempt("delete", file, () => rmSync(file, { force: true }));
  return old;
}
