/** Commands that start runs: Train, and Train Vanilla and Spectral Side by Side. */
import * as vscode from "vscode";
import { resolveExperiment } from "../experiment/resolveExperiment.ts";
import type { CellName } from "../experiment/schema.ts";
import { startRun } from "../runs/startRun.ts";
import { pickExperiment, readExperimentFile, showProblems } from "./experimentFile.ts";
import { ownRun } from "./ownRuns.ts";
import { showProgress } from "./progressNotification.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";
import { trainerSettings } from "./trainerSettings.ts";
import { mayRun } from "./trust.ts";
import { variant } from "./variants.ts";

export function registerTrain(context: vscode.ExtensionContext, services: Services): void {
  context.subscriptions.push(
    command(services, "train", async (target) => {
      const [directory] = await train(services, target, [undefined]);
      if (directory !== undefined) await show(services, "sigmascope.openDiagnostics", directory);
      return directory;
    }),
    command(services, "trainSideBySide", async (target) => {
      const directories = await train(services, target, ["rnn", "spectral"]);
      if (directories.length > 1) await show(services, "sigmascope.compareRuns", directories);
      return directories;
    }),
  );
}

/** Starts a run of an experiment file for each cell (undefined: the file's own). Returns their directories. */
async function train(
  services: Services,
  target: unknown,
  cells: readonly (CellName | undefined)[],
): Promise<string[]> {
  if (!mayRun("Training")) return [];
  const uri = await pickExperiment(target, "Train which experiment?");
  if (!uri) return [];
  if (uri.scheme !== "file")
    throw new Error(`${uri.toString()} is not a file on a disk: it cannot be trained`);
  const parsed = await readExperimentFile(uri);
  if (!parsed.ok) {
    void showProblems(uri, parsed);
    return [];
  }
  const root = services.runs.rootFor(uri);
  if (root === undefined) throw new Error("Open a folder first: runs are kept in it.");
  const { threads, engine, env } = trainerSettings(uri);
  const file = uri.fsPath;
  const experiments = cells.map((cell) => variant(parsed.experiment, { cell, engine }, file));
  const directories: string[] = [];
  for (const experiment of experiments) {
    const { directory, trainer } = await startRun(file, experiment, { root, threads, env });
    services.log.info(
      `${vscode.workspace.asRelativePath(uri)}: started ${directory} (process ${trainer.pid})`,
    );
    ownRun(services, directory, trainer);
    directories.push(directory);
    const { name } = resolveExperiment(experiment, { file });
    showProgress(services, directory, `${name} (${experiment.model.cell})`);
  }
  await services.runs.refresh();
  return directories;
}

/** Opens a panel on new runs; that a panel does not open is no failure of the training. */
async function show(services: Services, id: string, argument: string | readonly string[]): Promise<void> {
  try {
    await vscode.commands.executeCommand(id, argument);
  } catch (error) {
    services.log.error(id, error instanceof Error ? error : String(error));
  }
}
