/** The extension's entry: makes what all features share, and wires them. One feature a file. */
import "./interpretChecks.ts";

import * as vscode from "vscode";
import { registerComparePanel } from "./comparePanel.ts";
import { registerControl } from "./control.ts";
import { registerDiagnosticsPanel } from "./diagnosticsPanel.ts";
import { registerDoctor } from "./doctor.ts";
import { registerExperimentsTree } from "./experimentsTree.ts";
import { registerExportRun } from "./exportRun.ts";
import { registerGetMnist } from "./getMnist.ts";
import { registerInline } from "./inline.ts";
import { registerLiveView } from "./liveView.ts";
import { registerNewExperiment } from "./newExperiment.ts";
import { registerNotifications } from "./notifications.ts";
import { closeOwnRuns, registerOwnRuns } from "./ownRuns.ts";
import { createRunDetails } from "./runDetails.ts";
import { registerRunFiles } from "./runFiles.ts";
import { registerRunsTree } from "./runsTree.ts";
import type { Services } from "./services.ts";
import { registerShowFindings } from "./showFindings.ts";
import { registerStatusBar } from "./statusBar.ts";
import { registerSwitch } from "./switchParameterization.ts";
import { registerTelemetryEditor } from "./telemetryEditor.ts";
import { registerTrain } from "./train.ts";
import { createWorkspaceRuns } from "./workspaceRuns.ts";

export function activate(context: vscode.ExtensionContext): void {
  const began = performance.now();
  const log = vscode.window.createOutputChannel("Sigmascope", { log: true });
  const runs = createWorkspaceRuns(log);
  const details = createRunDetails(log);
  const services: Services = { runs, details, log };
  context.subscriptions.push(log, runs, details);
  registerOwnRuns(context, services);
  registerNewExperiment(context, services);
  registerGetMnist(context, services);
  registerTrain(context, services);
  registerInline(context, services);
  registerControl(context, services);
  registerSwitch(context, services);
  registerRunFiles(context, services);
  registerShowFindings(context, services);
  registerDiagnosticsPanel(context, services);
  registerLiveView(context, services);
  registerTelemetryEditor(context, services);
  registerComparePanel(context, services);
  registerExportRun(context, services);
  registerDoctor(context, services);
  registerExperimentsTree(context, services);
  const runsView = registerRunsTree(context, services);
  registerStatusBar(context, services);
  registerNotifications(context, services, runsView);
  log.info(`active after ${(performance.now() - began).toFixed(0)} ms`);
}

export function deactivate(): void {
  closeOwnRuns();
}
