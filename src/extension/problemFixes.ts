/** Quick fixes of problems whose message ends in "did you mean …?": writes what was meant. */
import * as vscode from "vscode";
import { parseExperiment } from "../experiment/parseExperiment.ts";

export function registerProblemFixes(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.languages.registerCodeActionsProvider(
      { pattern: "**/*.sigmascope.json" },
      { provideCodeActions: fixes },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  );
}

/** Checks the text anew: the problems that are shown may be those of a moment ago, at places that have moved. */
function fixes(
  document: vscode.TextDocument,
  range: vscode.Range,
  { diagnostics }: vscode.CodeActionContext,
): vscode.CodeAction[] {
  const { problems } = parseExperiment(document.getText(), vscode.workspace.asRelativePath(document.uri));
  return problems.flatMap(({ offset, length, message, meant }) => {
    const place = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
    if (meant === undefined || place.intersection(range) === undefined) return [];
    const fix = new vscode.CodeAction(`Change to ${meant}`, vscode.CodeActionKind.QuickFix);
    fix.edit = new vscode.WorkspaceEdit();
    fix.edit.replace(document.uri, place, meant);
    fix.diagnostics = diagnostics.filter((shown) => shown.message === message);
    fix.isPreferred = true;
    return [fix];
  });
}
