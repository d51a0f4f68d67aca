/** Parts of files as bytes. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { attempt, systemCode } from "./systemError.ts";

/** One system call reads at most 2 GiB. */
const mostAtOnce = 2 ** 30;

/** Reads bytes start … end − 1 of an open file, or fewer where it ends before. The memory is not shared. */
export function readBytes(descriptor: number, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let length = 0;
  while (length < bytes.length) {
    const size = Math.min(mostAtOnce, bytes.length - length);
    const count = readSync(descriptor, bytes, length, size, start + length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

/** Reads bytes start … end − 1 of a file. @throws SystemFailure. */
export function readRange(file: string, start: number, end: number): Uint8Array {
  if (end <= start) return new Uint8Array(0);
  return attempt("read", file, () => {
    const descriptor = openSync(file, "r");
    try {
      return readBytes(descriptor, start, end);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Size in bytes; 0 for a file that does not exist. @throws SystemFailure. */
export function fileSize(file: string): number {
  return attempt("read", file, () => {
    try {
      return statSync(file).size;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return 0;
      throw error;
    }
  });
}
