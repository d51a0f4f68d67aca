/** Commands to a run's trainer, and its answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { sendCommand, type UnsentCommand } from "./control.ts";
import { EventsTail } from "./events.ts";
import type { RunEvent, RunState } from "./run.ts";
import { liveState, readRunRecord } from "./runRecord.ts";

/** Nobody trains the run, the trainer refused, or it does not answer. */
export class CommandFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandFailed";
  }
}

/** A trainer obeys between two steps, and a step of a large model may take long. */
const patience = 60_000;
const live: readonly RunState[] = ["starting", "running", "paused"];

/**
 * Sends a command to a run's trainer and waits for the event that answers it.
 *
 * @param answer the event by which the trainer says that it has obeyed.
 * @throws CommandFailed when nobody trains the run, when the trainer refuses, or when it does not answer in a
 *   minute; Error where the run cannot be read, or the command not be written.
 */
export async function commandRun(
  directory: string,
  command: UnsentCommand,
  answer: RunEvent["type"],
): Promise<RunEvent> {
  const state = liveState(readRunRecord(directory));
  if (!live.includes(state))
    throw new CommandFailed(`${directory} is ${state}: there is no trainer to obey "${command.command}"`);
  const events = new EventsTail(directory);
  events.poll();
  sendCommand(directory, command);
  for (const end = Date.now() + patience; Date.now() < end; ) {
    await sleep(50);
    // The record first: what a trainer did before it ended is then among the events.
    const now = liveState(readRunRecord(directory));
    for (const event of events.poll().events) {
      if (event.type === answer && (event.type !== "checkpoint" || event.requested)) return event;
      if (event.type === "refused" && event.command === command.command)
        throw new CommandFailed(event.reason);
    }
    if (!live.includes(now))
      throw new CommandFailed(`${directory} ended (${now}) before it obeyed "${command.command}"`);
  }
  throw new CommandFailed(
    `the trainer of ${directory} has not obeyed "${command.command}" for ${patience / 1000} s`,
  );
}
