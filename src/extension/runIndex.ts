/** A list of runs that is kept up to date at little cost: only what changed on disk is read again. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { RunState } from "../runs/run.ts";
import { runFiles } from "../runs/runDirectory.ts";
import { concurrency, type ListedRun, newestFirst, readListedRun, runNames } from "../runs/runList.ts";
import { liveState } from "../runs/runRecord.ts";

/** Whether a trainer is at work on a run in this state, or should be. */
export function isLive(state: RunState | null): boolean {
  return state === "starting" || state === "running" || state === "paused";
}

interface Entry {
  readonly run: ListedRun;
  /** Of `run.json`: tells whether it was replaced. */
  readonly stamp: string;
}

export class RunIndex {
  readonly #entries = new Map<string, Entry>();
  #runs: readonly ListedRun[] = [];

  /** Newest first. A new array whenever something changed. */
  get runs(): readonly ListedRun[] {
    return this.#runs;
  }

  /**
   * Looks through the folders for runs that came, went or changed. A folder that cannot be read keeps the runs that
   * are known of it.
   *
   * @returns whether anything changed, and one sentence for each folder that cannot be read.
   */
  async scan(roots: readonly string[]): Promise<{ changed: boolean; problems: string[] }> {
    const problems: string[] = [];
    const directories = new Set<string>();
    for (const root of roots) {
      try {
        for (const name of await runNames(root)) directories.add(join(root, name));
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
        for (const directory of this.#entries.keys())
          if (directory.startsWith(join(root, "/"))) directories.add(directory);
      }
    }
    let changed = false;
    for (const directory of [...this.#entries.keys()])
      if (!directories.has(directory)) changed = this.#entries.delete(directory) || changed;
    changed = (await this.#read([...directories])) || changed;
    if (changed) this.#sort();
    return { changed, problems };
  }

  /** Looks at the runs that a trainer works on, which change without anything being created. */
  async pollLive(): Promise<boolean> {
    const live = this.#runs.filter(({ state }) => isLive(state)).map(({ directory }) => directory);
    const changed = await this.#read(live);
    if (changed) this.#sort();
    return changed;
  }

  async #read(directories: readonly string[]): Promise<boolean> {
    let changed = false;
    for (let start = 0; start < directories.length; start += concurrency) {
      const batch = directories.slice(start, start + concurrency);
      const results = await Promise.all(batch.map((directory) => this.#readOne(directory)));
      changed = results.includes(true) || changed;
    }
    return changed;
  }

  async #readOne(directory: string): Promise<boolean> {
    const stamp = await stampOf(join(directory, runFiles.record));
    const known = this.#entries.get(directory);
    if (known !== undefined && known.stamp === stamp) {
      const { run } = known;
      // Time alone makes a run without a trainer interrupted, or an interrupted one live again.
      const state = run.record === null ? null : liveState(run.record);
      if (run.record === null || state === null || state === run.state) return false;
      this.#entries.set(directory, { run: { ...run, state }, stamp });
      return true;
    }
    this.#entries.set(directory, { run: await readListedRun(directory), stamp });
    return true;
  }

  #sort(): void {
    this.#runs = [...this.#entries.values()].map(({ run }) => run).sort(newestFirst);
  }
}

async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "missing";
  }
}
