/** One trainer a run: a lock file that names the process that has the run. */
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { sleep, temporaryName } from "./atomicFile.ts";
import { processAlive } from "./processAlive.ts";
import { runFile } from "./runDirectory.ts";
import { attempt, systemCode } from "./systemError.ts";

const ownerSchema = z.object({ pid: z.int(), host: z.string(), time: z.iso.datetime() });
export type LockOwner = z.output<typeof ownerSchema>;

/** A lock of another machine, whose processes cannot be looked for, holds this long after its last renewal. */
const staleElsewhereAfter = 60_000;
/** A lock file that says nothing is of a process that was killed while it wrote it. */
const staleEmptyAfter = 10_000;
const takeoverPause = 10;
const attempts = 100;

/** Another trainer has the run. */
export class RunLockedError extends Error {
  readonly owner: LockOwner | undefined;

  constructor(runDirectory: string, owner: LockOwner | undefined) {
    const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
    super(`${runDirectory} already has a trainer: ${who}`);
    this.name = "RunLockedError";
    this.owner = owner;
  }
}

export interface RunLock {
  /** Tells other machines that this process still runs; to be called with each heartbeat. */
  renew(): void;
  /** Gives the run free; does nothing when the lock is no longer this process's. */
  release(): void;
}

/** Locks that this process holds, by file: its own number in a lock file of an earlier process is no claim. */
const held = new Set<string>();

/**
 * Takes the run for this process. A lock whose process is gone is taken over; of two processes that try, one gets it.
 *
 * @throws RunLockedError when a trainer has it; SystemFailure when the folder cannot be written.
 */
export function acquireRunLock(runDirectory: string): RunLock {
  const file = runFile(runDirectory, "lock");
  const owner: LockOwner = { pid: process.pid, host: hostname(), time: new Date().toISOString() };
  const content = `${JSON.stringify(owner)}\n`;
  for (let left = attempts; left > 0; left--) {
    if (create(file, content)) {
      held.add(file);
      return lockOf(file, content);
    }
    const found = read(file);
    if (found === undefined) continue;
    if (!isStale(file, found)) throw new RunLockedError(runDirectory, ownerOf(found.text));
    removeStale(file, content);
  }
  throw new RunLockedError(runDirectory, undefined);
}

/** The process that has the run now; undefined when none has, or a gone one left its lock. */
export function lockOwner(runDirectory: string): LockOwner | undefined {
  const file = runFile(runDirectory, "lock");
  const found = read(file);
  return found === undefined || isStale(file, found) ? undefined : ownerOf(found.text);
}

/** Makes the lock file with its content in it, unless there is one. */
function create(file: string, content: string): boolean {
  return attempt("write", file, () => {
    const temporary = temporaryName(file);
    writeFileSync(temporary, content, { flag: "wx" });
    try {
      linkSync(temporary, file);
      return true;
    } catch (error) {
      if (systemCode(error) === "EEXIST") return false;
      // A file system without hard links: the content comes a moment after the file.
      return createInPlace(file, content);
    } finally {
      rmSync(temporary, { force: true });
    }
  });
}

function createInPlace(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

interface LockFile {
  readonly text: string;
  readonly age: number;
}

function read(file: string): LockFile | undefined {
  return attempt("read", file, () => {
    try {
      const { mtimeMs } = statSync(file);
      return { text: readFileSync(file, "utf8"), age: Date.now() - mtimeMs };
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}

function ownerOf(text: string): LockOwner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function isStale(file: string, { text, age }: LockFile): boolean {
  const owner = ownerOf(text);
  if (owner === undefined) return age > staleEmptyAfter;
  if (owner.host !== hostname()) return age > staleElsewhereAfter;
  if (owner.pid === process.pid) return !held.has(file);
  return !processAlive(owner.pid, new Date(owner.time));
}

/**
 * Removes a stale lock. A second lock sees to it that one process at a time looks whether the first is stale and
 * removes it: otherwise the slower of two would remove the new lock of the faster.
 */
function removeStale(file: string, content: string): void {
  const guard = `${file}.takeover`;
  if (!create(guard, content)) {
    const found = read(guard);
    // Held for less than a millisecond, unless its process was killed just then.
    if (found !== undefined && found.age > staleEmptyAfter)
      attempt("delete", guard, () => rmSync(guard, { force: true }));
    sleep(takeoverPause);
    return;
  }
  try {
    const found = read(file);
    if (found !== undefined && isStale(file, found))
      attempt("delete", file, () => rmSync(file, { force: true }));
  } finally {
    rmSync(guard, { force: true });
  }
}

function lockOf(file: string, content: string): RunLock {
  const isOurs = () => held.has(file) && read(file)?.text === content;
  return {
    renew() {
      // The same content again: what counts is the time of the write.
      if (isOurs()) attempt("write", file, () => writeFileSync(file, content, { flag: "r+" }));
    },
    release() {
      if (isOurs()) rmSync(file, { force: true });
      held.delete(file);
    },
  };
}
