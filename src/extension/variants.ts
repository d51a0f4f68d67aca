/** One experiment with another cell or engine. Knows nothing of VS Code. */
import { parseExperiment } from "../experiment/parseExperiment.ts";
import { formatProblems } from "../experiment/problem.ts";
import type { CellName, Experiment } from "../experiment/schema.ts";

/**
 * The same experiment with other values.
 *
 * @throws Error with every problem, when the values do not go with the rest of the experiment.
 */
export function variant(
  experiment: Experiment,
  {
    cell,
    engine,
  }: { readonly cell?: CellName | undefined; readonly engine?: Experiment["engine"] | undefined },
  file: string,
): Experiment {
  if (cell === undefined && engine === undefined) return experiment;
  const changed = {
    ...experiment,
    ...(engine === undefined ? {} : { engine }),
    model: { ...experiment.model, ...(cell === undefined ? {} : { cell }) },
  };
  const parsed = parseExperiment(JSON.stringify(changed), file);
  if (parsed.ok) return parsed.experiment;
  const errors = parsed.problems.filter(({ severity }) => severity === "error");
  throw new Error(formatProblems(errors, null));
}
