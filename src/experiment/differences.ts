/** What sets experiments apart. */
import type { Experiment } from "./schema.ts";

export interface Difference {
  /** e.g. `model.cell`. */
  readonly property: string;
  /** One value per experiment; undefined where an experiment does not have the property. */
  readonly values: readonly unknown[];
}

/**
 * The properties whose values are not the same in all experiments, in the order of the file; names and the address
 * of the schema do not count.
 */
export function differences(experiments: readonly Experiment[]): Difference[] {
  const flat = experiments.map((experiment) => new Map(leaves(experiment)));
  const properties = new Set(flat.flatMap((values) => [...values.keys()]));
  properties.delete("name");
  properties.delete("$schema");
  return [...properties]
    .map((property) => ({ property, values: flat.map((values) => values.get(property)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

/** Every value that is not an object, with its path such as `model.cell`; lists count as one value. */
export function leaves(value: object, prefix = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? leaves(inner, `${prefix}${key}.`)
      : [[`${prefix}${key}`, inner]],
  );
}
