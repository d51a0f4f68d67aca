/** Open Diagnostics: the panel on one run, an editor tab that is restored after a reload of the window. */
import { basename } from "node:path";
import * as vscode from "vscode";
import { attachPanel } from "./panelHost.ts";
import { activeRun, pickRun, setActiveRun } from "./pickRun.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";
import { pageHtml, webviewOptions } from "./webviewPage.ts";

export const diagnosticsViewType = "sigmascope.diagnostics";

export function registerDiagnosticsPanel(context: vscode.ExtensionContext, services: Services): void {
  const panels = new Map<string, vscode.WebviewPanel>();
  const attach = (panel: vscode.WebviewPanel, directory: string) => {
    panels.set(directory, panel);
    showDiagnostics(panel, directory, context.extensionUri, services);
    panel.onDidDispose(() => {
      if (panels.get(directory) === panel) panels.delete(directory);
    });
  };
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer(diagnosticsViewType, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        const run = (state as { run?: unknown } | undefined)?.run;
        if (typeof run === "string") attach(panel, run);
        else panel.dispose();
      },
    }),
    command(services, "openDiagnostics", async (target) => {
      const directory = await pickRun(services, target, {
        placeHolder: "Open the diagnostics of which run?",
      });
      if (directory === undefined) return;
      const shown = panels.get(directory);
      if (shown) {
        shown.reveal();
        return;
      }
      const panel = vscode.window.createWebviewPanel(
        diagnosticsViewType,
        `Diagnostics: ${basename(directory)}`,
        vscode.ViewColumn.Active,
        webviewOptions(context.extensionUri),
      );
      attach(panel, directory);
    }),
  );
}

/** Fills an editor's panel with the diagnostics of a run, for as long as the panel lives. */
export function showDiagnostics(
  panel: vscode.WebviewPanel,
  directory: string,
  extensionUri: vscode.Uri,
  services: Services,
): void {
  panel.iconPath = vscode.Uri.joinPath(extensionUri, "media", "sigmascope.svg");
  panel.webview.options = webviewOptions(extensionUri);
  const host = attachPanel({
    webview: panel.webview,
    services,
    isVisible: () => panel.visible,
  });
  const focus = () => {
    if (panel.active) setActiveRun(directory);
    else if (activeRun() === directory) setActiveRun(undefined);
  };
  panel.onDidChangeViewState(() => {
    focus();
    if (panel.visible) host.show(directory);
  });
  panel.onDidDispose(() => {
    host.dispose();
    if (activeRun() === directory) setActiveRun(undefined);
  });
  focus();
  host.show(directory);
  panel.webview.html = pageHtml(panel.webview, extensionUri, { script: "diagnostics", title: panel.title });
}
