/** Compare Runs: the report's page on several runs, which is drawn anew with fresh data while one of them is trained. */
import * as vscode from "vscode";
import { isFromReportPage, type ToReportPage } from "../protocol/reportData.ts";
import { pickRuns } from "./pickRun.ts";
import { command, messageOf } from "./report.ts";
import type { Services } from "./services.ts";

/** Between two drawings of runs in training: the page is long, and drawing it costs some tens of milliseconds. */
const interval = 1000;
const fewest = 2;
const most = 8;

export function registerComparePanel(context: vscode.ExtensionContext, services: Services): void {
  const panels = new Map<string, vscode.WebviewPanel>();
  const attach = (panel: vscode.WebviewPanel, directories: readonly string[]) => {
    const key = directories.join("\n");
    panel.iconPath = vscode.Uri.joinPath(context.extensionUri, "media", "sigmascope.svg");
    panels.set(key, panel);
    show(panel, directories, services);
    panel.onDidDispose(() => {
      if (panels.get(key) === panel) panels.delete(key);
    });
  };
  const open = (directories: readonly string[]) => {
    const shown = panels.get(directories.join("\n"));
    if (shown) {
      shown.reveal();
      return;
    }
    const title = `Compare ${directories.length} runs`;
    attach(
      vscode.window.createWebviewPanel("sigmascope.compare", title, vscode.ViewColumn.Active, options),
      directories,
    );
  };
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer("sigmascope.compare", {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const directories = (state as { runs?: unknown } | undefined)?.runs;
        if (Array.isArray(directories) && directories.every((run) => typeof run === "string"))
          attach(panel, directories);
        else panel.dispose();
      },
    }),
    command(services, "compareRuns", async (target, selection) => {
      const isGiven = target !== undefined || selection !== undefined;
      const given = isGiven ? await pickRuns(services, target, selection) : [];
      const chosen = given.length >= fewest ? given : await pickOthers(services, given);
      if (chosen.length === 0) return;
      if (chosen.length < fewest || chosen.length > most)
        throw new RangeError(`${chosen.length} runs are chosen; compare ${fewest} to ${most}`);
      open(chosen);
    }),
    command(services, "compareLastTwo", async (target) => {
      const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
      await services.runs.ready;
      const runs = uri ? services.runs.runsOf(uri).slice(0, 2) : [];
      if (runs.length < 2) throw new RangeError("there are not yet two runs of this experiment to compare");
      open(runs.map(({ directory }) => directory));
    }),
  );
}

const options: vscode.WebviewPanelOptions & vscode.WebviewOptions = {
  enableScripts: true,
  // The page is one file: it loads nothing.
  localResourceRoots: [],
  enableFindWidget: true,
};

async function pickOthers(services: Services, given: readonly string[]): Promise<readonly string[]> {
  await services.runs.ready;
  const picked = await vscode.window.showQuickPick(
    services.runs.runs.map(({ id, directory, state }) => ({
      label: id,
      description: state ?? "unreadable",
      directory,
      picked: given.includes(directory),
    })),
    { canPickMany: true, placeHolder: `Compare which runs? Choose ${fewest} to ${most}` },
  );
  return picked?.map(({ directory }) => directory) ?? [];
}

/** Fills a panel with a comparison, for as long as the panel lives. */
function show(panel: vscode.WebviewPanel, directories: readonly string[], services: Services): void {
  const { webview } = panel;
  let ready = false;
  let drawing = false;
  let stale = true;
  let timer: NodeJS.Timeout | undefined;

  /** Draws soon; not while a drawing is under way, nor while nobody sees it. */
  const news = () => {
    stale = true;
    if (ready && !drawing && timer === undefined && panel.visible) void draw();
  };
  const draw = async () => {
    drawing = true;
    stale = false;
    await webview.postMessage(await messageOn(directories, services));
    drawing = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (stale) news();
    }, interval);
  };
  const opened = directories.map((directory) => services.details.open(directory, news));
  webview.onDidReceiveMessage((message: unknown) => {
    if (!isFromReportPage(message)) return;
    ready = true;
    news();
  });
  panel.onDidChangeViewState(() => {
    if (panel.visible) news();
  });
  panel.onDidDispose(() => {
    clearTimeout(timer);
    for (const run of opened) run.dispose();
  });
  import("../report/buildReport.ts")
    .then(({ emptyReport }) => emptyReport(panel.title))
    .then((html) => {
      webview.html = html;
    })
    .catch((error: unknown) => {
      services.log.error(error instanceof Error ? error : String(error));
      void vscode.window.showErrorMessage(messageOf(error));
    });
}

async function messageOn(directories: readonly string[], { details, log }: Services): Promise<ToReportPage> {
  const state = { runs: [...directories] };
  try {
    const data = await details.report(directories);
    return { type: "report", data: { ...data, title: `Compare ${data.title}` }, state };
  } catch (error) {
    const text = messageOf(error);
    log.error(text);
    return { type: "problem", text, state };
  }
}
