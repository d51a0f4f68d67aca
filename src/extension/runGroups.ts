/** The Runs view's contents: groups by experiment, filtered. Knows nothing of VS Code. */
import { nameFromFile } from "../experiment/resolveExperiment.ts";
import type { ListedRun } from "../runs/runList.ts";
import { describeRun, runTitle } from "./runText.ts";

export interface RunGroup {
  /** Stays the same while runs come and go. */
  readonly key: string;
  readonly label: string;
  /** Null for runs without an experiment file, and for those that cannot be read. */
  readonly experimentFile: string | null;
  /** Newest first, at least one. */
  readonly runs: readonly ListedRun[];
}

/** Groups by experiment file, in the order of their newest runs; runs that cannot be read come last, together. */
export function groupRuns(runs: readonly ListedRun[]): RunGroup[] {
  const groups = new Map<string, { label: string; experimentFile: string | null; runs: ListedRun[] }>();
  const unreadable: ListedRun[] = [];
  for (const run of runs) {
    if (run.record === null) {
      unreadable.push(run);
      continue;
    }
    const { experimentFile, name } = run.record;
    const key = experimentFile === null ? `name:${name}` : `file:${experimentFile}`;
    const group = groups.get(key);
    if (group) group.runs.push(run);
    else {
      const label = experimentFile === null ? name : nameFromFile(experimentFile);
      groups.set(key, { label, experimentFile, runs: [run] });
    }
  }
  const readable = [...groups].map(([key, group]) => ({ key, ...group }));
  if (unreadable.length === 0) return readable;
  return [
    ...readable,
    { key: "unreadable", label: "Cannot be read", experimentFile: null, runs: unreadable },
  ];
}

/** The runs that have every word of the filter in their title, state, findings or id; upper and lower case alike. */
export function filterRuns(runs: readonly ListedRun[], filter: string): readonly ListedRun[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return runs;
  return runs.filter((run) => {
    const findings = run.record?.findings.map(({ rule, severity }) => `${rule} ${severity}`).join(" ") ?? "";
    const text = `${runTitle(run)} ${describeRun(run)} ${findings} ${run.id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
