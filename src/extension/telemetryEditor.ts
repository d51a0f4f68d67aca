/** The read-only editor of a run's `telemetry.arrows`: the Diagnostics page of its run. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { runFiles } from "../runs/runDirectory.ts";
import { showDiagnostics } from "./diagnosticsPanel.ts";
import type { Services } from "./services.ts";

export function registerTelemetryEditor(context: vscode.ExtensionContext, services: Services): void {
  const provider: vscode.CustomReadonlyEditorProvider = {
    openCustomDocument: (uri) => ({ uri, dispose() {} }),
    resolveCustomEditor({ uri }, panel) {
      const directory = dirname(uri.fsPath);
      if (uri.scheme === "file" && existsSync(join(directory, runFiles.record)))
        showDiagnostics(panel, directory, context.extensionUri, services);
      else
        panel.webview.html = explanation(
          `${uri.fsPath} is not in a run directory: there is no ${runFiles.record} beside it. ` +
            "It is an Apache Arrow stream, which other programs can read (docs/run-directory.md says what its columns mean).",
        );
    },
  };
  context.subscriptions.push(
    vscode.window.registerCustomEditorProvider("sigmascope.telemetry", provider, {
      supportsMultipleEditorsPerDocument: true,
    }),
  );
}

/** A page of text alone, which needs no script. */
function explanation(text: string): string {
  const escaped = text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>Sigmascope</title>
</head>
<body><p role="alert">${escaped}</p></body>
</html>
`;
}
