/** The Runs view: every run of the workspace, by experiment. */
import * as vscode from "vscode";
import { sortFindings } from "../diagnostics/severity.ts";
import type { RunState } from "../runs/run.ts";
import type { ListedRun } from "../runs/runList.ts";
import { command } from "./report.ts";
import { filterRuns, groupRuns, type RunGroup } from "./runGroups.ts";
import { isLive } from "./runIndex.ts";
import { describeRun, halfLifeText, runLabel, runTitle, startedAt, summarizeRun } from "./runText.ts";
import type { Services } from "./services.ts";

interface GroupItem {
  readonly kind: "group";
  group: RunGroup;
  children: RunItem[];
}

interface RunItem {
  readonly kind: "run";
  readonly directory: string;
  run: ListedRun;
  readonly parent: GroupItem;
}

type Item = GroupItem | RunItem;

const icons: Record<RunState, readonly [icon: string, color?: string]> = {
  starting: ["loading~spin"],
  running: ["sync~spin", "charts.blue"],
  paused: ["debug-pause", "charts.yellow"],
  finished: ["pass", "charts.green"],
  stopped: ["debug-stop", "disabledForeground"],
  failed: ["error", "list.errorForeground"],
  interrupted: ["debug-disconnect", "list.warningForeground"],
};

/** Groups beyond these are closed at first: a view of a thousand runs opens at once. */
const openGroups = 10;

export function registerRunsTree(
  context: vscode.ExtensionContext,
  services: Services,
): vscode.TreeView<Item> {
  const tree = new RunsTree(services);
  const view = vscode.window.createTreeView<Item>("sigmascope.runs", {
    treeDataProvider: tree,
    canSelectMany: true,
    showCollapseAll: true,
  });
  const setFilter = (filter: string) => {
    tree.filter = filter;
    view.description = filter === "" ? "" : `“${filter}”`;
    void vscode.commands.executeCommand("setContext", "sigmascope.runsFiltered", filter !== "");
  };
  context.subscriptions.push(
    view,
    tree,
    command(services, "filterRuns", async () => {
      const filter = await vscode.window.showInputBox({
        title: "Filter Runs",
        prompt: "Words from the name, state, cell or findings of a run; empty shows all",
        value: tree.filter,
      });
      if (filter !== undefined) setFilter(filter.trim());
    }),
    command(services, "clearRunFilter", () => setFilter("")),
  );
  return view;
}

class RunsTree implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  readonly #services: Services;
  readonly #changed = new vscode.EventEmitter<Item[] | undefined>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChangeTreeData = this.#changed.event;
  #filter = "";
  #groups: GroupItem[] = [];

  constructor(services: Services) {
    this.#services = services;
    this.#subscription = services.runs.onDidChange(() => this.#update());
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(filter: string) {
    this.#filter = filter;
    this.#update();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  async getChildren(item?: Item): Promise<Item[]> {
    if (item === undefined) {
      await this.#services.runs.ready;
      if (this.#groups.length === 0) this.#groups = this.#build();
      return this.#groups;
    }
    return item.kind === "group" ? item.children : [];
  }

  getParent(item: Item): Item | undefined {
    return item.kind === "run" ? item.parent : undefined;
  }

  getTreeItem(item: Item): vscode.TreeItem {
    return item.kind === "group" ? groupItem(item, this.#groups.indexOf(item)) : runItem(item);
  }

  /** Built when an item is hovered: a thousand tooltips are not made in advance. */
  resolveTreeItem(treeItem: vscode.TreeItem, item: Item): vscode.TreeItem {
    if (item.kind === "run") treeItem.tooltip = runTooltip(item.run);
    return treeItem;
  }

  #build(): GroupItem[] {
    const visible = filterRuns(this.#services.runs.runs, this.#filter);
    return groupRuns(visible).map((group) => {
      const item: GroupItem = { kind: "group", group, children: [] };
      item.children = group.runs.map((run) => ({ kind: "run", directory: run.directory, run, parent: item }));
      return item;
    });
  }

  /** Where the same runs stand in the same places, only those that changed are drawn again. */
  #update(): void {
    const next = this.#build();
    if (shapeOf(next) !== shapeOf(this.#groups)) {
      this.#groups = next;
      this.#changed.fire(undefined);
      return;
    }
    const changed: Item[] = [];
    for (const [index, group] of this.#groups.entries()) {
      group.group = next[index]!.group;
      for (const [place, item] of group.children.entries()) {
        const { run } = next[index]!.children[place]!;
        const differs = run !== item.run && faceOf(run) !== faceOf(item.run);
        item.run = run;
        if (differs) changed.push(item);
      }
    }
    if (changed.length > 0) this.#changed.fire(changed);
  }
}

function shapeOf(groups: readonly GroupItem[]): string {
  return groups
    .map(({ group, children }) => [group.key, ...children.map(({ directory }) => directory)].join("\n"))
    .join("\n\n");
}

/** Whatever of a run can be seen in the view. */
function faceOf(run: ListedRun): string {
  const findings = run.record?.findings.map(({ rule, severity }) => `${rule} ${severity}`) ?? [];
  return [runTitle(run), describeRun(run), run.error ?? "", ...findings].join("\n");
}

function groupItem({ group, children }: GroupItem, index: number): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(group.label, index < openGroups ? Expanded : Collapsed);
  item.id = `group:${group.key}`;
  item.description = children.length === 1 ? "1 run" : `${children.length} runs`;
  item.contextValue = "group";
  item.iconPath = new vscode.ThemeIcon(group.key === "unreadable" ? "warning" : "beaker");
  item.tooltip = group.experimentFile ?? group.label;
  return item;
}

function runItem({ run, parent }: RunItem): vscode.TreeItem {
  const item = new vscode.TreeItem(runLabel(run, parent.group.label));
  item.id = `run:${run.directory}`;
  item.contextValue = `run-${run.state === "starting" ? "running" : (run.state ?? "unreadable")}`;
  item.accessibilityInformation = { label: `${runTitle(run)}, ${describeRun(run)}` };
  if (run.record === null) {
    item.description = run.error;
    item.iconPath = new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
    item.tooltip = run.error;
    return item;
  }
  const [worst] = sortFindings(run.record.findings);
  item.description = worst ? `${summarizeRun(run)} · ⚠ ${worst.rule}` : summarizeRun(run);
  const [icon, color] = icons[run.state];
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.command = {
    command: "sigmascope.openDiagnostics",
    title: "Open Diagnostics",
    arguments: [run.directory],
  };
  return item;
}

function runTooltip(run: ListedRun): vscode.MarkdownString | string {
  if (run.record === null) return run.error;
  const { record, state } = run;
  const text = new vscode.MarkdownString();
  text.appendText(`${runTitle(run)}: ${state}`);
  const rows = [
    `Started ${startedAt(record)}`,
    describeRun(run),
    halfLifeText(record) === undefined
      ? ""
      : `Gradient going back ${record.profile === "layers" ? "through the layers" : "in time"} ${halfLifeText(record)}`,
    record.reach === null ? "" : `Reach ${record.reach} of ${record.length} ${record.profile ?? "timesteps"}`,
    record.sigma === null ? "" : `σ ${record.sigma.map((value) => value.toPrecision(3)).join(" … ")}`,
    record.engine.description,
    record.reason ?? "",
    ...sortFindings(record.findings).map(({ title }) => `⚠ ${title}`),
    isLive(state) ? "" : record.id,
  ];
  for (const row of rows.filter(Boolean)) text.appendMarkdown("\n\n").appendText(row);
  return text;
}
