/** Saves what a panel exports of a plot where the user says. */
import { basename, join } from "node:path";
import * as vscode from "vscode";
import { writeWhole } from "./writeWhole.ts";

export interface PlotExport {
  /** Name of the plot, for the file's. */
  readonly name: string;
  readonly format: "png" | "svg" | "csv";
  readonly content: Uint8Array | string;
}

const formats = { png: "PNG picture", svg: "SVG picture", csv: "Comma-separated values" } as const;

/**
 * @param directory the run's.
 * @throws Error that names the file when it cannot be written.
 */
export async function saveExport(directory: string, { name, format, content }: PlotExport): Promise<void> {
  const file = `${basename(directory)}-${fileName(name)}.${format}`;
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(join(exportFolder(directory), file)),
    filters: { [formats[format]]: [format] },
    title: `Save ${name} as ${format.toUpperCase()}`,
  });
  if (!target) return;
  await writeWhole(target, typeof content === "string" ? new TextEncoder().encode(content) : content);
  void tellSaved(target);
}

/** Where exports are proposed to go: the workspace's folder; beside the run where there is none. */
export function exportFolder(directory: string): string {
  const folder =
    vscode.workspace.getWorkspaceFolder(vscode.Uri.file(directory)) ?? vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.scheme === "file" ? folder.uri.fsPath : directory;
}

/** Says where the file is, and leads there. */
export async function tellSaved(target: vscode.Uri): Promise<void> {
  const open = "Open";
  const choice = await vscode.window.showInformationMessage(
    `Saved ${vscode.workspace.asRelativePath(target)}.`,
    open,
  );
  if (choice === open) await vscode.commands.executeCommand("vscode.open", target);
}

/** What every file system takes as a name. */
function fileName(name: string): string {
  return (
    name
      .normalize("NFKD")
      .replace(/[^\w.-]+/g, "-")
      .replace(/^[-.]+|[-.]+$/g, "")
      .slice(0, 60) || "plot"
  );
}
