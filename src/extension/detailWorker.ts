/**
 * The worker thread that reads runs for the panels, so that the extension host, which other extensions share, never
 * reads telemetry itself.
 */
import "./interpretChecks.ts";
import { parentPort } from "node:worker_threads";
import { DetailRun } from "../detail/detailRun.ts";
import { writeTable } from "../detail/writeTable.ts";
import type { DetailAnswer } from "../protocol/details.ts";
import type { ReportData } from "../protocol/reportData.ts";
import { reportRun } from "../report/reportRun.ts";
import { openRun } from "../runs/store.ts";
import type { FromWorker, ToWorker } from "./detailMessages.ts";

/** Milliseconds between two looks at a run that no trainer works on. */
const idleInterval = 1000;
/** A run that nobody looks at is kept for so long, for a tab that is shown again. */
const keepFor = 60_000;

const host = parentPort!;
const post = (message: FromWorker, transfer: ArrayBuffer[] = []) => host.postMessage(message, transfer);

/** A run that is followed. */
class Followed {
  readonly run: DetailRun;
  #openers = 0;
  #interval = 100;
  #next: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #looking = false;
  #told = false;
  readonly #forget: () => void;

  constructor(directory: string, forget: () => void) {
    this.run = new DetailRun(directory);
    this.#forget = forget;
  }

  open(interval: number): void {
    this.#openers++;
    this.#interval = interval;
    clearTimeout(this.#end);
    if (this.#told) this.#tell();
    void this.look();
  }

  close(): void {
    if (this.#openers > 0) this.#openers--;
    if (this.#openers > 0) return;
    clearTimeout(this.#next);
    this.#end = setTimeout(this.#forget, keepFor).unref();
  }

  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    clearTimeout(this.#next);
    try {
      if (await this.run.poll()) this.#tell();
    } finally {
      this.#looking = false;
    }
    if (this.#openers === 0) return;
    this.#next = setTimeout(() => void this.look(), this.run.isLive ? this.#interval : idleInterval);
  }

  #tell(): void {
    this.#told = true;
    post({ type: "news", directory: this.run.directory, news: this.run.news });
  }
}

const followed = new Map<string, Followed>();
/** Exports under way. */
const exports = new Map<number, AbortController>();

function follow(directory: string): Followed {
  const known = followed.get(directory);
  if (known) return known;
  const made = new Followed(directory, () => followed.delete(directory));
  followed.set(directory, made);
  return made;
}

async function obey(message: ToWorker): Promise<void> {
  switch (message.type) {
    case "open":
      follow(message.directory).open(message.interval);
      return;
    case "close":
      followed.get(message.directory)?.close();
      return;
    case "ask": {
      const { run } = follow(message.directory);
      answer(message.id, run.answer(message.request));
      return;
    }
    case "report":
      answer(message.id, await report(message.directories));
      return;
    case "export": {
      const { id, directory, table, file } = message;
      const abort = new AbortController();
      exports.set(id, abort);
      try {
        const told = (share: number) => post({ type: "progress", id, share });
        answer(id, await writeTable(directory, table, file, told, abort.signal));
      } finally {
        exports.delete(id);
      }
      return;
    }
    case "cancel":
      exports.get(message.id)?.abort();
  }
}

function answer(id: number, given: DetailAnswer | ReportData | number): void {
  post({ type: "answer", id, answer: given }, buffersIn(given));
}

/** The numbers change hands instead of being copied. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) if (typeof inner === "object") buffersIn(inner, found);
  return [...found];
}

/** Runs that cannot be read are told beside those that can. @throws Error when none can. */
async function report(directories: readonly string[]): Promise<ReportData> {
  const read = await Promise.allSettled(directories.map((directory) => openRun(directory)));
  const runs = read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const problems = read.flatMap((one) =>
    one.status === "rejected" ? [one.reason instanceof Error ? one.reason.message : String(one.reason)] : [],
  );
  if (runs.length === 0) throw new Error(problems.join("\n"));
  return {
    title: runs.map(({ record }) => record.name).join(" · "),
    created: new Date().toISOString(),
    runs: runs.map(reportRun),
    problems,
  };
}

host.on("message", (message: ToWorker) => {
  obey(message).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    if ("id" in message) post({ type: "failed", id: message.id, reason });
    // Nobody waits for an answer: the host hears of it as of a crash.
    else throw error;
  });
});
