/** Edits of an experiment file: as one undoable change of the document, comments kept. */
import * as vscode from "vscode";
import type { Edit } from "../diagnostics/finding.ts";
import { applyEdits } from "../experiment/edits.ts";

/** The change that sets properties of an experiment file. @throws Error when the file is not JSON with comments. */
export function experimentEdit(document: vscode.TextDocument, edits: readonly Edit[]): vscode.WorkspaceEdit {
  const before = document.getText();
  const after = applyEdits(before, [...edits]);
  // Only what differs is replaced, so that cursors and folds elsewhere stay.
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const change = new vscode.WorkspaceEdit();
  if (before === after) return change;
  change.replace(
    document.uri,
    new vscode.Range(document.positionAt(start), document.positionAt(before.length - end)),
    after.slice(start, after.length - end),
  );
  return change;
}

/**
 * Sets properties of an experiment file, in the editor; the file is not saved.
 *
 * @throws Error when the file cannot be opened, or the editor refuses the change.
 */
export async function editExperiment(uri: vscode.Uri, edits: readonly Edit[]): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uri);
  const change = experimentEdit(document, edits);
  if (change.size > 0 && !(await vscode.workspace.applyEdit(change)))
    throw new Error(`${vscode.workspace.asRelativePath(uri)} cannot be changed: is it read-only?`);
  return document;
}
