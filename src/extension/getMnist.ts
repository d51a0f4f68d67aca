/** Get MNIST: fetches the data set that the task mnist reads. */
import { mkdir, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { downloadMnist } from "./downloadMnist.ts";
import { isExperimentFile } from "./experimentFile.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";
import { mayRun } from "./trust.ts";

export function registerGetMnist(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "getMnist", async () => {
      if (!mayRun("Getting MNIST")) return;
      const proposed = proposedFolder();
      if (proposed === undefined)
        throw new Error("Open a folder first: MNIST is kept in data/mnist, beside the experiments.");
      const folder = await pickFolder(proposed);
      if (folder === undefined) return;
      const fetched = await fetchInto(folder);
      if (fetched === undefined) return;
      services.log.info(`MNIST: ${fetched} files fetched into ${folder}`);
      void vscode.window.showInformationMessage(
        fetched === 0
          ? `MNIST is in ${vscode.workspace.asRelativePath(folder)} already.`
          : `MNIST is in ${vscode.workspace.asRelativePath(folder)}: an experiment reads it with "task": { "kind": "mnist" }.`,
      );
    }),
  );
}

/** Where the task mnist looks by default: data/mnist beside the active experiment, or in the workspace folder. */
function proposedFolder(): string | undefined {
  const active = vscode.window.activeTextEditor?.document.uri;
  const beside =
    active?.scheme === "file" && isExperimentFile(active)
      ? dirname(active.fsPath)
      : vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
  return beside === undefined ? undefined : join(beside, "data", "mnist");
}

/** Lets the user confirm or change the folder. The dialog can show only one that is there, so it is made for it. */
async function pickFolder(proposed: string): Promise<string | undefined> {
  const made = await mkdir(proposed, { recursive: true });
  const picked = await vscode.window.showOpenDialog({
    title: "Folder for MNIST (four files, 11 MB)",
    openLabel: "Get MNIST",
    defaultUri: vscode.Uri.file(proposed),
    canSelectFiles: false,
    canSelectFolders: true,
  });
  const folder = picked?.[0]?.fsPath;
  if (folder !== proposed && made !== undefined) await removeEmpty(proposed, made);
  return folder;
}

/** Takes back the folders that were made, as far as nothing is in them. */
async function removeEmpty(from: string, upTo: string): Promise<void> {
  try {
    for (let folder = from; ; folder = dirname(folder)) {
      await rmdir(folder);
      if (folder === upTo || folder === dirname(folder)) return;
    }
  } catch {
    // Something is in it by now.
  }
}

/** @returns how many files came; undefined when the user cancelled. */
async function fetchInto(folder: string): Promise<number | undefined> {
  const address = vscode.workspace
    .getConfiguration("sigmascope", vscode.Uri.file(folder))
    .get("mnistAddress", "");
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: "Getting MNIST",
    cancellable: true,
  };
  return await vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    try {
      return await downloadMnist(address, folder, {
        signal: abort.signal,
        report: (message, increment) => progress.report({ message, increment }),
      });
    } catch (error) {
      if (abort.signal.aborted) return undefined;
      throw error;
    }
  });
}
