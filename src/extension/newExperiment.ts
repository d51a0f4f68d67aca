/** New Experiment: three questions and a name make a commented experiment file. */
import * as vscode from "vscode";
import type { CellName } from "../experiment/schema.ts";
import { uriOf } from "./experimentFile.ts";
import {
  cellsFor,
  experimentText,
  fileName,
  freeName,
  nameProblem,
  type TaskKind,
} from "./experimentText.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

const taskChoices: readonly Choice<TaskKind>[] = [
  {
    label: "Adding problem",
    description: "adding",
    detail: "Add the two marked numbers of a long sequence: the classic test of long memory",
    value: "adding",
  },
  {
    label: "Copy memory",
    description: "copy",
    detail: "Remember ten symbols over a long delay, then repeat them",
    value: "copy",
  },
  {
    label: "Handwritten digits",
    description: "digits",
    detail: "1,797 real images, read pixel by pixel",
    value: "digits",
  },
  {
    label: "MNIST pixel by pixel",
    description: "mnist",
    detail: "Handwritten digits as 784 timesteps; the command Get MNIST fetches them",
    value: "mnist",
  },
  {
    label: "Text",
    description: "text",
    detail: "Predict the next character, with state carried on; train.txt and test.txt",
    value: "text",
  },
  {
    label: "UCR time series",
    description: "ucr",
    detail: "A data set of the archive: NAME_TRAIN.tsv and NAME_TEST.tsv",
    value: "ucr",
  },
  {
    label: "Your own sequences",
    description: "csv",
    detail: "Labelled sequences from text files",
    value: "csv",
  },
  {
    label: "Deep net on MNIST",
    description: "deep",
    detail: "A feed-forward net of 30 layers on whole images: layers in place of timesteps",
    value: "deep",
  },
];

const cellChoices: readonly Choice<CellName>[] = [
  { label: "Spectral", description: "spectral", detail: "W = U diag(σ) Vᵀ, σ in a band", value: "spectral" },
  { label: "Vanilla", description: "rnn", detail: "W itself is the parameter", value: "rnn" },
  { label: "Orthogonal", description: "orthogonal", detail: "Every σ = 1", value: "orthogonal" },
  { label: "LSTM", description: "lstm", detail: "Gates and a memory cell", value: "lstm" },
  { label: "GRU", description: "gru", detail: "Gates", value: "gru" },
];

const sizeChoices: readonly Choice<number>[] = [
  { label: "64", description: "quick to train", value: 64 },
  { label: "128", description: "the usual of the examples", value: 128 },
  { label: "256", description: "slower, remembers more", value: 256 },
  { label: "512", description: "for powerful machines", value: 512 },
];

export function registerNewExperiment(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(command(services, "newExperiment", newExperiment));
}

async function newExperiment(target: unknown): Promise<vscode.Uri | undefined> {
  const folder = await folderFor(target);
  if (!folder) return undefined;
  const title = "New Experiment";
  const task = await ask(`${title} (1/4): task`, "What is to be learned?", taskChoices);
  if (!task) return undefined;
  const cells = cellsFor(task);
  const cell = await ask(
    `${title} (2/4): cell`,
    task === "deep" ? "Which layers?" : "Which recurrent cell?",
    cellChoices.filter(({ value }) => cells.includes(value)),
  );
  if (!cell) return undefined;
  const hidden = await ask(`${title} (3/4): size`, "Hidden size n", sizeChoices);
  if (!hidden) return undefined;
  const taken = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name));
  const proposal = freeName(`${task}-${cell === "rnn" ? "vanilla" : cell}`, taken);
  const name = await vscode.window.showInputBox({
    title: `${title} (4/4): name`,
    prompt: `Name of the file in ${vscode.workspace.asRelativePath(folder)}`,
    value: proposal,
    validateInput: (text) => nameProblem(text, taken),
  });
  if (name === undefined) return undefined;
  const uri = vscode.Uri.joinPath(folder, fileName(name));
  await vscode.workspace.fs.writeFile(uri, Buffer.from(experimentText({ task, cell, hidden })));
  await vscode.window.showTextDocument(uri);
  return uri;
}

async function ask<T>(
  title: string,
  placeHolder: string,
  choices: readonly Choice<T>[],
): Promise<T | undefined> {
  const options = { title, placeHolder, matchOnDescription: true, ignoreFocusOut: true };
  return (await vscode.window.showQuickPick(choices, options))?.value;
}

/** The folder that was right-clicked, that of the active experiment's workspace, or the one the user picks. */
async function folderFor(target: unknown): Promise<vscode.Uri | undefined> {
  const given = uriOf(target);
  if (given) return given;
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 1) return folders[0]!.uri;
  if (folders.length > 1)
    return (await vscode.window.showWorkspaceFolderPick({ placeHolder: "Folder of the experiment" }))?.uri;
  const open = "Open Folder";
  const choice = await vscode.window.showInformationMessage(
    "Open a folder first: experiments and their runs are kept in it.",
    open,
  );
  if (choice === open) await vscode.commands.executeCommand("workbench.action.files.openFolder");
  return undefined;
}
