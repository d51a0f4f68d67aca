/** Commands on a run's files: Rename, Delete, Copy Run as Experiment, Reveal, Show Trainer Log. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import * as vscode from "vscode";
import { loadExperiment } from "../experiment/parseExperiment.ts";
import { formatProblems } from "../experiment/problem.ts";
import { runFile, slug } from "../runs/runDirectory.ts";
import { acquireRunLock, RunLockedError } from "../runs/runLock.ts";
import { liveState, readRunRecord, writeRunRecord } from "../runs/runRecord.ts";
import { copyText, fileName, freeName } from "./experimentText.ts";
import { pickRun, pickRuns } from "./pickRun.ts";
import { command, messageOf } from "./report.ts";
import { isLive } from "./runIndex.ts";
import type { Services } from "./services.ts";

export function registerRunFiles(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "renameRun", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Rename which run?" });
      if (directory !== undefined) await rename(services, directory);
    }),
    command(services, "deleteRun", async (target, selection) => {
      const filter = { placeHolder: "Delete which run?" };
      const directories = await pickRuns(services, target, selection, filter);
      if (directories.length > 0) await deleteRuns(services, directories);
    }),
    command(services, "copyRunAsExperiment", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Copy which run's experiment?" });
      if (directory !== undefined) await copyAsExperiment(services, directory);
    }),
    command(services, "revealRun", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Reveal which run's folder?" });
      if (directory !== undefined) await reveal(directory);
    }),
    command(services, "showLog", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Show which run's log?" });
      if (directory === undefined) return;
      const log = runFile(directory, "log");
      if (!existsSync(log)) throw new Error(`${directory} has no log: its trainer was never started`);
      await vscode.window.showTextDocument(vscode.Uri.file(log));
    }),
  );
}

async function rename(services: Services, directory: string): Promise<void> {
  const { name, state } = readRunRecord(directory);
  refuseLive(directory, "renamed");
  const next = await vscode.window.showInputBox({
    title: "Rename Run",
    prompt: "The name that is shown; the folder keeps its own",
    value: name,
    validateInput: (text) =>
      text.trim() === "" ? "Give the run a name." : text.length > 100 ? "At most 100 characters." : undefined,
  });
  if (next === undefined || next.trim() === name) return;
  // The lock keeps a trainer that resumes the run at this moment from writing the record as well.
  const lock = lockForRename(directory);
  try {
    const record = readRunRecord(directory);
    if (record.state !== state) throw new Error(`${name} has gone on meanwhile; it was not renamed`);
    writeRunRecord(directory, { ...record, name: next.trim() });
  } finally {
    lock.release();
  }
  await services.runs.refresh();
}

function lockForRename(directory: string) {
  try {
    return acquireRunLock(directory);
  } catch (error) {
    if (error instanceof RunLockedError)
      throw new Error(`${directory} is being trained; it can be renamed when it has ended`, { cause: error });
    throw error;
  }
}

function refuseLive(directory: string, what: string): void {
  const record = readRunRecord(directory);
  const state = liveState(record);
  if (isLive(state)) throw new Error(`${record.name} is ${state}; it can be ${what} when it has ended`);
}

async function deleteRuns(services: Services, directories: readonly string[]): Promise<void> {
  const listed = new Map(services.runs.runs.map((run) => [run.directory, run]));
  const live = directories.filter((directory) => isLive(listed.get(directory)?.state ?? null));
  if (live.length > 0) {
    const names = live.map((directory) => listed.get(directory)?.record?.name ?? directory).join(", ");
    throw new Error(`${names} cannot be deleted while being trained; stop the run first`);
  }
  let forGood: boolean | undefined;
  for (const directory of directories) {
    // Only what is known as a run, or looks like one, is ever deleted.
    if (!listed.has(directory) && !existsSync(runFile(directory, "record")))
      throw new Error(`${directory} is not a run`);
    const uri = vscode.Uri.file(directory);
    if (forGood === undefined) {
      try {
        await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: true });
        continue;
      } catch (error) {
        services.log.debug(messageOf(error));
        forGood = await mayDeleteForGood(
          directories.length - directories.indexOf(directory),
          listed.get(directory)?.record?.name,
        );
      }
    }
    if (!forGood) break;
    await vscode.workspace.fs.delete(uri, { recursive: true, useTrash: false });
  }
  await services.runs.refresh();
}

async function mayDeleteForGood(count: number, name: string | undefined): Promise<boolean> {
  const what = count === 1 ? `the run${name === undefined ? "" : ` “${name}”`}` : `${count} runs`;
  const yes = "Delete Permanently";
  const options = { modal: true, detail: "There is no bin here: this cannot be undone." };
  return (await vscode.window.showWarningMessage(`Delete ${what} permanently?`, options, yes)) === yes;
}

async function copyAsExperiment(services: Services, directory: string): Promise<void> {
  const record = readRunRecord(directory);
  const parsed = await loadExperiment(runFile(directory, "experiment"));
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems, null));
  // Beside the experiment that the run came from, paths to data in it stay right.
  const home = record.experimentFile === null ? undefined : dirname(record.experimentFile);
  const folder =
    home !== undefined && existsSync(home)
      ? vscode.Uri.file(home)
      : vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri;
  if (!folder) throw new Error("Open a folder first: the experiment is copied into it.");
  const taken = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name));
  const base = slug(record.name);
  const name = freeName(taken.has(fileName(base)) ? `${base}-copy` : base, taken);
  const text = copyText(
    parsed.experiment,
    `The experiment of the run ${record.id}, every default written out.`,
  );
  const uri = vscode.Uri.joinPath(folder, fileName(name));
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  services.log.info(`copied the experiment of ${directory} to ${uri.fsPath}`);
  await vscode.window.showTextDocument(uri);
}

/** In the system's file manager; in a browser or a remote window, which has none, in the explorer. */
async function reveal(directory: string): Promise<void> {
  const uri = vscode.Uri.file(directory);
  const local = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  if (local || !vscode.workspace.getWorkspaceFolder(uri))
    await vscode.commands.executeCommand("revealFileInOS", uri);
  else await vscode.commands.executeCommand("revealInExplorer", uri);
}
