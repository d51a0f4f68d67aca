/** Findings of an experiment's newest run, as warnings on the properties that they point at. */
import * as vscode from "vscode";
import type { Finding, Severity } from "../diagnostics/finding.ts";
import { locateNearest } from "../experiment/locate.ts";
import { parseExperiment } from "../experiment/parseExperiment.ts";
import type { Experiment } from "../experiment/schema.ts";
import { readExperiment } from "../runs/experimentOfRun.ts";
import { isExperimentFile } from "./experimentFile.ts";
import type { Services } from "./services.ts";
import { standingFindings } from "./standingFindings.ts";

/** A warning in the file, with the finding behind it. */
export interface ShownFinding {
  readonly diagnostic: vscode.Diagnostic;
  readonly finding: Finding;
}

export interface FindingDiagnostics {
  /** What is shown in a document now. */
  of(uri: vscode.Uri): readonly ShownFinding[];
}

const severities: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};
const settleTime = 150;

export function registerFindingDiagnostics(
  context: vscode.ExtensionContext,
  services: Services,
): FindingDiagnostics {
  const collection = vscode.languages.createDiagnosticCollection("sigmascope-findings");
  const shown = new Map<string, readonly ShownFinding[]>();
  /** Experiments of runs do not change. */
  const ran = new Map<string, Experiment | null>();
  /** The newest look at each document: one that had to wait for a file must not undo what came after it. */
  const looks = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  async function experimentOf(directory: string): Promise<Experiment | null> {
    const known = ran.get(directory);
    if (known !== undefined) return known;
    const experiment = await readExperiment(directory).catch(() => null);
    if (experiment !== null) ran.set(directory, experiment);
    return experiment;
  }

  async function show(document: vscode.TextDocument): Promise<void> {
    const key = document.uri.toString();
    const look = (looks.get(key) ?? 0) + 1;
    looks.set(key, look);
    const [newest] = services.runs.runsOf(document.uri);
    const findings = newest?.record?.findings ?? [];
    const experiment = findings.length === 0 ? null : await experimentOf(newest!.directory);
    if (document.isClosed || looks.get(key) !== look) return;
    const text = document.getText();
    const standing = standingFindings(findings, experiment, parseExperiment(text, document.uri.fsPath));
    const now = standing.map((finding) => ({ finding, diagnostic: toDiagnostic(document, text, finding) }));
    const before = shown.get(key) ?? [];
    if (faceOf(now) === faceOf(before)) return;
    shown.set(key, now);
    collection.set(
      document.uri,
      now.map(({ diagnostic }) => diagnostic),
    );
  }

  const later = (delay: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const document of vscode.workspace.textDocuments)
        if (isExperimentFile(document.uri))
          show(document).catch((error: unknown) =>
            services.log.error(error instanceof Error ? error : String(error)),
          );
    }, delay);
  };
  context.subscriptions.push(
    collection,
    services.runs.onDidChange(() => later(settleTime)),
    vscode.workspace.onDidOpenTextDocument(() => later(0)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (isExperimentFile(document.uri)) later(settleTime);
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      shown.delete(uri.toString());
      collection.delete(uri);
    }),
    new vscode.Disposable(() => clearTimeout(timer)),
  );
  void services.runs.ready.then(() => later(0));
  return { of: (uri) => shown.get(uri.toString()) ?? [] };
}

function toDiagnostic(document: vscode.TextDocument, text: string, finding: Finding): vscode.Diagnostic {
  const place = locateNearest(text, [...finding.property]);
  // Where a default stands for the property, the object around it is meant, of which the key is enough.
  const exact = place?.path.length === finding.property.length;
  const { offset, length } = (exact ? place?.value : (place?.key ?? place?.value)) ?? {
    offset: 0,
    length: 1,
  };
  const found = new vscode.Diagnostic(
    new vscode.Range(document.positionAt(offset), document.positionAt(offset + length)),
    `${finding.title}. ${finding.evidence}\nRemedy: ${finding.remedy.text}`,
    severities[finding.severity],
  );
  found.source = "Sigmascope";
  found.code = finding.rule;
  return found;
}

/** Whatever of the warnings is seen, so that they are set anew only when that changes. */
function faceOf(shown: readonly ShownFinding[]): string {
  return JSON.stringify(
    shown.map(({ diagnostic: { range, message, severity }, finding }) => [
      range,
      message,
      severity,
      finding.remedy.edits,
    ]),
  );
}
