/** Fix and Train Again: a finding's remedy, written into the experiment file and tried at once. */
import * as vscode from "vscode";
import type { Edit } from "../diagnostics/finding.ts";
import { editExperiment } from "./editExperiment.ts";
import { isExperimentFile, uriOf } from "./experimentFile.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";
import { mayRun } from "./trust.ts";

export function registerFixAndTrain(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "fixAndTrain", async (target, edits) => {
      if (!mayRun("Training")) return undefined;
      const uri = uriOf(target);
      if (!uri || !isExperimentFile(uri) || !isEdits(edits))
        throw new TypeError("sigmascope.fixAndTrain needs an experiment file and the edits of a remedy");
      const document = await editExperiment(uri, edits);
      if (document.isDirty && !(await document.save()))
        throw new Error(`${vscode.workspace.asRelativePath(uri)} cannot be saved`);
      return vscode.commands.executeCommand("sigmascope.train", uri);
    }),
  );
}

function isEdits(value: unknown): value is readonly Edit[] {
  return (
    Array.isArray(value) &&
    value.every(
      (edit: Partial<Edit> | null) =>
        Array.isArray(edit?.path) &&
        edit.path.every((key) => typeof key === "string") &&
        ["string", "number", "boolean"].includes(typeof edit.value),
    )
  );
}
