/** `--list`: the sets, and what they take. */
import { formatDuration, formatTable } from "../format.ts";
import type { Terminal } from "../terminal.ts";
import type { Plan } from "./plan.ts";

export interface ListedSet {
  readonly name: string;
  readonly description: string;
  /** Null where the data are not there: some sets are known only by them. */
  readonly runs: number | null;
  readonly estimatedSeconds: number | null;
  /** Folders of which one is needed. */
  readonly needs: readonly string[];
  readonly missing: string | null;
}

/** @param jobs trainers at the same time, by which the estimate is divided. */
export function listedSets({ sets, skipped }: Plan, jobs: number): ListedSet[] {
  return [
    ...sets.map(({ set, runs }) => ({
      name: set.name,
      description: set.description,
      runs: runs.length,
      estimatedSeconds: runs.reduce((sum, { estimate }) => sum + estimate, 0) / jobs,
      needs: set.needs,
      missing: null,
    })),
    ...skipped.map(({ set, reason }) => ({
      name: set.name,
      description: set.description,
      runs: null,
      estimatedSeconds: null,
      needs: set.needs,
      missing: reason,
    })),
  ];
}

export function sayList(sets: readonly ListedSet[], jobs: number, terminal: Terminal): void {
  const rows = sets.map(({ name, runs, estimatedSeconds, needs, missing, description }) => [
    name,
    runs === null ? "–" : String(runs),
    estimatedSeconds === null ? "–" : formatDuration(estimatedSeconds),
    needs.length === 0 ? "nothing" : needs.join(" or ") + (missing === null ? "" : " (missing)"),
    description,
  ]);
  const head = ["set", "runs", `about, ${jobs} at a time`, "data", ""];
  terminal.say(formatTable(head, rows, terminal.colors.bold));
  for (const reason of new Set(sets.flatMap(({ missing }) => missing ?? [])))
    terminal.say(terminal.colors.yellow(reason));
}
