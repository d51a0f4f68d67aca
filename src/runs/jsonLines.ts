/** Files with one JSON value a line, which one process appends to while others read. */
import { closeSync, fstatSync, fsyncSync, openSync, readSync } from "node:fs";
import { writeFully } from "./atomicFile.ts";
import { fileSize, readRange } from "./fileBytes.ts";
import { toJson } from "./jsonNumbers.ts";
import { attempt } from "./systemError.ts";

const newline = 0x0a;

/**
 * Appends one line with one write call, so that lines of several writers do not mix. A torn line that a killed
 * writer left at the end is closed first, and stays a line that readers skip.
 *
 * @param options.sync true: returns when the line is on the disk.
 * @throws SystemFailure.
 */
export function appendJsonLine(file: string, value: unknown, options: { sync?: boolean } = {}): void {
  const line = `${toJson(value)}\n`;
  attempt("write", file, () => {
    const descriptor = openSync(file, "a+");
    try {
      writeFully(descriptor, Buffer.from(endsInTornLine(descriptor) ? `\n${line}` : line, "utf8"));
      if (options.sync) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

function endsInTornLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  return readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== newline;
}

export interface JsonLines {
  readonly values: readonly unknown[];
  /** One sentence for each line that is not JSON; such lines are left out of `values`. */
  readonly problems: readonly string[];
  /** The file became shorter than what was read before: everything was read anew from its beginning. */
  readonly reset: boolean;
}

/** Reads the complete lines that were added since the last look. A file that does not exist is empty. */
export class JsonLinesTail {
  readonly #file: string;
  #offset: number;
  /** Size at the last look; with an unchanged size nothing is read. */
  #size = -1;

  /** @param offset byte to begin at: 0, or the beginning of a line. */
  constructor(file: string, offset = 0) {
    this.#file = file;
    this.#offset = offset;
  }

  /** Byte after the last complete line read. */
  get offset(): number {
    return this.#offset;
  }

  /** @throws SystemFailure where the file exists and cannot be read. */
  poll(): JsonLines {
    const size = fileSize(this.#file);
    if (size === this.#size) return { values: [], problems: [], reset: false };
    this.#size = size;
    const reset = size < this.#offset;
    if (reset) this.#offset = 0;
    const range = readRange(this.#file, this.#offset, size);
    const bytes = Buffer.from(range.buffer, range.byteOffset, range.length);
    const end = bytes.lastIndexOf(newline) + 1;
    const values: unknown[] = [];
    const problems: string[] = [];
    for (let start = 0; start < end; ) {
      const stop = bytes.indexOf(newline, start);
      const text = bytes.toString("utf8", start, stop);
      try {
        if (text.trim() !== "") values.push(JSON.parse(text));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        problems.push(`${this.#file}: the line at byte ${this.#offset + start} is not JSON: ${reason}`);
      }
      start = stop + 1;
    }
    this.#offset += end;
    return { values, problems, reset };
  }
}

/** Reads every complete line; a torn last line is ignored, other lines that are not JSON are reported. */
export function readJsonLines(file: string): JsonLines {
  return new JsonLinesTail(file).poll();
}
