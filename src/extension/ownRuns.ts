/** Runs that this window started: what becomes of them when their trainer dies early, or the window closes. */
import * as vscode from "vscode";
import { sendCommand } from "../runs/control.ts";
import type { LaunchedTrainer } from "../runs/launch.ts";
import { logEnd } from "../runs/logEnd.ts";
import { liveState, readRunRecord, writeRunRecord } from "../runs/runRecord.ts";
import { messageOf } from "./report.ts";
import { isLive } from "./runIndex.ts";
import type { Services } from "./services.ts";

export type OnClose = "continue" | "pause" | "stop";

const storageKey = "ownRuns";
let own = new Set<string>();
let storage: vscode.Memento | undefined;
let onClose: OnClose = "continue";

/** Remembers over a reload which runs are this window's. */
export function registerOwnRuns(context: vscode.ExtensionContext, services: Services): void {
  storage = context.workspaceState;
  own = new Set(storage.get<string[]>(storageKey, []));
  const read = () => {
    onClose = vscode.workspace.getConfiguration("sigmascope").get<OnClose>("onClose", "continue");
  };
  read();
  void services.runs.ready.then(() => {
    // What has ended need not be remembered.
    for (const { directory, state } of services.runs.runs) if (!isLive(state)) own.delete(directory);
    void save();
  });
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("sigmascope.onClose")) read();
    }),
  );
}

/** Takes charge of a trainer that this window has started. */
export function ownRun(services: Services, directory: string, trainer: LaunchedTrainer): void {
  own.add(directory);
  void save();
  void trainer.exited.then(({ code, signal }) => {
    own.delete(directory);
    void save();
    if (code === 0) return;
    services.log.warn(`${directory}: the trainer ended with ${signal ?? `exit code ${code}`}`);
    try {
      reportStillborn(directory, signal ?? `exit code ${code}`);
    } catch (error) {
      services.log.error(messageOf(error));
    }
    void services.runs.refresh();
  });
}

/**
 * A trainer that dies before it takes over the run leaves the record that this process wrote, which names this
 * process and so looks alive. No one else writes it then.
 */
function reportStillborn(directory: string, end: string): void {
  const record = readRunRecord(directory);
  if (record.state !== "starting" || record.pid !== process.pid) return;
  const said = logEnd(directory, 1);
  const reason = `the trainer ended with ${end} before it began${said === "" ? "" : `: ${said}`}`;
  writeRunRecord(directory, { ...record, state: "failed", reason });
}

/** The window closes or reloads: the setting sigmascope.onClose says what its runs do. Nothing may be waited for. */
export function closeOwnRuns(): void {
  if (onClose === "continue") return;
  for (const directory of own) {
    try {
      if (isLive(liveState(readRunRecord(directory)))) sendCommand(directory, { command: onClose });
    } catch {
      // The run is gone or unreadable, and there is no one left to tell.
    }
  }
}

function save(): Thenable<void> | undefined {
  return storage?.update(storageKey, [...own]);
}
