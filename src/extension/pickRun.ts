/** Which run a command means: what it was given, the panel in front, the only live one, or what the user picks. */
import * as vscode from "vscode";
import type { RunState } from "../runs/run.ts";
import type { ListedRun } from "../runs/runList.ts";
import { isLive } from "./runIndex.ts";
import { describeRun, runTitle } from "./runText.ts";
import type { Services } from "./services.ts";

export interface RunFilter {
  /** States of the runs that the command is for; all when absent. A run that cannot be read has none. */
  readonly states?: readonly (RunState | "unreadable")[];
  readonly placeHolder?: string;
}

let active: string | undefined;
const activeChanged = new vscode.EventEmitter<string | undefined>();
/** Another run's panel has come to the front. */
export const onDidChangeActiveRun = activeChanged.event;

/** Told by a panel that comes to the front, and with undefined by one that leaves it: its run is what commands mean. */
export function setActiveRun(directory: string | undefined): void {
  active = directory;
  activeChanged.fire(directory);
}

/** The run of the panel in front. */
export function activeRun(): string | undefined {
  return active;
}

/**
 * The directory of the run that a command means.
 *
 * @param argument a run's directory, something with a `directory`, or nothing.
 * @returns undefined when the user picked none, or there is none (the user was told).
 */
export async function pickRun(
  services: Services,
  argument: unknown,
  { states, placeHolder = "Which run?" }: RunFilter = {},
): Promise<string | undefined> {
  const given = directoryOf(argument);
  if (given !== undefined) return given;
  await services.runs.ready;
  const fits = (run: ListedRun) => states === undefined || states.includes(run.state ?? "unreadable");
  const candidates = services.runs.runs.filter(fits);
  const inFront = candidates.find(({ directory }) => directory === active);
  if (inFront) return inFront.directory;
  const live = candidates.filter(({ state }) => isLive(state));
  if (live.length === 1) return live[0]!.directory;
  if (candidates.length === 0) {
    const which = states === undefined ? "no runs" : `no run that is ${states.join(" or ")}`;
    void vscode.window.showInformationMessage(`There is ${which} in this workspace.`);
    return undefined;
  }
  if (states !== undefined && candidates.length === 1) return candidates[0]!.directory;
  const picked = await vscode.window.showQuickPick(candidates.map(quickPickItem), {
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.run.directory;
}

/** The directories of several runs: those given (the second argument of a command on a multi-selection), or one. */
export async function pickRuns(
  services: Services,
  argument: unknown,
  selection: unknown,
  filter: RunFilter = {},
): Promise<readonly string[]> {
  const many = Array.isArray(selection) ? selection : Array.isArray(argument) ? argument : [];
  const given = many.flatMap((item) => directoryOf(item) ?? []);
  if (given.length > 0) return [...new Set(given)];
  const one = await pickRun(services, argument, filter);
  return one === undefined ? [] : [one];
}

/** A run's directory, from a string, a tree item, or a web panel's state. */
export function directoryOf(argument: unknown): string | undefined {
  if (typeof argument === "string") return argument === "" ? undefined : argument;
  if (typeof argument !== "object" || argument === null) return undefined;
  const { directory } = argument as { directory?: unknown };
  return typeof directory === "string" ? directory : undefined;
}

export function quickPickItem(run: ListedRun): vscode.QuickPickItem & { readonly run: ListedRun } {
  return { label: runTitle(run), description: describeRun(run), detail: run.id, run };
}
