/** Writes the tables of sets as their runs end. */
import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { replaceFile } from "../../runs/atomicFile.ts";
import { measureRun, type RunResult } from "./measure.ts";
import type { PlannedSet } from "./plan.ts";
import type { PoolRun } from "./pool.ts";
import type { Workshop } from "./runOne.ts";
import { type ExperimentOutcome, type SummaryRow, summaryRow, type UnfinishedRun } from "./summary.ts";
import { csvTable, markdownTable, type Provenance } from "./table.ts";

export interface SetTable {
  readonly set: PlannedSet;
  readonly rows: readonly SummaryRow[];
  /** Absolute. */
  readonly markdown: string;
  readonly csv: string;
}

export interface TableOptions {
  readonly quick: boolean;
  /** Instead of the sets' own: a trial must not take the place of the table proper. */
  readonly steps: number | undefined;
  readonly parallel: string;
}

export class Tables {
  readonly #runs: readonly PoolRun[];
  readonly #workshop: Workshop;
  readonly #options: TableOptions;
  /** By directory: telemetry is long, and a finished run stays as it is. */
  readonly #measured = new Map<string, RunResult>();

  constructor(runs: readonly PoolRun[], workshop: Workshop, options: TableOptions) {
    this.#runs = runs;
    this.#workshop = workshop;
    this.#options = options;
  }

  /** Writes a set's table as it is now, in both forms. @throws SystemFailure. */
  async write(set: PlannedSet): Promise<SetTable> {
    const runs = this.#runs.filter((run) => run.set === set);
    const outcomes: ExperimentOutcome[] = [];
    for (const experiment of set.experiments)
      outcomes.push({
        experiment,
        ...(await this.#outcome(runs.filter(({ planned }) => planned.key.experiment === experiment.name))),
      });
    const provenance = this.#provenance(runs, outcomes);
    const { quick, steps } = this.#options;
    const name = `${set.set.name}${quick ? ".quick" : ""}${steps === undefined ? "" : `.${steps}-steps`}`;
    const markdown = join(this.#workshop.folder, `${name}.md`);
    const csv = join(this.#workshop.folder, `${name}.csv`);
    replaceFile(markdown, markdownTable(set.set, outcomes, provenance));
    replaceFile(csv, csvTable(set.set, outcomes, provenance));
    return { set, rows: outcomes.map((outcome) => summaryRow(set.set, outcome)), markdown, csv };
  }

  async #outcome(
    runs: readonly PoolRun[],
  ): Promise<Pick<ExperimentOutcome, "results" | "unfinished" | "seeds">> {
    const results: RunResult[] = [];
    const unfinished: UnfinishedRun[] = [];
    for (const run of runs) {
      const { seed } = run.planned.key;
      if (run.end?.state !== "finished") {
        unfinished.push({ seed, ...whatOf(run) });
        continue;
      }
      try {
        results.push(await this.#measure(run.end.directory));
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        unfinished.push({ seed, what, failed: true });
      }
    }
    return { results, unfinished, seeds: runs.length };
  }

  async #measure(directory: string): Promise<RunResult> {
    const known = this.#measured.get(directory);
    if (known) return known;
    const result = await measureRun(directory);
    this.#measured.set(directory, result);
    return result;
  }

  #provenance(runs: readonly PoolRun[], outcomes: readonly ExperimentOutcome[]): Provenance {
    const { manifest, command } = this.#workshop;
    const { quick, parallel } = this.#options;
    const machines = runs.flatMap(({ planned, end }) =>
      end?.state === "finished" ? (manifest.find(planned.key, planned.fingerprint)?.machine ?? []) : [],
    );
    const versions = outcomes.flatMap(({ results }) => results.map(({ version }) => version));
    return {
      machines: [...new Set(machines)],
      versions: versions.length === 0 ? [packageJson.version] : [...new Set(versions)],
      command,
      date: new Date(),
      quick,
      parallel,
    };
  }
}

function whatOf({ end, found, active }: PoolRun): Pick<UnfinishedRun, "what" | "failed"> {
  if (end === null) {
    const { record } = found;
    if (active) return { what: "being trained", failed: false };
    return { what: record ? `left at step ${record.step}` : "not started yet", failed: false };
  }
  const at = end.record ? ` at step ${end.record.step}` : "";
  if (end.state === "stopped") return { what: `stopped${at}`, failed: false };
  return { what: `${end.state}${at}: ${end.reason ?? "no reason is known"}`, failed: true };
}
