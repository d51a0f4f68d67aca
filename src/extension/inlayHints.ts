/** Behind the cell of an experiment: what its newest run's gradients and singular values did. */
import * as vscode from "vscode";
import { locate } from "../experiment/locate.ts";
import { hintText } from "./runText.ts";
import type { Services } from "./services.ts";

/** Hints move the text beside them, and must not flicker while a run is trained. */
const interval = 1000;

export function registerInlayHints(context: vscode.ExtensionContext, services: Services): void {
  const changed = new vscode.EventEmitter<void>();
  let timer: NodeJS.Timeout | undefined;
  context.subscriptions.push(
    changed,
    services.runs.onDidChange(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        changed.fire();
      }, interval);
    }),
    new vscode.Disposable(() => clearTimeout(timer)),
    vscode.languages.registerInlayHintsProvider(
      { pattern: "**/*.sigmascope.json" },
      {
        onDidChangeInlayHints: changed.event,
        provideInlayHints: async (document, visible) => {
          await services.runs.ready;
          const record = services.runs.runsOf(document.uri)[0]?.record;
          const place = locate(document.getText(), ["model", "cell"])?.value;
          const text = record ? hintText(record) : undefined;
          if (!place || text === undefined) return [];
          const at = document.positionAt(place.offset + place.length);
          if (!visible.contains(at)) return [];
          const hint = new vscode.InlayHint(at, text);
          hint.paddingLeft = true;
          hint.tooltip = `The newest run, ${record!.name} (${record!.cell}), at step ${record!.step}`;
          return [hint];
        },
      },
    ),
  );
}
