/** Where a model's matrices lie in kernel memory, by the names that they are packed under. */
import type { ModelSpec } from "../engine.ts";
import type { ParameterStore } from "./parameterStore.ts";
import { sampledHead } from "./plan.ts";
import type { SampledHead } from "./sampledHead.ts";
import type { Transition } from "./transition.ts";
import type { Locate } from "./weights.ts";

interface Parts {
  readonly store: ParameterStore;
  readonly transitions: readonly Transition[];
  readonly sampled: SampledHead | undefined;
}

/**
 * Looks addresses up in a table that is made once: they stay, and a step asks for each of them.
 *
 * @returns a function that throws Error for a name that the model has not.
 */
export function addressesOf(
  of: "value" | "gradient",
  spec: ModelSpec,
  { store, transitions, sampled }: Parts,
): Locate {
  const table = new Map<string, number>();
  for (const name of store.names) table.set(name, store[of](name));
  if (spec.embedding === "tied") table.set("head.W", store[of]("embedding.W"));
  for (const transition of transitions)
    for (const [name, address] of of === "value" ? transition.values : transition.gradients)
      table.set(name, address);
  if (sampled) {
    table.set(sampledHead.W, sampled[of].W);
    table.set(sampledHead.b, sampled[of].b);
  }
  return (name) => {
    const address = table.get(name);
    if (address === undefined) throw new Error(`the model has no matrix ${name}`);
    return address;
  };
}
