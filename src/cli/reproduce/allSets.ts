/** The sets by name. */
import { CliError, exitCodes } from "../exitCodes.ts";
import type { ExperimentSet } from "./experimentSet.ts";
import { addingSets } from "./sets/adding.ts";
import { copySets } from "./sets/copy.ts";
import { deepSets } from "./sets/deep.ts";
import { mnistSets } from "./sets/mnist.ts";
import { textSets } from "./sets/text.ts";
import { ucrSets } from "./sets/ucr.ts";

export const allSets: readonly ExperimentSet[] = [
  ...addingSets,
  ...copySets,
  ...mnistSets,
  ...deepSets,
  ...ucrSets,
  ...textSets,
];

/**
 * The sets that a person names, by their own names or their family's, in the order of the list; all where none is named.
 *
 * @throws CliError (usage) for a name that no set has.
 */
export function setsNamed(names: readonly string[]): readonly ExperimentSet[] {
  for (const name of names)
    if (!allSets.some((set) => set.name === name || set.family === name))
      throw new CliError(
        `there is no set "${name}"; the sets are ${allSets.map((set) => set.name).join(", ")}`,
        exitCodes.usage,
      );
  return names.length === 0
    ? allSets
    : allSets.filter((set) => names.includes(set.name) || names.includes(set.family));
}
