/** Notifications of findings and of trainers that die, and the badge on the view container. */
import * as vscode from "vscode";
import { logEnd } from "../runs/logEnd.ts";
import { type News, NewsOfRuns } from "./newsOfRuns.ts";
import { onDidChangeActiveRun } from "./pickRun.ts";
import type { Services } from "./services.ts";

const storageKey = "toldNews";

export function registerNotifications(
  context: vscode.ExtensionContext,
  { runs }: Services,
  view: vscode.TreeView<unknown>,
): void {
  const news = new NewsOfRuns(context.workspaceState.get<string[]>(storageKey, []), new Date());
  /** Runs with a finding of severity error that nobody has looked at since. */
  const unseen = new Set<string>();
  const drawBadge = () => {
    const count = unseen.size;
    const tooltip = count === 1 ? "1 run with an error finding" : `${count} runs with an error finding`;
    view.badge = count === 0 ? undefined : { value: count, tooltip };
  };
  const see = (directory: string | undefined) => {
    if (directory !== undefined && unseen.delete(directory)) drawBadge();
  };
  const update = () => {
    const fresh = news.of(runs.runs);
    const failed = new Set(fresh.flatMap(({ kind, directory }) => (kind === "failed" ? [directory] : [])));
    for (const item of fresh) {
      if (item.kind === "finding" && item.finding.severity === "error") unseen.add(item.directory);
      // Of a run that has failed for it, a finding is not told a second time.
      if (item.kind !== "finding" || !failed.has(item.directory)) void notify(item);
    }
    const there = new Set(runs.runs.map(({ directory }) => directory));
    for (const directory of unseen) if (!there.has(directory)) unseen.delete(directory);
    drawBadge();
    if (fresh.length > 0) void context.workspaceState.update(storageKey, news.told(runs.runs));
  };
  context.subscriptions.push(
    runs.onDidChange(update),
    onDidChangeActiveRun(see),
    view.onDidChangeSelection(({ selection }) => {
      for (const item of selection) see((item as { directory?: string }).directory);
    }),
  );
}

async function notify(news: News): Promise<void> {
  const { directory, record } = news;
  const open = "Open Diagnostics";
  const resume = "Resume";
  const showLog = "Show Log";
  let choice: string | undefined;
  if (news.kind === "finding") {
    const message = `${record.name}: ${news.finding.title}`;
    choice = await (news.finding.severity === "error"
      ? vscode.window.showErrorMessage(message, open)
      : vscode.window.showWarningMessage(message, open));
  } else {
    const said = logEnd(directory, 1);
    const message =
      news.kind === "failed"
        ? `${record.name} failed at step ${record.step}: ${record.reason ?? (said || "the trainer gave no reason")}`
        : `${record.name} was interrupted at step ${record.step}: its trainer is gone${said === "" ? "" : `. Its log ends with: ${said}`}`;
    choice = await vscode.window.showErrorMessage(message, resume, showLog, open);
  }
  if (choice === open) await vscode.commands.executeCommand("sigmascope.openDiagnostics", directory);
  if (choice === resume) await vscode.commands.executeCommand("sigmascope.resumeInterrupted", directory);
  if (choice === showLog) await vscode.commands.executeCommand("sigmascope.showLog", directory);
}
