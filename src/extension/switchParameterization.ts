/** Switch to SVD / Vanilla Parameterization: of a run in training, of an ended run's checkpoint, of an experiment. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Experiment } from "../experiment/schema.ts";
import { commandRun } from "../runs/commandRun.ts";
import { readExperiment } from "../runs/experimentOfRun.ts";
import { trainerJob } from "../runs/launch.ts";
import type { RunState } from "../runs/run.ts";
import { liveState, readRunRecord } from "../runs/runRecord.ts";
import { isExperimentFile, uriOf } from "./experimentFile.ts";
import { activeRun, directoryOf, pickRun } from "./pickRun.ts";
import { command, messageOf } from "./report.ts";
import { isLive } from "./runIndex.ts";
import type { Services } from "./services.ts";
import { switchExperiment } from "./switchExperiment.ts";
import {
  assertSwitchable,
  clippingText,
  largestRadius,
  parameterizationNames as names,
  outcomeText,
  type Parameterization,
  radiusAfterRefusal,
  type Spectrum,
  type SwitchOutcome,
  switchPlan,
} from "./switchPlan.ts";
import { mayRun } from "./trust.ts";

/** States in which a run has a model to switch. */
const switchable: readonly RunState[] = ["running", "paused", "finished", "stopped", "interrupted", "failed"];

export function registerSwitch(context: vscode.ExtensionContext, services: Services): void {
  const register = (id: string, to: Parameterization) =>
    command(services, id, async (target) => {
      if (!mayRun("Switching the parameterization")) return;
      const chosen = await chooseTarget(services, target, to);
      if (chosen instanceof vscode.Uri) await switchExperiment(chosen, to);
      else if (chosen !== undefined) await switchRun(services, chosen, to);
    });
  context.subscriptions.push(register("switchToSvd", "spectral"), register("switchToVanilla", "rnn"));
}

/** A run's directory or an experiment file: what was given, the panel in front, the only live run, the active editor. */
async function chooseTarget(
  services: Services,
  target: unknown,
  to: Parameterization,
): Promise<string | vscode.Uri | undefined> {
  const uri = uriOf(target);
  if (uri && isExperimentFile(uri)) return uri;
  const directory = directoryOf(target);
  if (directory !== undefined) return directory;
  await services.runs.ready;
  const live = services.runs.runs.filter(({ state }) => isLive(state));
  const active = vscode.window.activeTextEditor?.document.uri;
  if (activeRun() === undefined && live.length !== 1 && active && isExperimentFile(active)) return active;
  return pickRun(services, undefined, {
    states: switchable,
    placeHolder: `Switch which run to ${names[to]}?`,
  });
}

async function switchRun(services: Services, directory: string, to: Parameterization): Promise<void> {
  const record = readRunRecord(directory);
  if (record.cell === to) {
    void vscode.window.showInformationMessage(`${record.name} has ${names[to]} already.`);
    return;
  }
  assertSwitchable(record.name, record.cell);
  const { model } = await readExperiment(directory);
  let choice = to === "rnn" ? {} : await chooseBand(services, directory, record.name, model);
  while (choice !== undefined) {
    try {
      const state = liveState(readRunRecord(directory));
      if (state === "running" || state === "paused") await switchLive(services, directory, to, choice);
      else await switchCheckpoint(directory, to, choice);
      return;
    } catch (error) {
      const reason = messageOf(error);
      const radius = radiusAfterRefusal(reason, model.center);
      if (radius === undefined) throw error;
      choice = await askBand(record.name, reason, model, radius);
    }
  }
}

type Model = Experiment["model"];

interface BandChoice {
  readonly radius?: number;
  readonly clip?: boolean;
}

/**
 * The band that the singular values will be held in. Asks only where the experiment's own would move some of them.
 *
 * @returns undefined when the user cancels.
 */
