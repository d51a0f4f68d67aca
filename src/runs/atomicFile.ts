/** Files that are replaced whole: a reader sees the old content or the new, never a part. */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { attempt, systemCode } from "./systemError.ts";

/** Windows refuses to replace a file that another process has open for a moment, such as a virus scanner. */
const busyCodes = new Set(["EPERM", "EACCES", "EBUSY"]);
const renameAttempts = 12;

/**
 * Replaces a file: writes a temporary file beside it, flushes it to the disk, renames it over the old one.
 *
 * @throws SystemFailure; the old file is then untouched and the temporary one removed.
 */
export function replaceFile(file: string, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  attempt("write", file, () => {
    const temporary = temporaryName(file);
    try {
      const descriptor = openSync(temporary, "wx");
      try {
        writeFully(descriptor, bytes);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameOver(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncDirectory(dirname(file));
  });
}

/** A new hidden name beside `file`, on the same file system. */
export function temporaryName(file: string): string {
  return join(dirname(file), `.${basename(file)}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
}

/** Writes all bytes: the system may take fewer than offered at once. */
export function writeFully(descriptor: number, bytes: Uint8Array, position: number | null = null): void {
  let written = 0;
  while (written < bytes.length) {
    const at = position === null ? null : position + written;
    written += writeSync(descriptor, bytes, written, bytes.length - written, at);
  }
}

/** Renames over an existing file; where Windows reports it busy, tries again for about a second. */
export function renameOver(from: string, to: string, platform: string = process.platform): void {
  for (let attemptNumber = 1; ; attemptNumber++) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      const code = systemCode(error);
      const retry = platform === "win32" && code !== undefined && busyCodes.has(code);
      if (!retry || attemptNumber === renameAttempts) throw error;
      sleep(10 * attemptNumber);
    }
  }
}

/** Makes a rename in this folder last through a power cut, where the system can. */
export function syncDirectory(directory: string): void {
  if (process.platform === "win32") return;
  try {
    const descriptor = openSync(directory, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Some network file systems cannot flush a folder; the rename itself has succeeded.
  }
}

/** Waits without giving way to anything else in this process. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
