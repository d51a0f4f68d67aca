/** Workspace Trust: an untrusted workspace can be looked at; nothing of it is run. */
import * as vscode from "vscode";

/**
 * Whether the workspace may run things; where it may not, the user is told why and offered to trust it.
 *
 * @param what is refused, as in "Training".
 */
export function mayRun(what: string): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Workspace Trust";
  const message = `${what} is not possible in an untrusted workspace: it would run programs on the workspace's files. Runs can be looked at, compared and exported.`;
  void vscode.window.showWarningMessage(message, manage).then((choice) => {
    if (choice === manage) void vscode.commands.executeCommand("workbench.trust.manage");
  });
  return false;
}
