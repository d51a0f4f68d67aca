/** Which experiment file a command means. */
import * as vscode from "vscode";
import { loadExperiment, type ParsedExperiment, parseExperiment } from "../experiment/parseExperiment.ts";

export const experimentGlob = "**/*.sigmascope.json";
/** Experiment files shown and searched at most. */
export const mostExperiments = 2000;

export function isExperimentFile(uri: vscode.Uri): boolean {
  return uri.path.endsWith(".sigmascope.json");
}

/**
 * The file that a command means: what it was given (an address, a path, a tree item), the experiment in the active
 * editor, the only one of the workspace, or what the user picks.
 */
export async function pickExperiment(
  argument: unknown,
  placeHolder: string,
): Promise<vscode.Uri | undefined> {
  const given = uriOf(argument);
  if (given) return given;
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active && isExperimentFile(active)) return active;
  const files = await vscode.workspace.findFiles(experimentGlob, "**/node_modules/**", mostExperiments);
  if (files.length === 0) {
    const create = "New Experiment";
    void vscode.window
      .showInformationMessage("There is no experiment file (*.sigmascope.json) in this workspace.", create)
      .then((choice) => {
        if (choice === create) void vscode.commands.executeCommand("sigmascope.newExperiment");
      });
    return undefined;
  }
  if (files.length === 1) return files[0];
  const items = files
    .map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }))
    .sort((a, b) => a.label.localeCompare(b.label));
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.uri;
}

/** An address from a command's argument. */
export function uriOf(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  if (typeof argument === "string" && argument !== "")
    return argument.startsWith("file:") ? vscode.Uri.parse(argument) : vscode.Uri.file(argument);
  if (typeof argument !== "object" || argument === null) return undefined;
  const { uri, scheme } = argument as { uri?: unknown; scheme?: unknown };
  if (uri instanceof vscode.Uri) return uri;
  // An address that came through a web panel or another extension host has lost its class.
  if (typeof scheme === "string") return vscode.Uri.from(argument as vscode.Uri);
  return undefined;
}

/**
 * Saves the file if it is being edited, and checks it as it is on the disk: that is what a run is started from, and an
 * editor may not yet have heard of a change by another program.
 */
export async function readExperimentFile(uri: vscode.Uri): Promise<ParsedExperiment> {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (document?.isDirty && !(await document.save()))
    throw new Error(`${vscode.workspace.asRelativePath(uri)} cannot be saved`);
  if (uri.scheme === "file") return loadExperiment(uri.fsPath);
  return parseExperiment((await vscode.workspace.openTextDocument(uri)).getText(), uri.path);
}

/** Says that a file cannot be run and why, and leads to the place. */
export async function showProblems(uri: vscode.Uri, parsed: ParsedExperiment & { ok: false }): Promise<void> {
  const errors = parsed.problems.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (!first) return;
  const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const show = "Show in File";
  const choice = await vscode.window.showErrorMessage(
    `${vscode.workspace.asRelativePath(uri)} cannot be run: ${first.message}${others}`,
    show,
  );
  if (choice !== show) return;
  const document = await vscode.workspace.openTextDocument(uri);
  const range = new vscode.Range(
    document.positionAt(first.offset),
    document.positionAt(first.offset + first.length),
  );
  await vscode.window.showTextDocument(document, { selection: range });
}
