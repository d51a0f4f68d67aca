/** The end of a trainer's log: what it said before it died. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { runFile } from "./runDirectory.ts";

const mostBytes = 4096;

/** The last lines of `trainer.log`, without a line end; empty where there is no log. */
export function logEnd(directory: string, lines: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(runFile(directory, "log"), "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8").trimEnd().split(/\r?\n/).slice(-lines).join("\n");
  } finally {
    closeSync(descriptor);
  }
}
