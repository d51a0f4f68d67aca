/** Which findings of a run still hold for the experiment file that it was started from. Knows nothing of VS Code. */
import type { Finding } from "../diagnostics/finding.ts";
import { sortFindings } from "../diagnostics/severity.ts";
import type { ParsedExperiment } from "../experiment/parseExperiment.ts";
import type { Experiment } from "../experiment/schema.ts";

/**
 * The findings whose property has in the file the value that it had in the run, and whose remedy is not there yet: a
 * warning that was heeded goes away before the experiment is trained again.
 *
 * @param ran the run's experiment; null where it cannot be read.
 * @param file as it is now; while it has errors, every finding stands.
 */
export function standingFindings(
  findings: readonly Finding[],
  ran: Experiment | null,
  file: ParsedExperiment,
): readonly Finding[] {
  const sorted = sortFindings(findings);
  if (!file.ok || ran === null) return sorted;
  return sorted.filter(({ property, remedy }) => {
    const { edits } = remedy;
    const heeded =
      edits.length > 0 && edits.every(({ path, value }) => same(valueAt(file.experiment, path), value));
    return (
      !heeded &&
      [property, ...edits.map(({ path }) => path)].every((path) => {
        const before = valueAt(ran, path);
        const now = valueAt(file.experiment, path);
        // What a run resolved from a default is not written in the file.
        return now === undefined || same(before, now);
      })
    );
  });
}

function valueAt(experiment: Experiment, path: readonly string[]): unknown {
  let value: unknown = experiment;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
