/** Show Findings: what is wrong with a run, and a way to the property to change. */
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import type { Finding, Severity } from "../diagnostics/finding.ts";
import { sortFindings } from "../diagnostics/severity.ts";
import { locateNearest } from "../experiment/locate.ts";
import type { RunRecord } from "../runs/run.ts";
import { readRunRecord } from "../runs/runRecord.ts";
import { pickRun } from "./pickRun.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";

const icons: Record<Severity, string> = {
  error: "$(error)",
  warning: "$(warning)",
  information: "$(info)",
};

export function registerShowFindings(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "showFindings", async (target) => {
      const directory = await pickRun(services, target, { placeHolder: "Show the findings of which run?" });
      if (directory === undefined) return;
      const record = readRunRecord(directory);
      const findings = sortFindings(record.findings);
      if (findings.length === 0) {
        const when = record.step === 0 ? "has not begun" : `has no findings at step ${record.step}`;
        void vscode.window.showInformationMessage(`${record.name} ${when}.`);
        return;
      }
      const items = findings.map((finding) => ({
        label: `${icons[finding.severity]} ${finding.title}`,
        description: `since step ${finding.sinceStep}`,
        detail: `${finding.evidence} ${finding.remedy.text}`,
        finding,
      }));
      const placeHolder = `Findings of ${record.name}: pick one to see the property it points at`;
      const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true });
      if (picked) await showProperty(directory, record, picked.finding);
    }),
  );
}

/** Opens the experiment file at the property; the panel where the file is gone. */
async function showProperty(directory: string, record: RunRecord, finding: Finding): Promise<void> {
  if (record.experimentFile === null || !existsSync(record.experimentFile)) {
    await vscode.commands.executeCommand("sigmascope.openDiagnostics", directory);
    return;
  }
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(record.experimentFile));
  const place = locateNearest(document.getText(), [...finding.property])?.value;
  const selection =
    place &&
    new vscode.Range(document.positionAt(place.offset), document.positionAt(place.offset + place.length));
  await vscode.window.showTextDocument(document, selection ? { selection } : {});
}
