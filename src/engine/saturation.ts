/** When a unit counts as saturated or dead, as `LayerProbe.saturation` has it. */
import type { ActivationName } from "../experiment/schema.ts";

/** |tanh| above which a unit counts as saturated: its derivative is below 0.05. */
const saturatedAbove = 0.975;

/**
 * Share of units that are saturated (tanh) or dead (relu, leakyRelu: output ≤ 0); 0 for identity.
 * @param values outputs of the activation: h of simple cells, tanh(c) of an lstm, the candidate of a gru.
 */
export function saturatedShare(activation: ActivationName, values: ArrayLike<number>): number {
  if (activation === "identity") return 0;
  let count = 0;
  for (let i = 0; i < values.length; i++)
    if (activation === "tanh" ? Math.abs(values[i]!) > saturatedAbove : values[i]! <= 0) count++;
  return count / values.length;
}
