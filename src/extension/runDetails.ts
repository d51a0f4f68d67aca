/** Runs as the panels want them, from a worker thread that reads them: the host's end. */
import { Worker } from "node:worker_threads";
import * as vscode from "vscode";
import { builtFile } from "../builtFile.ts";
import type { ExportTable } from "../detail/exportTables.ts";
import type { AnswerTo, DetailRequest, RunNews } from "../protocol/details.ts";
import type { ReportData } from "../protocol/reportData.ts";
import type { FromWorker, ToWorker } from "./detailMessages.ts";

export interface OpenRun extends vscode.Disposable {
  readonly directory: string;
  /** @throws Error that says what is wrong with the request, or that the run cannot be read. */
  ask<Request extends DetailRequest>(request: Request): Promise<AnswerTo<Request>>;
}

export interface RunDetails extends vscode.Disposable {
  /**
   * Follows a run for a panel.
   *
   * @param told soon, and whenever something has changed, at most ten times a second (setting sigmascope.updateRate);
   *   not before this returns. A run that cannot be read is told too, with its problems.
   */
  open(directory: string, told: (news: RunNews) => void): OpenRun;
  /** Whole runs as the report shows them. @throws Error that names the file that cannot be read. */
  report(directories: readonly string[]): Promise<ReportData>;
  /**
   * Writes a table of a run's numbers to a file.
   *
   * @returns the number of lines. @throws Error that names the file; when cancelled, that says so.
   */
  exportTable(
    directory: string,
    table: ExportTable,
    file: string,
    told: (share: number) => void,
    token: vscode.CancellationToken,
  ): Promise<number>;
}

interface Waiting {
  /** Of an export: how far it is. */
  progress?(share: number): void;
  settle(answer: unknown): void;
  fail(error: Error): void;
}

export function createRunDetails(log: vscode.LogOutputChannel): RunDetails {
  const openers = new Map<string, Set<(news: RunNews) => void>>();
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;
  let disposed = false;

  function send(message: ToWorker): void {
    worker ??= start();
    worker.postMessage(message);
  }

  function start(): Worker {
    const made = new Worker(builtFile("detail-worker.cjs"));
    let gone = false;
    made.on("message", hear);
    made.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
    made.on("exit", (code) => end(`it ended with code ${code}`));
    const end = (reason: string) => {
      if (gone) return;
      gone = true;
      if (worker === made) worker = undefined;
      for (const { fail } of waiting.values()) fail(new Error(`the reader of runs has ended: ${reason}`));
      waiting.clear();
      if (disposed) return;
      log.error(`the reader of runs has ended and is started again: ${reason}`);
      // Whoever looks at a run is told of it by the new one. Not at once: what ended it may do so again.
      setTimeout(() => {
        if (disposed) return;
        for (const [directory, told] of openers)
          for (const _ of told) send({ type: "open", directory, interval: interval() });
      }, 1000);
    };
    return made;
  }

  function hear(message: FromWorker): void {
    if (message.type === "news") {
      for (const told of [...(openers.get(message.directory) ?? [])]) told(message.news);
      return;
    }
    const waiter = waiting.get(message.id);
    if (message.type === "progress") {
      waiter?.progress?.(message.share);
      return;
    }
    waiting.delete(message.id);
    if (message.type === "answer") waiter?.settle(message.answer);
    else waiter?.fail(new Error(message.reason));
  }

  function question<Answer>(
    message: (id: number) => ToWorker,
    progress?: (share: number) => void,
  ): Promise<Answer> {
    const id = ++lastId;
    return new Promise<Answer>((settle, fail) => {
      const waiter = { settle: (answer: unknown) => settle(answer as Answer), fail };
      waiting.set(id, progress ? { ...waiter, progress } : waiter);
      send(message(id));
    });
  }

  return {
    open(directory, told) {
      const listeners = openers.get(directory) ?? new Set();
      openers.set(directory, listeners);
      // Two panels may give the same function.
      const listener = (news: RunNews) => told(news);
      listeners.add(listener);
      send({ type: "open", directory, interval: interval() });
      return {
        directory,
        ask: (request) => question((id) => ({ type: "ask", id, directory, request })),
        dispose() {
          if (!listeners.delete(listener)) return;
          if (listeners.size === 0 && openers.get(directory) === listeners) openers.delete(directory);
          if (worker) send({ type: "close", directory });
        },
      };
    },
    report: (directories) => question((id) => ({ type: "report", id, directories })),
    exportTable(directory, table, file, told, token) {
      let cancel: vscode.Disposable | undefined;
      const written = question<number>((id) => {
        cancel = token.onCancellationRequested(() => send({ type: "cancel", id }));
        return { type: "export", id, directory, table, file };
      }, told);
      return written.finally(() => cancel?.dispose());
    },
    dispose() {
      disposed = true;
      void worker?.terminate();
    },
  };
}

/** Milliseconds between two looks at a run in training. */
function interval(): number {
  const rate = vscode.workspace.getConfiguration("sigmascope").get("updateRate", 10);
  return 1000 / Math.min(10, Math.max(0.1, rate));
}
