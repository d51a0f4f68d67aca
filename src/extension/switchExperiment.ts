/** The switch of parameterization in an experiment file: one change of its text, which can be undone. */
import * as vscode from "vscode";
import { parseExperiment } from "../experiment/parseExperiment.ts";
import { editExperiment } from "./editExperiment.ts";
import { experimentSwitchPlan } from "./experimentSwitchPlan.ts";
import { assertSwitchable, type Parameterization, parameterizationNames } from "./switchPlan.ts";

/** @throws Error that names the file, when it has errors or a cell that cannot be switched. */
export async function switchExperiment(uri: vscode.Uri, to: Parameterization): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const file = vscode.workspace.asRelativePath(uri);
  const parsed = parseExperiment(document.getText(), file);
  if (!parsed.ok) {
    const error = parsed.problems.find(({ severity }) => severity === "error");
    throw new Error(`${file} cannot be switched while it has errors: ${error?.message}`);
  }
  const { model } = parsed.experiment;
  if (model.cell === to) {
    void vscode.window.showInformationMessage(`${file} has ${parameterizationNames[to]} already.`);
    return;
  }
  assertSwitchable(file, model.cell);
  const isGiven = (name: string) => parsed.positions.locate(["model", name]) !== undefined;
  const { question, done } = experimentSwitchPlan(model, isGiven, to);
  if (question !== undefined) {
    const go = "Switch";
    const asked = { modal: true, detail: question };
    const title = `Switch ${file} to ${parameterizationNames[to]}?`;
    if ((await vscode.window.showWarningMessage(title, asked, go)) !== go) return;
  }
  await editExperiment(uri, [{ path: ["model", "cell"], value: to }]);
  await vscode.window.showTextDocument(document);
  void vscode.window.showInformationMessage(`${file}: ${done}`);
}
