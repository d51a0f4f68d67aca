/** The extension's entry: makes what all features share, and wires them. One feature a file. */
import * as vscode from "vscode";
import type { Services } from "./services.ts";
import { createWorkspaceRuns } from "./workspaceRuns.ts";

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Sigmascope", { log: true });
  const runs = createWorkspaceRuns(log);
  const services: Services = { runs, log };
  context.subscriptions.push(log, runs);
  const features: readonly Feature[] = [];
  for (const register of features) register(context, services);
}

type Feature = (context: vscode.ExtensionContext, services: Services) => void;
