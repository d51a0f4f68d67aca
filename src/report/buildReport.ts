/** A report: one HTML file that shows runs in a browser, with nothing to fetch. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { builtFile } from "../builtFile.ts";
import type { ReportData } from "../protocol/reportData.ts";
import { type ReportRun, reportRun } from "./reportRun.ts";

export type { ReportRun } from "./reportRun.ts";

/** The page's own style comes with its script; this much keeps the page from flashing white before it runs. */
const style = `:root { color-scheme: light dark; background: #ffffff; }
@media (prefers-color-scheme: dark) { :root { background: #15181d; } }
body { margin: 0; font: 14px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }`;

/**
 * One self-contained HTML page: loss and metric, gradient norm by timestep, half-life and reach, singular values,
 * findings, and the numbers as a table, for one run or several overlaid. Rows are thinned to at most 400 a run, the
 * first and last always kept.
 * @throws Error when the page's script has not been built.
 */
export async function buildReport(
  runs: readonly ReportRun[],
  options: { readonly title: string },
): Promise<string> {
  return page({ title: options.title, created: new Date().toISOString(), runs: runs.map(reportRun) });
}

/** The page on data that were made before (by `reportRun`). @throws Error when the page's script has not been built. */
export function reportPage(data: ReportData): Promise<string> {
  return page(data);
}

/** The page without runs yet: an editor sends it data. @throws Error when the page's script has not been built. */
export function emptyReport(title: string): Promise<string> {
  return page({ title, created: new Date().toISOString(), runs: [] });
}

async function page(data: ReportData): Promise<string> {
  const script = (await readFile(builtFile("report.js"), "utf8")).trim();
  // Only this very script and style may run, and nothing may be fetched from anywhere.
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Sigmascope">
<title>${escapeHtml(data.title)}</title>
<style>${style}</style>
</head>
<body>
<main id="report"></main>
<noscript>This report draws itself with a script, which this browser has switched off.</noscript>
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** JSON that can stand in a script element: no end tag, no comment, no line separator of JavaScript. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
