/** Export: a run as an HTML report or as tables of its numbers; single plots are saved from the Diagnostics panel. */
import { basename, join } from "node:path";
import * as vscode from "vscode";
import type { ExportTable } from "../detail/exportTables.ts";
import { pickRun } from "./pickRun.ts";
import { command } from "./report.ts";
import { exportFolder, tellSaved } from "./saveExport.ts";
import type { Services } from "./services.ts";
import { writeWhole } from "./writeWhole.ts";

interface Choice extends vscode.QuickPickItem {
  readonly what: "report" | "plots" | ExportTable;
}

const choices: readonly Choice[] = [
  { what: "report", label: "$(file-code) HTML report", detail: "One file with every plot, for a browser" },
  {
    what: "steps",
    label: "$(table) Steps as CSV",
    detail: "A line a recorded step: loss, metric, norms, half-life, reach, σ, update ratios",
  },
  {
    what: "gradient",
    label: "$(table) Gradient by timestep as CSV",
    detail:
      "A line for each step, layer and timestep: ‖∂L/∂h‖ as 10th, 50th, 90th percentile, and saturation",
  },
  {
    what: "singularValues",
    label: "$(table) Singular values as CSV",
    detail: "A line for each step, layer, matrix and rank",
  },
  {
    what: "plots",
    label: "$(graph-line) Plots as PNG, SVG or CSV",
    detail: "Opens the Diagnostics panel, where every plot has these buttons",
  },
];

export function registerExportRun(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "exportRun", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Export which run?" });
      if (directory === undefined) return;
      const chosen = await vscode.window.showQuickPick(choices, { placeHolder: "Export what?" });
      if (chosen === undefined) return;
      if (chosen.what === "plots")
        await vscode.commands.executeCommand("sigmascope.openDiagnostics", directory);
      else if (chosen.what === "report") await exportReport(services, directory);
      else await exportTable(services, directory, chosen.what);
    }),
  );
}

async function exportReport({ details }: Services, directory: string): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(join(exportFolder(directory), `${basename(directory)}.html`)),
    filters: { "HTML report": ["html"] },
    title: "Export the run as an HTML report",
  });
  if (!target) return;
  const { reportPage } = await import("../report/buildReport.ts");
  const html = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Writing ${basename(target.fsPath)}` },
    async () => reportPage(await details.report([directory])),
  );
  await writeWhole(target, new TextEncoder().encode(html));
  void tellSaved(target);
}

async function exportTable({ details }: Services, directory: string, table: ExportTable): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(join(exportFolder(directory), `${basename(directory)}-${table}.csv`)),
    filters: { "Comma-separated values": ["csv"] },
    title: "Export the run's numbers",
  });
  if (!target) return;
  if (target.scheme !== "file") throw new Error(`${target.toString()} is not a file on a disk`);
  const written = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Writing ${basename(target.fsPath)}`,
      cancellable: true,
    },
    async (progress, token) => {
      let shown = 0;
      const told = (share: number) => {
        progress.report({ increment: 100 * (share - shown) });
        shown = share;
      };
      try {
        await details.exportTable(directory, table, target.fsPath, told, token);
        return true;
      } catch (error) {
        if (token.isCancellationRequested) return false;
        throw error;
      }
    },
  );
  if (written) void tellSaved(target);
}
