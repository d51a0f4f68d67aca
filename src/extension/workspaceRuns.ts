/** The runs of the workspace: a list kept up to date. */
import { relative, resolve } from "node:path";
import * as vscode from "vscode";
import type { RunRecord } from "../runs/run.ts";
import type { ListedRun } from "../runs/runList.ts";
import { isLive, RunIndex } from "./runIndex.ts";

export interface WorkspaceRuns extends vscode.Disposable {
  /** Newest first; refreshed by watching the file system and by polling live runs. */
  readonly runs: readonly ListedRun[];
  readonly onDidChange: vscode.Event<void>;
  /** The first look through the folders is done. */
  readonly ready: Promise<void>;
  /** Folder of runs for a workspace folder (setting sigmascope.runFolder); undefined without an open folder. */
  rootFor(uri?: vscode.Uri): string | undefined;
  /** The runs of an experiment file, newest first. */
  runsOf(experimentFile: vscode.Uri): readonly ListedRun[];
  refresh(): Promise<void>;
}

/** The list is looked at this often at most. */
const listInterval = 500;
/** A file system that does not tell of changes (a network share) is looked through this often. */
const scanInterval = 15_000;

export function createWorkspaceRuns(log: vscode.LogOutputChannel): WorkspaceRuns {
  const index = new RunIndex();
  const changed = new vscode.EventEmitter<void>();
  let watchers: vscode.Disposable[] = [];
  let disposed = false;
  let scanning: Promise<void> | undefined;
  let again = false;
  let lastScan = 0;
  let lastProblems = "";

  const roots = () =>
    new Set((vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => rootFor(uri) ?? []));

  function rootFor(uri?: vscode.Uri): string | undefined {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(
      (folder) => folder.uri.scheme === "file",
    );
    const folder = (uri && vscode.workspace.getWorkspaceFolder(uri)) ?? folders[0];
    if (folder === undefined || folder.uri.scheme !== "file") return undefined;
    const setting = vscode.workspace.getConfiguration("sigmascope", folder.uri).get("runFolder", "");
    return resolve(folder.uri.fsPath, setting.trim() || ".sigmascope/runs");
  }

  /** Looks through the folders; a call during a look makes one more look follow it. */
  function scan(): Promise<void> {
    if (scanning) {
      again = true;
      return scanning;
    }
    scanning = (async () => {
      do {
        again = false;
        lastScan = Date.now();
        const result = await index.scan([...roots()]);
        const problems = result.problems.join("\n");
        if (problems !== "" && problems !== lastProblems) log.warn(problems);
        lastProblems = problems;
        if (result.changed && !disposed) changed.fire();
      } while (again && !disposed);
    })().finally(() => {
      scanning = undefined;
    });
    return scanning;
  }

  let wanted = true;
  async function tick(): Promise<void> {
    if (wanted || Date.now() - lastScan > scanInterval) {
      wanted = false;
      await scan();
    } else if (index.runs.some(({ state }) => isLive(state)) && (await index.pollLive()) && !disposed)
      changed.fire();
  }
  let timer: NodeJS.Timeout | undefined;
  const loop = () => {
    tick()
      .catch((error: unknown) => log.error(error instanceof Error ? error : String(error)))
      .finally(() => {
        if (!disposed) timer = setTimeout(loop, listInterval);
      });
  };

  function watch(): void {
    for (const watcher of watchers) watcher.dispose();
    watchers = [...roots()].map((root) => {
      const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(root));
      const inside = folder ? relative(folder.uri.fsPath, root).replaceAll("\\", "/") : "";
      const pattern =
        folder && inside !== ""
          ? new vscode.RelativePattern(folder, `${inside}/{*,*/run.json}`)
          : new vscode.RelativePattern(vscode.Uri.file(root), "{*,*/run.json}");
      const watcher = vscode.workspace.createFileSystemWatcher(pattern);
      const want = () => {
        wanted = true;
      };
      return vscode.Disposable.from(
        watcher,
        watcher.onDidCreate(want),
        watcher.onDidChange(want),
        watcher.onDidDelete(want),
      );
    });
    wanted = true;
  }

  const subscriptions = [
    vscode.workspace.onDidChangeWorkspaceFolders(watch),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("sigmascope.runFolder")) watch();
    }),
  ];
  watch();
  wanted = false;
  const ready = scan().catch((error: unknown) => log.error(error instanceof Error ? error : String(error)));
  timer = setTimeout(loop, listInterval);

  return {
    get runs() {
      return index.runs;
    },
    onDidChange: changed.event,
    ready,
    rootFor,
    runsOf: (file) => {
      const path = file.fsPath;
      return index.runs.filter(({ record }) => record?.experimentFile === path);
    },
    refresh: scan,
    dispose() {
      disposed = true;
      clearTimeout(timer);
      for (const disposable of [...watchers, ...subscriptions, changed]) disposable.dispose();
    },
  };
}

/** The experiment file that a run was started from. */
export function fileOfRun(record: RunRecord): vscode.Uri | undefined {
  return record.experimentFile === null ? undefined : vscode.Uri.file(record.experimentFile);
}
