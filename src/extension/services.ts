/** What every feature of the extension is given. */
import type * as vscode from "vscode";
import type { RunDetails } from "./runDetails.ts";
import type { WorkspaceRuns } from "./workspaceRuns.ts";

export interface Services {
  readonly runs: WorkspaceRuns;
  /** What panels show of runs, read in a worker thread. */
  readonly details: RunDetails;
  /** The "Sigmascope" output channel. */
  readonly log: vscode.LogOutputChannel;
}
