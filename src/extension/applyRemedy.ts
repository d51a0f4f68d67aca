/** A finding's remedy, applied to the experiment file that its run was started from. */
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { locateNearest } from "../experiment/locate.ts";
import { readRunRecord } from "../runs/runRecord.ts";
import { editExperiment } from "./editExperiment.ts";

export interface RemedyChoice {
  /** The rule of the finding. */
  readonly rule: string;
  /** Train the changed experiment. */
  readonly train: boolean;
}

/**
 * Edits the experiment file of a run as the standing finding of a rule proposes, and shows it, or trains it at once.
 *
 * @throws Error when the run has no such finding, or its experiment file is gone.
 */
export async function applyRemedy(directory: string, { rule, train }: RemedyChoice): Promise<void> {
  const record = readRunRecord(directory);
  const finding = record.findings.find((standing) => standing.rule === rule);
  if (finding === undefined) throw new Error(`${record.name} has no finding ${rule} any more`);
  const file = record.experimentFile;
  if (file === null || !existsSync(file))
    throw new Error(
      `${file ?? "The experiment file"} is not there any more; Copy Run as Experiment makes a new one`,
    );
  const uri = vscode.Uri.file(file);
  const { edits } = finding.remedy;
  if (train) {
    await vscode.commands.executeCommand("sigmascope.fixAndTrain", uri, edits);
    return;
  }
  const document = await editExperiment(uri, edits);
  const place = locateNearest(document.getText(), [...(edits[0]?.path ?? [])])?.value;
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    ...(place
      ? {
          selection: new vscode.Range(
            document.positionAt(place.offset),
            document.positionAt(place.offset + place.length),
          ),
        }
      : {}),
  });
}
