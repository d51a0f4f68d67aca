/** `sigmascope pause`, `continue`, `stop` and `checkpoint`: commands to the trainer of a run. */
import { Command } from "commander";
import { CommandFailed, commandRun } from "../../runs/commandRun.ts";
import type { RunEvent } from "../../runs/run.ts";
import { RunTail } from "../../runs/tail.ts";
import { describeEvent } from "../describeEvent.ts";
import { CliError } from "../exitCodes.ts";
import { findRun } from "../findRun.ts";
import { jsonOption, runsOption } from "../options.ts";
import { summarize } from "../runSummary.ts";
import { openTerminal, writeJson } from "../terminal.ts";

type Action = "pause" | "continue" | "stop" | "checkpoint";

/** The event by which the trainer says that it has obeyed. */
const answers: Record<Action, RunEvent["type"]> = {
  pause: "paused",
  continue: "continued",
  stop: "stopped",
  checkpoint: "checkpoint",
};

const descriptions: Record<Action, string> = {
  pause: "hold a run between two steps",
  continue: "let a paused run go on",
  stop: "end a run after saving a checkpoint",
  checkpoint: "save a checkpoint now",
};

export function controlCommands(): Command[] {
  return (Object.keys(answers) as Action[]).map((action) =>
    new Command(action)
      .description(descriptions[action])
      .argument("<run>", 'a run\'s id, the beginning of one, its directory, or "last"')
      .addOption(runsOption())
      .addOption(jsonOption("the run's state"))
      .addHelpText("after", `\nExample:\n  sigmascope ${action} last`)
      .action((reference: string, options: ControlOptions) => control(action, reference, options)),
  );
}

interface ControlOptions {
  readonly runs: string;
  readonly json?: boolean;
}

async function control(action: Action, reference: string, options: ControlOptions): Promise<void> {
  const terminal = openTerminal(options.json ?? false);
  const directory = await findRun(options.runs, reference);
  const event = await commandAndWait(directory, { command: action }, answers[action]);
  const tail = new RunTail(directory).poll();
  terminal.say(describeEvent(event, tail.record?.metricName ?? "metric", terminal.colors));
  if (options.json && tail.record && tail.state) writeJson(summarize(tail.record, directory, tail.state));
}

/**
 * Sends a command to a run's trainer and waits for the event that answers it.
 *
 * @throws CliError when nobody trains the run, when the trainer refuses, or when it does not answer.
 */
export async function commandAndWait(...of: Parameters<typeof commandRun>): Promise<RunEvent> {
  try {
    return await commandRun(...of);
  } catch (error) {
    throw error instanceof CommandFailed ? new CliError(error.message) : error;
  }
}
