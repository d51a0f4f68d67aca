/** The checkpoints of a run in training: saved, kept or thinned out, and found again. */
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import {
  type Checkpoint,
  checkpointFile,
  latestCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  readCheckpoint,
  writeCheckpoint,
} from "../runs/checkpoint.ts";
import type { RunEvent } from "../runs/run.ts";
import { runFiles } from "../runs/runDirectory.ts";
import { attempt } from "../runs/systemError.ts";

export class CheckpointKeeper {
  readonly #directory: string;
  readonly #keep: number;
  /** File names of those that were asked for: they are never deleted. */
  readonly #requested: Set<string>;
  /** What the newest file holds, so that it is not written twice. */
  #saved: { readonly step: number; readonly spec: string } | undefined;

  /** @param keep newest periodic checkpoints that stay. @param events the run's so far: they tell which were asked for. */
  constructor(directory: string, keep: number, events: readonly RunEvent[] = []) {
    this.#directory = directory;
    this.#keep = keep;
    this.#requested = new Set(
      events.flatMap((event) =>
        event.type === "checkpoint" && event.requested ? [basename(event.file)] : [],
      ),
    );
  }

  /**
   * Saves a checkpoint and deletes periodic ones that are too many.
   *
   * @returns its path relative to the run directory, and whether anything is new: a step is saved once.
   * @throws SystemFailure.
   */
  save(checkpoint: Checkpoint, requested: boolean): { readonly file: string; readonly isNew: boolean } {
    const path = checkpointFile(this.#directory, checkpoint.step);
    const name = basename(path);
    const key = { step: checkpoint.step, spec: JSON.stringify(checkpoint.spec) };
    const saved = this.#saved?.step === key.step && this.#saved.spec === key.spec;
    if (!saved) writeCheckpoint(path, checkpoint);
    this.#saved = key;
    const isNew = !saved || (requested && !this.#requested.has(name));
    if (requested) this.#requested.add(name);
    pruneCheckpoints(this.#directory, this.#keep, this.#requested);
    return { file: this.#relative(name), isNew };
  }

  /**
   * Saves the model as it is before a switch of parameterization, once more under a name of its own, which is kept:
   * the step's own file will hold the model after the switch.
   */
  saveBeforeSwitch(checkpoint: Checkpoint): string {
    this.save(checkpoint, false);
    const { cell } = checkpoint.spec;
    const name = basename(checkpointFile(this.#directory, checkpoint.step)).replace(
      ".safetensors",
      `-before-switch-from-${cell}.safetensors`,
    );
    writeCheckpoint(join(this.#directory, runFiles.checkpoints, name), checkpoint);
    return this.#relative(name);
  }

  /**
   * Takes the checkpoints of later steps out of the way of a run that goes on from an earlier one, so that a next
   * resume does not find them: periodic ones are deleted, those asked for are renamed.
   */
  forgetAfter(step: number): void {
    for (const { file } of listCheckpoints(this.#directory).filter((listed) => listed.step > step))
      attempt("move", file, () => {
        if (this.#requested.delete(basename(file)))
          renameSync(file, file.replace(".safetensors", `-before-resume-at-${step}.safetensors`));
        else rmSync(file, { force: true });
      });
  }

  #relative(name: string): string {
    return `${runFiles.checkpoints}/${name}`;
  }
}

/** The file of a checkpoint, or of the newest of a run directory. @throws Error when there is none that can be read. */
export function checkpointOf(from: string): string {
  if (!attempt("read", from, () => statSync(from)).isDirectory()) return resolve(from);
  const { found, skipped } = latestCheckpoint(resolve(from));
  if (found) return found.file;
  const damaged = skipped.length === 0 ? "" : `; damaged: ${skipped.join("; ")}`;
  throw new Error(`${from} holds no checkpoint that can be read${damaged}`);
}

export interface FoundCheckpoint {
  readonly file: string;
  readonly checkpoint: Checkpoint;
}

/**
 * The checkpoint to go on from.
 *
 * @param named a path, or a file name in the run's folder of checkpoints; undefined: the newest that can be read.
 * @returns `found` is null when the run has none; `skipped` has one sentence for each newer one that is damaged.
 * @throws Error when the named one does not exist or cannot be read.
 */
export function findCheckpoint(
  directory: string,
  named: string | undefined,
): { readonly found: FoundCheckpoint | null; readonly skipped: readonly string[] } {
  if (named === undefined) return latestCheckpoint(directory);
  const own = join(directory, runFiles.checkpoints, named);
  const file = dirname(named) === "." && existsSync(own) ? own : resolve(named);
  if (!existsSync(file))
    throw new Error(`there is no checkpoint ${named}: neither ${own} nor ${resolve(named)} exists`);
  return { found: { file, checkpoint: readCheckpoint(file) }, skipped: [] };
}
