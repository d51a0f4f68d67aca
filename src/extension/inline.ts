/** What stands in an experiment file beside its text: problems, findings with quick fixes, lenses, hints. */
import type * as vscode from "vscode";
import { registerCodeLens } from "./codeLens.ts";
import { registerExperimentDiagnostics } from "./experimentDiagnostics.ts";
import { registerFindingDiagnostics } from "./findingDiagnostics.ts";
import { registerFixAndTrain } from "./fixAndTrain.ts";
import { registerInlayHints } from "./inlayHints.ts";
import { registerProblemFixes } from "./problemFixes.ts";
import { registerQuickFixes } from "./quickFixes.ts";
import type { Services } from "./services.ts";

export function registerInline(context: vscode.ExtensionContext, services: Services): void {
  registerExperimentDiagnostics(context);
  registerProblemFixes(context);
  registerQuickFixes(context, registerFindingDiagnostics(context, services));
  registerFixAndTrain(context, services);
  registerCodeLens(context, services);
  registerInlayHints(context, services);
}
