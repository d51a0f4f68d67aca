/** Commands to a run's trainer: Pause, Resume, Stop, Checkpoint Now, Resume Interrupted Run. */
import type * as vscode from "vscode";
import { commandRun } from "../runs/commandRun.ts";
import { assertResumable } from "../runs/experimentOfRun.ts";
import { launchTrainer } from "../runs/launch.ts";
import type { RunEvent, RunState } from "../runs/run.ts";
import { liveState, readRunRecord } from "../runs/runRecord.ts";
import { trainerOptions } from "../runs/startRun.ts";
import { ownRun } from "./ownRuns.ts";
import { pickRun, pickRuns } from "./pickRun.ts";
import { showProgress } from "./progressNotification.ts";
import { command } from "./report.ts";
import type { Services } from "./services.ts";
import { trainerSettings } from "./trainerSettings.ts";
import { mayRun } from "./trust.ts";
import { fileOfRun } from "./workspaceRuns.ts";

type Action = "pause" | "stop" | "checkpoint";

/** The event that answers each command, and the states in which it has a meaning. */
const actions: Record<Action, { answer: RunEvent["type"]; states: readonly RunState[]; which: string }> = {
  pause: { answer: "paused", states: ["starting", "running"], which: "Pause which run?" },
  stop: { answer: "stopped", states: ["starting", "running", "paused"], which: "Stop which run?" },
  checkpoint: { answer: "checkpoint", states: ["running", "paused"], which: "Checkpoint of which run?" },
};

const resumable: readonly RunState[] = ["interrupted", "stopped", "failed"];

export function registerControl(context: vscode.ExtensionContext, services: Services): void {
  for (const action of Object.keys(actions) as Action[])
    context.subscriptions.push(
      command(services, action, async (target, selection) => {
        if (!mayRun("Commanding a trainer")) return;
        const { answer, states, which } = actions[action];
        const directories = await pickRuns(services, target, selection, { states, placeHolder: which });
        await Promise.all(directories.map((directory) => commandRun(directory, { command: action }, answer)));
        await services.runs.refresh();
      }),
    );
  context.subscriptions.push(
    command(services, "resume", async (target) => {
      if (!mayRun("Training")) return;
      const states: readonly RunState[] = ["paused", ...resumable];
      const directory = await pickRun(services, target, { states, placeHolder: "Resume which run?" });
      if (directory === undefined) return;
      if (liveState(readRunRecord(directory)) === "paused") {
        await commandRun(directory, { command: "continue" }, "continued");
        await services.runs.refresh();
      } else await resumeEnded(services, directory);
    }),
    command(services, "resumeInterrupted", async (target) => {
      if (!mayRun("Training")) return;
      const directory = await pickRun(services, target, {
        states: resumable,
        placeHolder: "Resume which run?",
      });
      if (directory !== undefined) await resumeEnded(services, directory);
    }),
  );
}

/** Starts a new trainer that goes on from the run's newest checkpoint. */
async function resumeEnded(services: Services, directory: string): Promise<void> {
  const record = readRunRecord(directory);
  const state = liveState(record);
  if (!resumable.includes(state))
    throw new Error(
      `${record.name} is ${state}; only a run that was stopped, interrupted or has failed can be resumed`,
    );
  await assertResumable(directory);
  const { threads, env } = trainerSettings(fileOfRun(record));
  const trainer = await launchTrainer(directory, { ...trainerOptions(threads, false, env), resume: true });
  services.log.info(`resumed ${directory} (process ${trainer.pid})`);
  ownRun(services, directory, trainer);
  await begun(services, directory, trainer.exited);
  showProgress(services, directory, `${record.name} (${record.cell})`);
}

/** Waits until the record is the new trainer's own, so that the run's past is not taken for its end. */
async function begun(services: Services, directory: string, exited: Promise<unknown>): Promise<void> {
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  while (!gone && resumable.includes(liveState(readRunRecord(directory))))
    await new Promise((settle) => setTimeout(settle, 50));
  await services.runs.refresh();
}
