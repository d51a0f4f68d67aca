/** What is wrong with an experiment file, at its places, while it is typed. */
import * as vscode from "vscode";
import { parseExperiment } from "../experiment/parseExperiment.ts";
import type { Problem } from "../experiment/problem.ts";
import { isExperimentFile } from "./experimentFile.ts";

/** Whoever types is not told at every key. */
const settleTime = 150;

export function registerExperimentDiagnostics(context: vscode.ExtensionContext): void {
  const collection = vscode.languages.createDiagnosticCollection("sigmascope");
  const timers = new Map<string, NodeJS.Timeout>();
  const check = (document: vscode.TextDocument) => {
    const { problems } = parseExperiment(document.getText(), vscode.workspace.asRelativePath(document.uri));
    collection.set(
      document.uri,
      problems.map((problem) => toDiagnostic(document, problem)),
    );
  };
  const soon = (document: vscode.TextDocument, delay: number) => {
    if (!isExperimentFile(document.uri)) return;
    const key = document.uri.toString();
    clearTimeout(timers.get(key));
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key);
        if (!document.isClosed) check(document);
      }, delay),
    );
  };
  context.subscriptions.push(
    collection,
    vscode.workspace.onDidOpenTextDocument((document) => soon(document, 0)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => soon(document, settleTime)),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => collection.delete(uri)),
    new vscode.Disposable(() => {
      for (const timer of timers.values()) clearTimeout(timer);
    }),
  );
  for (const document of vscode.workspace.textDocuments) soon(document, 0);
}

function toDiagnostic(document: vscode.TextDocument, problem: Problem): vscode.Diagnostic {
  const { offset, length, message, severity } = problem;
  const found = new vscode.Diagnostic(
    new vscode.Range(document.positionAt(offset), document.positionAt(offset + Math.max(1, length))),
    message,
    severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  found.source = "Sigmascope";
  return found;
}
