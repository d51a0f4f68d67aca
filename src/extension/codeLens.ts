/** Above an experiment: train it, open its newest run, that run's result, compare the last two. */
import * as vscode from "vscode";
import type { ListedRun } from "../runs/runList.ts";
import { lensText } from "./runText.ts";
import type { Services } from "./services.ts";

export function registerCodeLens(context: vscode.ExtensionContext, services: Services): void {
  const changed = new vscode.EventEmitter<void>();
  let face = "";
  context.subscriptions.push(
    changed,
    services.runs.onDidChange(() => {
      // A live run changes several times a second; a lens is drawn anew when its text would be another.
      const next = services.runs.runs.map((run) => `${run.id} ${lensText(run)}`).join("\n");
      if (next === face) return;
      face = next;
      changed.fire();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()),
    vscode.languages.registerCodeLensProvider(
      { pattern: "**/*.sigmascope.json" },
      {
        onDidChangeCodeLenses: changed.event,
        provideCodeLenses: async (document) => {
          await services.runs.ready;
          return lenses(document, services.runs.runsOf(document.uri));
        },
      },
    ),
  );
}

function lenses({ uri }: vscode.TextDocument, runs: readonly ListedRun[]): vscode.CodeLens[] {
  const top = new vscode.Range(0, 0, 0, 0);
  const lens = (title: string, id: string, argument: unknown, tooltip?: string) =>
    new vscode.CodeLens(top, {
      title,
      command: `sigmascope.${id}`,
      arguments: [argument],
      ...(tooltip === undefined ? {} : { tooltip }),
    });
  const made: vscode.CodeLens[] = [];
  if (vscode.workspace.isTrusted) made.push(lens("$(play) Train", "train", uri));
  const [newest] = runs;
  if (newest !== undefined) {
    made.push(
      lens("$(graph-line) Open diagnostics", "openDiagnostics", newest.directory, newest.id),
      lens(lensText(newest), "showFindings", newest.directory, "The newest run: show its findings"),
    );
  }
  if (runs.length > 1) made.push(lens("$(diff) Compare the last two runs", "compareLastTwo", uri));
  return made;
}
