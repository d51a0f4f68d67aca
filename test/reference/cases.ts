/** Random models and batches for the tests of the reference and of the engines compared with it. */
import type { Batch, HeadName, ModelSpec, States, TensorMap } from "../../src/engine/engine.ts";
import { parameterShapes } from "../../src/engine/parameters.ts";
import { type ActivationName, activationNames, cellNames } from "../../src/experiment/schema.ts";
import type { Random } from "../../src/random.ts";
import { targetsPerSequence } from "./heads.ts";
import { type Doubles, evaluate } from "./model.ts";

export const headNames: readonly HeadName[] = ["classifyLast", "regressLast", "classifyEach"];

/** B, T, n, d, outputs and reflectors of a case. */
export interface CaseShape {
  readonly batch: number;
  readonly length: number;
  readonly hidden: number;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly reflectors: readonly [number, number];
}

/** Every cell with each activation it takes (lstm and gru: one), each head, and 1, 2 and 3 layers. */
export function everyKind(): Pick<ModelSpec, "cell" | "activation" | "head" | "layers">[] {
  return cellNames.flatMap((cell) => {
    const activations: readonly ActivationName[] =
      cell === "lstm" || cell === "gru" ? ["tanh"] : activationNames;
    return activations.flatMap((activation) =>
      headNames.flatMap((head) => [1, 2, 3].map((layers) => ({ cell, activation, head, layers }))),
    );
  });
}

type Kind = Pick<ModelSpec, "cell" | "activation" | "head" | "layers"> &
  Partial<Pick<ModelSpec, "net" | "vocabulary" | "embedding">>;

/** Feed-forward nets of each cell and activation that they take, 2 to 5 layers deep. */
export function deepKinds(): Kind[] {
  return (["mlp", "resnet"] as const).flatMap((net) =>
    (["rnn", "spectral", "orthogonal"] as const).flatMap((cell) =>
      activationNames.map((activation, i) => {
        const head = headNames[i % headNames.length]!;
        return { net, cell, activation, head, layers: 2 + i };
      }),
    ),
  );
}

/** Models of symbols: one-hot, looked up, and with the same matrix for the logits, for each cell. */
export function symbolKinds(): Kind[] {
  return cellNames.flatMap((cell) =>
    ([undefined, "free", "tied"] as const).map((embedding, i): Kind => {
      const kind = {
        cell,
        activation: "tanh",
        head: "classifyEach",
        layers: 1 + (i % 2),
        vocabulary: 6,
      } as const;
      return embedding === undefined ? kind : { ...kind, embedding };
    }),
  );
}

/** A random shape with every extent at most its limit; 1 is drawn more often than its share. */
export function randomShape(random: Random, limit: Omit<CaseShape, "reflectors">): CaseShape {
  const extent = (largest: number) => (random.below(5) === 0 ? 1 : 1 + random.below(largest));
  const hidden = extent(limit.hidden);
  return {
    batch: extent(limit.batch),
    length: extent(limit.length),
    hidden,
    inputSize: extent(limit.inputSize),
    outputSize: extent(limit.outputSize),
    reflectors: [1 + random.below(hidden), 1 + random.below(hidden)],
  };
}

/** The spec of a kind and a shape, with a random band for the singular values. */
export function specOf(random: Random, kind: Kind, shape: CaseShape): ModelSpec {
  const { hidden, reflectors } = shape;
  const inputSize = kind.vocabulary === undefined ? shape.inputSize : 1;
  // With one class there is nothing to learn: loss and gradients are zero.
  const outputSize =
    kind.embedding === "tied"
      ? kind.vocabulary!
      : kind.head === "regressLast"
        ? shape.outputSize
        : Math.max(2, shape.outputSize);
  const radius = 0.05 + 0.45 * random.uniform();
  const center = random.below(3) === 0 ? 0.5 : 1;
  return { ...kind, hidden, inputSize, outputSize, reflectors, radius, center };
}

/**
 * Random parameters, exact in single precision: matrices that keep most units out of saturation, a spread of singular
 * values, and reflectors with their zeros in place, the sign H_1 (when there is one) left out, +, or −.
 */
export function randomParameters(random: Random, spec: ModelSpec): TensorMap {
  const parameters: TensorMap = new Map();
  for (const { name, shape } of parameterShapes(spec)) {
    const [rows, columns = 1] = shape as [number, number?];
    const isReflector = name.endsWith(".u") || name.endsWith(".v");
    const scale = isReflector || name.endsWith(".p") ? 1 : 0.7 / Math.sqrt(columns);
    const data = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        const value = random.normal() * scale;
        const isSign = isReflector && i === columns - 1;
        if (isSign) data[i * columns + j] = j === i ? random.below(3) - 1 : 0;
        else data[i * columns + j] = isReflector && j < i ? 0 : value;
      }
    parameters.set(name, { shape, data });
  }
  return parameters;
}

/** Normal initial states of a batch. */
export function randomStates(random: Random, spec: ModelSpec, size: number): States {
  const values = () =>
    Float32Array.from({ length: spec.layers * size * spec.hidden }, () => 0.5 * random.normal());
  return { h: values(), c: spec.cell === "lstm" ? values() : undefined };
}

/** Normal inputs and targets of the head's kind. */
export function randomBatch(random: Random, spec: ModelSpec, size: number, length: number): Batch {
  const inputs = Float32Array.from({ length: size * length * spec.inputSize }, () =>
    spec.vocabulary === undefined ? random.normal() : random.below(spec.vocabulary),
  );
  const count = size * targetsPerSequence(spec.head, spec.outputSize, length);
  const targets =
    spec.head === "regressLast"
      ? Float32Array.from({ length: count }, () => random.normal())
      : Int32Array.from({ length: count }, () => random.below(spec.outputSize));
  return { size, length, inputs, targets };
}

/**
 * A random batch without sequences that the model is nearly sure of: there softmax − 1, or output − target, cancels,
 * and single precision keeps few digits of the gradient.
 */
export function instructiveBatch(
  random: Random,
  spec: ModelSpec,
  parameters: Doubles,
  size: number,
  length: number,
  initial?: States,
): Batch {
  const batch = { ...randomBatch(random, spec, size, length), ...(initial ? { initial } : {}) };
  const { outputs } = evaluate(spec, parameters, batch);
  const { targets } = batch;
  if (spec.head === "regressLast") {
    for (const [i, target] of targets.entries())
      if (Math.abs(outputs[i]! - target) < 0.01) targets[i] = target + 1;
    return batch;
  }
  const classes = spec.outputSize;
  for (let i = 0; i < targets.length; i++) {
    const logits = outputs.subarray(i * classes, (i + 1) * classes);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - Math.max(...logits)), 0);
    const probability = () => Math.exp(logits[targets[i]!]! - Math.max(...logits)) / total;
    while (probability() > 0.9) targets[i] = random.below(classes);
  }
  return batch;
}

/** The same values in double precision. */
export function toDoubles(tensors: TensorMap): Doubles {
  return new Map([...tensors].map(([name, { data }]) => [name, Float64Array.from(data)]));
}
