/**
 * Panels on runs: Open Diagnostics on one, Compare Runs on several. Both show the report's page, which is drawn anew
 * with fresh data while a run is trained.
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import type { FromReportPage, ReportData, ToReportPage } from "../protocol/reportData.ts";
import { activeRun, pickRun, pickRuns, setActiveRun } from "./pickRun.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";

type Kind = "diagnostics" | "compare";

/** Between two drawings of a run in training: the page is long, and drawing it costs some tens of milliseconds. */
const interval = 1000;
const fewest = 2;
const most = 8;

export function registerRunPanels(context: vscode.ExtensionContext, services: Services): void {
  const panels = new Map<string, RunPanel>();
  const open = (kind: Kind, directories: readonly string[]) => {
    const key = `${kind} ${directories.join(" ")}`;
    const shown = panels.get(key);
    if (shown) return shown.reveal();
    const panel = vscode.window.createWebviewPanel(
      `sigmascope.${kind}`,
      titleOf(kind, directories),
      vscode.ViewColumn.Active,
      options,
    );
    attach(panel, kind, directories);
  };
  const attach = (panel: vscode.WebviewPanel, kind: Kind, directories: readonly string[]) => {
    const key = `${kind} ${directories.join(" ")}`;
    panel.iconPath = vscode.Uri.joinPath(context.extensionUri, "media", "sigmascope.svg");
    panels.set(key, new RunPanel(panel, kind, directories, services));
    panel.onDidDispose(() => panels.delete(key));
  };
  const restore = (kind: Kind): vscode.WebviewPanelSerializer => ({
    deserializeWebviewPanel: async (panel, state: unknown) => {
      const directories = (state as { runs?: unknown } | undefined)?.runs;
      if (Array.isArray(directories) && directories.every((run) => typeof run === "string"))
        attach(panel, kind, directories);
      else panel.dispose();
    },
  });
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer("sigmascope.diagnostics", restore("diagnostics")),
    vscode.window.registerWebviewPanelSerializer("sigmascope.compare", restore("compare")),
    command(services, "openDiagnostics", async (target) => {
      const directory = await pickRun(services, target, {
        placeHolder: "Open the diagnostics of which run?",
      });
      if (directory !== undefined) open("diagnostics", [directory]);
    }),
    command(services, "compareRuns", async (target, selection) => {
      const given = await pickRuns(services, target, selection, { placeHolder: "Compare which run?" });
      const chosen = given.length >= fewest ? given : await pickOthers(services, given);
      if (chosen.length === 0) return;
      if (chosen.length < fewest || chosen.length > most)
        throw new RangeError(`${chosen.length} runs are chosen; compare ${fewest} to ${most}`);
      open("compare", chosen);
    }),
    command(services, "compareLastTwo", async (target) => {
      const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
      const runs = uri ? services.runs.runsOf(uri).slice(0, 2) : [];
      if (runs.length < 2) throw new RangeError("there are not yet two runs of this experiment to compare");
      open(
        "compare",
        runs.map(({ directory }) => directory),
      );
    }),
    command(services, "exportRun", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Export which run?" });
      if (directory !== undefined) await exportReport(directory);
    }),
  );
}

const options: vscode.WebviewPanelOptions & vscode.WebviewOptions = {
  enableScripts: true,
  // The page is one file: it loads nothing.
  localResourceRoots: [],
  enableFindWidget: true,
};

function titleOf(kind: Kind, directories: readonly string[]): string {
  const [first = ""] = directories;
  return kind === "diagnostics" ? `Diagnostics: ${basename(first)}` : `Compare ${directories.length} runs`;
}

async function pickOthers(services: Services, given: readonly string[]): Promise<readonly string[]> {
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

/** Reads runs whole. Apache Arrow is loaded only now that a run is looked at. */
async function reportOf(kind: Kind, directories: readonly string[]): Promise<ReportData> {
  const [{ openRun }, { reportRun }] = await Promise.all([
    import("../runs/store.ts"),
    import("../report/reportRun.ts"),
  ]);
  const runs = await Promise.all(directories.map((directory) => openRun(directory)));
  const names = runs.map(({ record }) => record.name).join(" · ");
  return {
    title: kind === "diagnostics" ? names : `Compare ${names}`,
    created: new Date().toISOString(),
    runs: runs.map(reportRun),
  };
}

async function exportReport(directory: string): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(vscode.Uri.file(directory), "report.html"),
    filters: { "HTML report": ["html"] },
    title: "Export the run as an HTML report",
  });
  if (!target) return;
  const [{ openRun }, { buildReport }] = await Promise.all([
    import("../runs/store.ts"),
    import("../report/buildReport.ts"),
  ]);
  const run = await openRun(directory);
  await vscode.workspace.fs.writeFile(
    target,
    new TextEncoder().encode(await buildReport([run], { title: run.record.name })),
  );
  void vscode.window.showInformationMessage(`The report is in ${target.fsPath}.`);
}

class RunPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #kind: Kind;
  readonly #directories: readonly string[];
  readonly #services: Services;
  #ready = false;
  #drawing = false;
  #stale = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(panel: vscode.WebviewPanel, kind: Kind, directories: readonly string[], services: Services) {
    this.#panel = panel;
    this.#kind = kind;
    this.#directories = directories;
    this.#services = services;
    const follows = directories.map((directory) => services.runs.follow(directory, () => this.#news()));
    panel.webview.onDidReceiveMessage((message: FromReportPage) => {
      if (message?.type !== "ready") return;
      this.#ready = true;
      this.#news();
    });
    panel.onDidChangeViewState(() => {
      this.#focus();
      if (panel.visible) this.#news();
    });
    panel.onDidDispose(() => {
      clearTimeout(this.#timer);
      for (const follow of follows) follow.dispose();
      if (activeRun() === directories[0]) setActiveRun(undefined);
    });
    this.#focus();
    void this.#begin();
  }

  reveal(): void {
    this.#panel.reveal();
  }

  #focus(): void {
    if (this.#kind !== "diagnostics") return;
    const [directory] = this.#directories;
    if (this.#panel.active) setActiveRun(directory);
    else if (activeRun() === directory) setActiveRun(undefined);
  }

  async #begin(): Promise<void> {
    const { emptyReport } = await import("../report/buildReport.ts");
    this.#panel.webview.html = await emptyReport(this.#panel.title);
  }

  /** Draws soon; not while a drawing is under way, nor while nobody sees it. */
  #news(): void {
    this.#stale = true;
    if (!this.#ready || this.#drawing || this.#timer !== undefined || !this.#panel.visible) return;
    void this.#draw();
  }

  async #draw(): Promise<void> {
    this.#drawing = true;
    this.#stale = false;
    try {
      const data = await reportOf(this.#kind, this.#directories);
      const message: ToReportPage = { type: "report", data, state: { runs: [...this.#directories] } };
      await this.#panel.webview.postMessage(message);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#services.log.error(reason);
      const message: ToReportPage = {
        type: "problem",
        text: reason,
        state: { runs: [...this.#directories] },
      };
      await this.#panel.webview.postMessage(message);
    } finally {
      this.#drawing = false;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (this.#stale) this.#news();
      }, interval);
    }
  }
}
