/** What a run can still say when something breaks. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutOfMemory } from "../engine/outOfMemory.ts";
import { describeSystemError, SystemFailure, systemCode } from "../runs/systemError.ts";

/** Room for the last event and the last state of a run on a disk that has run full. */
const reserveBytes = 64 * 1024;
const reserveName = ".reserve";

/** A file that holds disk space until it is needed to report that there is no more. */
export class DiskReserve {
  readonly #path: string;

  /** @throws when the folder cannot be written or the disk is full already. */
  constructor(directory: string) {
    this.#path = join(directory, reserveName);
    // Not a hole in a sparse file: only bytes that were written take up space.
    writeFileSync(this.#path, new Uint8Array(reserveBytes).fill(0x20));
  }

  /** Gives the space back; does nothing when it was given back before. */
  release(): void {
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // A folder that cannot be written: there is no space to give back to it.
    }
  }
}

/** One sentence on what went wrong. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return `unexpected failure: ${String(error)}`;
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (!(error instanceof SystemFailure) && systemCode(error) !== undefined && syscall && path)
    return describeSystemError(error, syscall, path);
  // It says itself what would take less.
  if (error instanceof OutOfMemory) return `out of memory: ${error.message}`;
  if (error instanceof RangeError && /allocation|array length|memory/i.test(error.message))
    return `out of memory: ${error.message}; a smaller batch, hidden size or sequence length needs less`;
  return error.message;
}
