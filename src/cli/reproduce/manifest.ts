/** `reproduce.json`: which run directory holds which run of which set, so that a second call goes on with the first. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import type { ExperimentInput } from "../../experiment/schema.ts";
import { replaceFile } from "../../runs/atomicFile.ts";
import { describeIssues } from "../../runs/describeIssues.ts";
import { attempt } from "../../runs/systemError.ts";

const fileName = "reproduce.json";

/** What a run is of. */
export interface RunKey {
  readonly set: string;
  readonly experiment: string;
  readonly seed: number;
  readonly quick: boolean;
  /** Steps from the command line; null: the set's own. */
  readonly steps: number | null;
}

const entrySchema = z.object({
  set: z.string(),
  experiment: z.string(),
  seed: z.int().min(0),
  quick: z.boolean(),
  steps: z.int().min(1).nullable(),
  /** Of the experiment as the set defined it then: a run of another definition is no result of this one. */
  fingerprint: z.string(),
  /** Relative to the manifest's folder, with slashes. */
  directory: z.string(),
  /** Where and when it was started. */
  machine: z.string(),
  command: z.string(),
  started: z.iso.datetime(),
});

export type ManifestEntry = z.output<typeof entrySchema>;

const manifestSchema = z.object({ format: z.literal(1), runs: z.array(entrySchema) });

export class Manifest {
  readonly #folder: string;
  readonly #file: string;
  readonly #entries: Map<string, ManifestEntry>;

  private constructor(folder: string, entries: readonly ManifestEntry[]) {
    this.#folder = folder;
    this.#file = join(folder, fileName);
    this.#entries = new Map(entries.map((entry) => [keyText(entry), entry]));
  }

  /**
   * The manifest of a folder; an empty one where there is none.
   *
   * @throws Error that names the file and what is wrong with it: to begin again would train everything anew.
   */
  static open(folder: string): Manifest {
    const file = join(folder, fileName);
    if (!existsSync(file)) return new Manifest(folder, []);
    let value: unknown;
    try {
      value = JSON.parse(attempt("read", file, () => readFileSync(file, "utf8")));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new Error(`${file} is damaged: ${error.message}`, { cause: error });
    }
    const result = manifestSchema.safeParse(value);
    if (!result.success) throw new Error(`${file} is damaged: ${describeIssues(result.error)}`);
    return new Manifest(folder, result.data.runs);
  }

  /** The entry of a run; undefined where there is none, or one of an experiment that was defined otherwise. */
  find(key: RunKey, fingerprint: string): ManifestEntry | undefined {
    const entry = this.#entries.get(keyText(key));
    return entry?.fingerprint === fingerprint ? entry : undefined;
  }

  /** Absolute path of an entry's run directory. */
  directoryOf(entry: ManifestEntry): string {
    return resolve(this.#folder, entry.directory);
  }

  /**
   * Adds or replaces the entry of a run, on the disk too.
   *
   * @throws SystemFailure.
   */
  record(entry: Omit<ManifestEntry, "directory">, directory: string): void {
    const inside = relative(this.#folder, directory).replaceAll("\\", "/");
    this.#entries.set(keyText(entry), { ...entry, directory: inside });
    const runs = [...this.#entries.values()];
    replaceFile(this.#file, `${JSON.stringify({ format: 1, runs }, undefined, 1)}\n`);
  }
}

function keyText({ set, experiment, seed, quick, steps }: RunKey): string {
  return JSON.stringify([set, experiment, seed, quick, steps]);
}

/**
 * The same for equal experiments, whatever the order of their properties and wherever the data folder is. Taken of
 * the experiment as the set writes it, so that a new default of the schema does not void old runs.
 */
export function fingerprintOf(input: ExperimentInput, dataFolder: string): string {
  const text = JSON.stringify(input, (_, value: unknown) => {
    if (typeof value === "string" && value.startsWith(dataFolder))
      return `DATA${value.slice(dataFolder.length)}`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
