/** Export: a run as an HTML report. */
import * as vscode from "vscode";
import { pickRun } from "./pickRun.ts";
import { command } from "./report.ts";
import { exportFolder, tellSaved } from "./saveExport.ts";
import type { Services } from "./services.ts";
import { writeWhole } from "./writeWhole.ts";

export function registerExportRun(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "exportRun", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Export which run?" });
      if (directory !== undefined) await exportReport(directory);
    }),
  );
}

async function exportReport(directory: string): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(vscode.Uri.file(exportFolder(directory)), "report.html"),
    filters: { "HTML report": ["html"] },
    title: "Export the run as an HTML report",
  });
  if (!target) return;
  const [{ openRun }, { buildReport }] = await Promise.all([
    import("../runs/store.ts"),
    import("../report/buildReport.ts"),
  ]);
  const run = await openRun(directory);
  const html = await buildReport([run], { title: run.record.name });
  await writeWhole(target, new TextEncoder().encode(html));
  void tellSaved(target);
}
