/** The settings that a trainer is started with. */
import { resolve } from "node:path";
import * as vscode from "vscode";
import type { Thresholds } from "../diagnostics/thresholds.ts";
import { thresholdNames, thresholdsVariable, thresholdTable } from "../diagnostics/thresholds.ts";
import type { Experiment } from "../experiment/schema.ts";
import { tensorflowVariables } from "../tensorflowFolder.ts";
import { wideVectorsVariable } from "../wideVectorsVariable.ts";

export interface TrainerSettings {
  /** undefined: the trainer's own choice. */
  readonly threads: number | undefined;
  /** undefined: what the experiment says. */
  readonly engine: Experiment["engine"] | undefined;
  readonly env: Readonly<Record<string, string>>;
}

/** @param scope the experiment file, whose workspace folder may have settings of its own. */
export function trainerSettings(scope?: vscode.Uri): TrainerSettings {
  const settings = vscode.workspace.getConfiguration("sigmascope", scope ?? null);
  const threads = settings.get("threads", 0);
  const engine = settings.get<Experiment["engine"] | "file">("engine", "file");
  const thresholds = changedThresholds((name) => settings.get<number>(`thresholds.${name}`));
  return {
    threads: Number.isInteger(threads) && threads > 0 ? threads : undefined,
    engine: engine === "file" ? undefined : engine,
    env: {
      ...tensorflowVariables(tensorflowFolder(scope)),
      ...(settings.get("wideVectors", true) ? {} : { [wideVectorsVariable]: "0" }),
      ...(Object.keys(thresholds).length === 0 ? {} : { [thresholdsVariable]: JSON.stringify(thresholds) }),
    },
  };
}

/** The user's own TensorFlow: a folder; one that is not absolute lies in the workspace folder. */
function tensorflowFolder(scope: vscode.Uri | undefined): string | undefined {
  const folder = vscode.workspace
    .getConfiguration("sigmascope", scope ?? null)
    .get("tensorflowFolder", "")
    .trim();
  if (folder === "") return undefined;
  const workspace = scope && vscode.workspace.getWorkspaceFolder(scope);
  return resolve((workspace ?? vscode.workspace.workspaceFolders?.[0])?.uri.fsPath ?? "", folder);
}

/** Only what differs from the table and lies in its range: a setting out of range must not keep a run from training. */
function changedThresholds(setting: (name: string) => number | undefined): Partial<Thresholds> {
  const entries = thresholdNames.flatMap((name) => {
    const value = setting(name);
    const { value: usual, range } = thresholdTable[name];
    const good = typeof value === "number" && value >= range[0] && value <= range[1];
    return good && value !== usual ? [[name, value] as const] : [];
  });
  return Object.fromEntries(entries);
}