async function chooseBand(
  services: Services,
  directory: string,
  name: string,
  model: Model,
): Promise<BandChoice | undefined> {
  const spectrum = await spectrumOf(services, directory);
  const { center, radius } = model;
  // A run that has measured nothing yet is asked as it is: the trainer refuses what would change the function.
  if (spectrum === undefined) return { radius };
  const plan = switchPlan(spectrum.values, center, radius);
  if (plan.outside === 0) return { radius };
  return askBand(name, clippingText(plan, spectrum.step, center, radius), model, plan.holdingRadius);
}

/**
 * Asks what is to become of singular values outside the experiment's band.
 *
 * @param holdingRadius of a band that holds them all. @returns undefined when the user cancels.
 */
async function askBand(
  name: string,
  detail: string,
  { center, radius }: Model,
  holdingRadius: number,
): Promise<BandChoice | undefined> {
  const hold = `Use Radius ${holdingRadius}`;
  const clip = `Clip to ${center} ± ${radius}`;
  const answer = await vscode.window.showWarningMessage(
    `Switch ${name} to ${names.spectral}?`,
    { modal: true, detail },
    ...(holdingRadius > largestRadius ? [] : [hold]),
    clip,
  );
  if (answer === hold) return { radius: holdingRadius };
  return answer === clip ? { radius, clip: true } : undefined;
}

/** The newest singular values of every W of a run; undefined before they were measured. */
function spectrumOf({ details }: Services, directory: string): Promise<Spectrum | undefined> {
  return new Promise((settle, fail) => {
    let asked = false;
    const run = details.open(directory, (news) => {
      if (asked) return;
      asked = true;
      const last = news.recorded?.[1];
      const layers = last === undefined ? [] : Array.from({ length: news.layers }, (_, layer) => layer);
      Promise.all(layers.map((layer) => run.ask({ kind: "moment", step: last!, layer })))
        .then((answers) => {
          const found = answers.flatMap(({ moment }) => moment?.spectra ?? []);
          const values = Float32Array.from(found.flatMap((one) => Array.from(one.values)));
          settle(
            values.length === 0 ? undefined : { values, step: Math.max(...found.map(({ step }) => step)) },
          );
        })
        .catch(fail)
        .finally(() => run.dispose());
    });
  });
}

async function switchLive(
  services: Services,
  directory: string,
  to: Parameterization,
  choice: BandChoice,
): Promise<void> {
  const { name } = readRunRecord(directory);
  const event = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Switching ${name} to ${names[to]}` },
    () => commandRun(directory, { command: "switch", to, ...choice }, "switch"),
  );
  await services.runs.refresh();
  if (event.type !== "switch") return;
  void vscode.window.showInformationMessage(
    outcomeText(name, { ...event, change: event.functionChange, changed: "outputs" }),
  );
}

/** What the trainer's job answers. */
interface SwitchAnswer extends Omit<SwitchOutcome, "change" | "changed"> {
  readonly output: string;
  readonly representationError: number;
}

async function switchCheckpoint(directory: string, to: Parameterization, choice: BandChoice): Promise<void> {
  const { name } = readRunRecord(directory);
  const output = freeName(directory, `switched-${to}`);
  const args = ["switch", directory, "--to", to, "-o", output];
  if (choice.radius !== undefined) args.push("--radius", String(choice.radius));
  if (choice.clip) args.push("--clip");
  const answer = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Switching the newest checkpoint of ${name} to ${names[to]}`,
      cancellable: true,
    },
    async (_, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      try {
        return (await trainerJob(args, { signal: abort.signal })) as SwitchAnswer;
      } catch (error) {
        if (abort.signal.aborted) return undefined;
        throw error;
      }
    },
  );
  if (answer === undefined) return;
  const reveal = "Reveal File";
  void vscode.window
    .showInformationMessage(
      `${outcomeText(name, { ...answer, change: answer.representationError, changed: "W" })} Written to ${vscode.workspace.asRelativePath(answer.output)}.`,
      reveal,
    )
    .then((pressed) => {
      if (pressed === reveal)
        void vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(answer.output));
    });
}

/** An earlier switch is worth keeping. */
function freeName(directory: string, base: string): string {
  for (let i = 1; ; i++) {
    const file = join(directory, `${base}${i === 1 ? "" : `-${i}`}.safetensors`);
    if (!existsSync(file)) return file;
  }
}
