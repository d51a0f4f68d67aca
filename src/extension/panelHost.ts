/** The extension's end of a page on one run: what the page asks is answered, what it commands is done. */
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import {
  colorMaps,
  type FromPanel,
  type PanelSettings,
  type RunCommand,
  type ToPanel,
} from "../protocol/panel.ts";
import { parseFromPanel } from "../protocol/parsePanel.ts";
import { readRunRecord } from "../runs/runRecord.ts";
import { applyRemedy } from "./applyRemedy.ts";
import { messageOf } from "./report.ts";
import type { OpenRun } from "./runDetails.ts";
import { saveExport } from "./saveExport.ts";
import type { Services } from "./services.ts";

export interface PanelHost extends vscode.Disposable {
  /** Turns the page to another run; undefined: to none, which `text` explains. */
  show(run: string | undefined, text?: string): void;
  readonly run: string | undefined;
}

export interface PanelHostOptions {
  readonly webview: vscode.Webview;
  readonly services: Services;
  readonly isVisible: () => boolean;
}

/**
 * Answers a page's messages until disposed. The page is told of news only while it is seen; call `show` with the same
 * run when it comes into sight again.
 */
export function attachPanel({ webview, services, isVisible }: PanelHostOptions): PanelHost {
  let run: string | undefined;
  let noRun = "";
  let open: OpenRun | undefined;
  let warm: OpenRun | undefined;
  let ready = false;
  /** The page knows which run it shows. */
  let introduced = false;

  const post = (message: ToPanel) => void webview.postMessage(message);

  function show(directory: string | undefined, text = ""): void {
    const same = directory !== undefined && open?.directory === directory;
    run = directory;
    noRun = text;
    // While the page is being loaded the run is read already.
    if (!ready && directory !== undefined && warm?.directory !== directory) {
      warm?.dispose();
      warm = services.details.open(directory, () => {});
    }
    if (!ready || !isVisible()) return;
    if (directory === undefined) {
      close();
      post({ type: "noRun", text: noRun });
      return;
    }
    if (same) return;
    close();
    open = services.details.open(directory, (news) => {
      if (!isVisible()) {
        // Whoever is not seen is not told, and begins anew when it is seen again.
        close();
        return;
      }
      if (introduced) post({ type: "news", news });
      else post({ type: "run", state: { run: directory }, settings: panelSettings(), news });
      introduced = true;
    });
    warm?.dispose();
    warm = undefined;
  }

  function close(): void {
    open?.dispose();
    open = undefined;
    introduced = false;
  }

  async function answer({ id, request }: Extract<FromPanel, { type: "ask" }>): Promise<void> {
    const asked = open;
    try {
      if (asked === undefined) throw new Error("there is no run to ask");
      post({ type: "answer", id, answer: await asked.ask(request) });
    } catch (error) {
      post({ type: "failed", id, reason: messageOf(error) });
    }
  }

  async function obey(message: FromPanel): Promise<void> {
    switch (message.type) {
      case "ready":
        ready = true;
        close();
        show(run, noRun);
        return;
      case "ask":
        return answer(message);
      case "command":
        if (run !== undefined) await command(message.command, run);
        return;
      case "remedy":
        if (run !== undefined) await applyRemedy(run, message);
        return;
      case "save":
        if (run !== undefined) await saveExport(run, message);
    }
  }

  const subscriptions = [
    webview.onDidReceiveMessage((value: unknown) => {
      const message = parseFromPanel(value);
      if (message === undefined) {
        services.log.warn("a panel sent a message that is none");
        return;
      }
      obey(message).catch((error: unknown) => {
        services.log.error(error instanceof Error ? error : String(error));
        void vscode.window.showErrorMessage(messageOf(error));
      });
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("sigmascope.colorMap"))
        post({ type: "settings", settings: panelSettings() });
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => post({ type: "settings", settings: panelSettings() })),
  ];
  return {
    show,
    get run() {
      return run;
    },
    dispose() {
      close();
      warm?.dispose();
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

/** The commands of a page bear the names of the extension's; the experiment file is opened here. */
async function command(name: RunCommand, run: string): Promise<void> {
  if (name === "openExperiment") await openExperiment(run);
  else await vscode.commands.executeCommand(`sigmascope.${name}`, run);
}

async function openExperiment(run: string): Promise<void> {
  const { experimentFile, name } = readRunRecord(run);
  if (experimentFile === null || !existsSync(experimentFile))
    throw new Error(
      `${experimentFile ?? `The experiment file of ${name}`} is not there any more; Copy Run as Experiment makes a new one`,
    );
  await vscode.window.showTextDocument(vscode.Uri.file(experimentFile), {
    viewColumn: vscode.ViewColumn.Beside,
  });
}

function panelSettings(): PanelSettings {
  const name = vscode.workspace.getConfiguration("sigmascope").get("colorMap", "viridis");
  return {
    colorMap: colorMaps.find((map) => map === name) ?? "viridis",
    mayTrain: vscode.workspace.isTrusted,
  };
}
