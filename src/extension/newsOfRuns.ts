/** What of the runs a person must be told, and what they were told before. Knows nothing of VS Code. */
import type { Finding } from "../diagnostics/finding.ts";
import { sortFindings } from "../diagnostics/severity.ts";
import type { RunRecord } from "../runs/run.ts";
import type { ListedRun } from "../runs/runList.ts";
import { isLive } from "./runIndex.ts";

export type News = { readonly directory: string; readonly record: RunRecord } & (
  | { readonly kind: "finding"; readonly finding: Finding }
  /** The trainer has given up, or is gone. */
  | { readonly kind: "failed" | "interrupted" }
);

/**
 * Compares each list of runs with the one before. Of a run that was never seen alive (one of last week, or copied
 * here) nothing is news. Information is no news either: the panel shows it.
 */
export class NewsOfRuns {
  readonly #alive = new Set<string>();
  /** `directory severity` of what was told. */
  readonly #told: Set<string>;
  readonly #since: Date;

  /**
   * @param told from an earlier window; see `told`.
   * @param since runs made after this are news even when they were never seen alive: they were quick.
   */
  constructor(told: Iterable<string>, since: Date) {
    this.#told = new Set(told);
    this.#since = since;
  }

  /** At most one finding for each run and severity, ever. */
  of(runs: readonly ListedRun[]): News[] {
    const news: News[] = [];
    for (const { directory, record, state } of runs) {
      if (record === null) continue;
      if (isLive(state)) {
        this.#alive.add(directory);
        // A run that goes on may fail again.
        this.#told.delete(`${directory} end`);
      } else if (!this.#alive.has(directory) && new Date(record.created) < this.#since) continue;
      for (const finding of sortFindings(record.findings))
        if (finding.severity !== "information" && this.#tell(`${directory} ${finding.severity}`))
          news.push({ directory, record, kind: "finding", finding });
      if ((state === "failed" || state === "interrupted") && this.#tell(`${directory} end`))
        news.push({ directory, record, kind: state });
    }
    return news;
  }

  /** What is to be remembered: of the runs that are still there. */
  told(runs: readonly ListedRun[]): string[] {
    const there = new Set(runs.map(({ directory }) => directory));
    return [...this.#told].filter((key) => there.has(key.slice(0, key.lastIndexOf(" "))));
  }

  #tell(key: string): boolean {
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }
}
