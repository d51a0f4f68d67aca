/** Small models and batches for the trainer's tests. */
import type { ModelSpec, TensorMap } from "../../../src/engine/engine.ts";
import { parameterShapes } from "../../../src/engine/parameters.ts";
import { Random } from "../../../src/random.ts";

export const smallSpec: ModelSpec = {
  cell: "rnn",
  inputSize: 2,
  hidden: 6,
  layers: 1,
  activation: "tanh",
  outputSize: 3,
  head: "classifyLast",
  reflectors: [6, 6],
  radius: 0.1,
  center: 1,
};

/** Normal deviates of the given standard deviation for every parameter; reflectors and p included. */
export function randomParameters(spec: ModelSpec, seed = 5, deviation = 0.4): TensorMap {
  return new Map(
    parameterShapes(spec).map(({ name, shape }) => {
      const random = new Random(seed, name);
      const data = Float32Array.from(
        { length: shape.reduce((product, size) => product * size, 1) },
        () => random.normal() * deviation,
      );
      if (name.endsWith(".u") || name.endsWith(".v")) {
        const n = shape[1]!;
        for (let row = 0; row < shape[0]!; row++) data.fill(0, row * n, row * n + row);
      }
      return [name, { shape, data }];
    }),
  );
}
