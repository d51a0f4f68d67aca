import type { ModelSpec } from "../../../src/engine/engine.ts";

export function specOf(changes: Partial<ModelSpec> = {}): ModelSpec {
  return {
    cell: "rnn",
    inputSize: 3,
    hidden: 8,
    layers: 2,
    activation: "tanh",
    outputSize: 4,
    head: "classifyLast",
    reflectors: [4, 4],
    radius: 0.1,
    center: 1,
    ...changes,
  };
}
