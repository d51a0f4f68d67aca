/** The Experiments view: the experiment files of the workspace, and whether they can be run. */

import * as vscode from "vscode";
import { parseExperiment } from "../experiment/parseExperiment.ts";
import type { Problem } from "../experiment/problem.ts";
import { nameFromFile } from "../experiment/resolveExperiment.ts";
import { experimentGlob, mostExperiments } from "./experimentFile.ts";
import { command, messageOf } from "./report.ts";
import type { Services } from "./services.ts";

interface ExperimentItem {
  readonly uri: vscode.Uri;
}

interface Checked {
  readonly problems: readonly Problem[];
  /** `adding · spectral · n = 128`; null when the file has errors. */
  readonly summary: string | null;
}

/** Files that change one after the other (a checkout) are looked at once. */
const settleTime = 200;

export function registerExperimentsTree(context: vscode.ExtensionContext, services: Services): void {
  const tree = new ExperimentsTree();
  context.subscriptions.push(
    tree,
    vscode.window.createTreeView("sigmascope.experiments", { treeDataProvider: tree }),
    command(services, "refresh", async () => {
      tree.refresh();
      await services.runs.refresh();
    }),
  );
}

class ExperimentsTree implements vscode.TreeDataProvider<ExperimentItem>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #disposables: vscode.Disposable[] = [this.#changed];
  readonly #checked = new Map<string, Checked>();
  readonly onDidChangeTreeData = this.#changed.event;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher(experimentGlob);
    const touch = (uri: vscode.Uri) => {
      this.#checked.delete(uri.toString());
      this.#later();
    };
    this.#disposables.push(
      watcher,
      watcher.onDidCreate(touch),
      watcher.onDidChange(touch),
      watcher.onDidDelete(touch),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#later()),
    );
  }

  /** Looks at every file anew. */
  refresh(): void {
    this.#checked.clear();
    this.#changed.fire(undefined);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async getChildren(): Promise<ExperimentItem[]> {
    const files = await vscode.workspace.findFiles(experimentGlob, "**/node_modules/**", mostExperiments);
    const items = files.map((uri) => ({ uri, path: vscode.workspace.asRelativePath(uri) }));
    return items.sort((a, b) => a.path.localeCompare(b.path)).map(({ uri }) => ({ uri }));
  }

  async getTreeItem({ uri }: ExperimentItem): Promise<vscode.TreeItem> {
    const { problems, summary } = await this.#check(uri);
    const item = new vscode.TreeItem(uri);
    item.id = uri.toString();
    item.label = nameFromFile(uri.fsPath);
    item.command = { command: "vscode.open", title: "Open", arguments: [uri] };
    item.contextValue = summary === null ? "experiment-invalid" : "experiment-valid";
    const path = vscode.workspace.asRelativePath(uri);
    if (summary === null) {
      const errors = problems.filter(({ severity }) => severity === "error");
      item.description = errors.length === 1 ? "1 problem" : `${errors.length} problems`;
      item.iconPath = new vscode.ThemeIcon("error", new vscode.ThemeColor("list.errorForeground"));
      const shown = errors.slice(0, 10).map(({ line, message }) => `line ${line}: ${message}`);
      item.tooltip = [path, ...shown].join("\n");
    } else {
      item.description = summary;
      item.iconPath = new vscode.ThemeIcon("beaker");
      item.tooltip = [path, summary, ...problems.map(({ message }) => `⚠ ${message}`)].join("\n");
    }
    item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
    return item;
  }

  async #check(uri: vscode.Uri): Promise<Checked> {
    const key = uri.toString();
    const known = this.#checked.get(key);
    if (known) return known;
    const checked = await check(uri);
    this.#checked.set(key, checked);
    return checked;
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.fire(undefined), settleTime);
  }
}

async function check(uri: vscode.Uri): Promise<Checked> {
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const parsed = parseExperiment(text, uri.fsPath);
    if (!parsed.ok) return { problems: parsed.problems, summary: null };
    const { task, model } = parsed.experiment;
    return { problems: parsed.problems, summary: `${task.kind} · ${model.cell} · n = ${model.hidden}` };
  } catch (error) {
    const message = messageOf(error);
    const problem: Problem = {
      severity: "error",
      file: uri.fsPath,
      line: 0,
      column: 0,
      offset: 0,
      length: 0,
      path: [],
      message,
      found: null,
      allowed: null,
    };
    return { problems: [problem], summary: null };
  }
}
