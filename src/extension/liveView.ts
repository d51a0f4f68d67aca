/** The Live view in the bottom panel: the run of the panel in front, else the newest one in training, else the newest. */
import * as vscode from "vscode";
import { attachPanel, type PanelHost } from "./panelHost.ts";
import { activeRun, onDidChangeActiveRun } from "./pickRun.ts";
import { isLive } from "./runIndex.ts";
import type { Services } from "./services.ts";
import { pageHtml, webviewOptions } from "./webviewPage.ts";

const noRun =
  "There is no run in this workspace yet. “Sigmascope: New Experiment” writes an experiment file, and “Sigmascope: Train” runs it.";

export function registerLiveView(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    vscode.window.registerWebviewViewProvider("sigmascope.live", {
      resolveWebviewView(view) {
        const { webview } = view;
        webview.options = webviewOptions(context.extensionUri);
        const host = attachPanel({ webview, services, isVisible: () => view.visible });
        const show = () => showRun(host, services);
        const subscriptions = [
          host,
          services.runs.onDidChange(show),
          onDidChangeActiveRun(show),
          view.onDidChangeVisibility(show),
        ];
        view.onDidDispose(() => {
          for (const subscription of subscriptions) subscription.dispose();
        });
        webview.html = pageHtml(webview, context.extensionUri, { script: "live", title: "Sigmascope Live" });
        void services.runs.ready.then(show);
      },
    }),
  );
}

/** A run stays on show until another one is in front or begins: an ended run is not left for an older one. */
function showRun(host: PanelHost, { runs }: Services): void {
  const listed = runs.runs;
  const newestLive = listed.find(({ state }) => isLive(state));
  const stays = listed.find(({ directory }) => directory === host.run);
  const directory =
    activeRun() ??
    newestLive?.directory ??
    stays?.directory ??
    listed.find(({ record }) => record !== null)?.directory;
  host.show(directory, noRun);
}
