/** The status-bar item: what is being trained, and how far it is. */
import * as vscode from "vscode";
import type { RunRecord, RunState } from "../runs/run.ts";
import type { ListedRun } from "../runs/runList.ts";
import { isLive } from "./runIndex.ts";
import { describeRun, progressOf, runTitle, timeLeft } from "./runText.ts";
import type { Services } from "./services.ts";

type LiveRun = ListedRun & { readonly record: RunRecord; readonly state: RunState };

export function registerStatusBar(context: vscode.ExtensionContext, { runs }: Services): void {
  const item = vscode.window.createStatusBarItem("sigmascope.progress", vscode.StatusBarAlignment.Left, 10);
  item.name = "Sigmascope";
  const setContext = contextKeys();
  const update = () => {
    const live = runs.runs.filter((run): run is LiveRun => run.record !== null && isLive(run.state));
    setContext("hasLiveRun", live.length > 0);
    setContext("hasRuns", runs.runs.length > 0);
    const [first] = live;
    if (first === undefined) return item.hide();
    const paused = live.every(({ state }) => state === "paused");
    const icon = paused ? "$(debug-pause)" : "$(sync~spin)";
    const share = live.reduce((sum, { record }) => sum + progressOf(record), 0) / live.length;
    const percent = `${Math.floor(100 * share)} %`;
    const left = live.length === 1 && !paused ? timeLeft(first.record) : undefined;
    const what = live.length === 1 ? runTitle(first) : `${live.length} runs`;
    item.text = [`${icon} ${what} ${percent}`, left].filter(Boolean).join(" · ");
    item.accessibilityInformation = {
      label: `Sigmascope: ${what} ${paused ? "paused" : "training"}, ${percent}${left ? `, ${left}` : ""}`,
    };
    item.tooltip = tooltip(live);
    item.command =
      live.length === 1
        ? { command: "sigmascope.openDiagnostics", title: "Open Diagnostics", arguments: [first.directory] }
        : { command: "sigmascope.runs.focus", title: "Show Runs" };
    item.show();
  };
  context.subscriptions.push(item, runs.onDidChange(update));
  update();
}

function tooltip(live: readonly LiveRun[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const run of live.slice(0, 10))
    text.appendText(`${runTitle(run)}: ${describeRun(run)}`).appendMarkdown("\n\n");
  if (live.length > 10) text.appendText(`… and ${live.length - 10} more`);
  return text;
}

/** Sets context keys for `when` clauses; a value that is set already is not sent again. */
function contextKeys(): (key: string, value: boolean) => void {
  const known = new Map<string, boolean>();
  return (key, value) => {
    if (known.get(key) === value) return;
    known.set(key, value);
    void vscode.commands.executeCommand("setContext", `sigmascope.${key}`, value);
  };
}
