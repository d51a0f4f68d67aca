/** Quick fixes of findings: apply the remedy, or apply it and train again. */
import * as vscode from "vscode";
import { experimentEdit } from "./editExperiment.ts";
import type { FindingDiagnostics, ShownFinding } from "./findingDiagnostics.ts";

const selector: vscode.DocumentSelector = { pattern: "**/*.sigmascope.json" };

export function registerQuickFixes(context: vscode.ExtensionContext, findings: FindingDiagnostics): void {
  context.subscriptions.push(
    vscode.languages.registerCodeActionsProvider(
      selector,
      {
        provideCodeActions: (document, range) =>
          findings
            .of(document.uri)
            .filter(({ diagnostic }) => diagnostic.range.intersection(range) !== undefined)
            .flatMap((shown) => actionsFor(document, shown)),
      },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  );
}

function actionsFor(
  document: vscode.TextDocument,
  { diagnostic, finding }: ShownFinding,
): vscode.CodeAction[] {
  const { edits } = finding.remedy;
  if (edits.length === 0) return [];
  const what = edits.map(({ path, value }) => `${path.join(".")} = ${JSON.stringify(value)}`).join(", ");
  let edit: vscode.WorkspaceEdit;
  try {
    edit = experimentEdit(document, edits);
  } catch {
    // A file with syntax errors cannot be edited; its own diagnostics say so.
    return [];
  }
  const apply = new vscode.CodeAction(`Apply remedy: ${what}`, vscode.CodeActionKind.QuickFix);
  apply.edit = edit;
  apply.diagnostics = [diagnostic];
  apply.isPreferred = true;
  if (!vscode.workspace.isTrusted) return [apply];
  const train = new vscode.CodeAction(`Fix and train again: ${what}`, vscode.CodeActionKind.QuickFix);
  train.diagnostics = [diagnostic];
  train.command = {
    command: "sigmascope.fixAndTrain",
    title: "Fix and Train Again",
    arguments: [document.uri, edits],
  };
  return [apply, train];
}
