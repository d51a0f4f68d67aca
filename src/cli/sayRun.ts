/** Where a run is, and how it goes on. */
import { resolve } from "node:path";
import type { RunState } from "../runs/run.ts";
import type { OpenedRun } from "../runs/store.ts";
import { defaultRuns } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** What can be resumed to some purpose. */
const resumable: readonly RunState[] = ["stopped", "interrupted"];

/** @param state as the command saw it end. */
export function sayRun({ id, directory }: OpenedRun, state: RunState, terminal: Terminal): void {
  terminal.say(`run     ${directory}`);
  if (!resumable.includes(state)) return;
  const reference = directory === resolve(defaultRuns, id) ? id : directory;
  terminal.say(terminal.colors.dim(`        go on with it: sigmascope resume ${reference}`));
}
