/** What every feature of the extension is given. */
import type * as vscode from "vscode";
import type { WorkspaceRuns } from "./workspaceRuns.ts";

export interface Services {
  readonly runs: WorkspaceRuns;
  /** The "Sigmascope" output channel. */
  readonly log: vscode.LogOutputChannel;
}
