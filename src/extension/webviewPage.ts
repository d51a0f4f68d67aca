/** The document of a web panel: one script of ours, nothing from anywhere else. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

export interface WebviewPage {
  /** Name of the bundle in dist/, without `.js`. */
  readonly script: string;
  readonly title: string;
}

/** What a webview may do: run scripts, and load what was built. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewPanelOptions & vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extensionUri, "dist")] };
}

/** The page, with an empty `<main id="page">` that its script fills. */
export function pageHtml(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  { script, title }: WebviewPage,
): string {
  const nonce = randomBytes(18).toString("base64");
  const source = webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", `${script}.js`));
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    // Pictures of plots for export are drawn from data of the page's own.
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
</head>
<body>
<main id="page" aria-busy="true"></main>
<script nonce="${nonce}" src="${source.toString()}"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
