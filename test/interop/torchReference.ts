/**
 * Writes random models and batches with what the double-precision reference says of them, for torch_reference.py:
 * one JSON file with every value written out.
 *
 * usage: torchReference OUT.json
 */
import { writeFileSync } from "node:fs";
import type { OptimizerSettings } from "../../src/engine/engine.ts";
import { Random } from "../../src/random.ts";
import {
  everyKind,
  instructiveBatch,
  randomParameters,
  randomShape,
  specOf,
  toDoubles,
} from "../reference/cases.ts";
import { type Doubles, evaluateWithGradients, transitionMatrix } from "../reference/model.ts";
import { initialState, update } from "../reference/optimizers.ts";

const steps = 10;
const learningRate = 0.01;

const optimizers: readonly OptimizerSettings[] = [
  { optimizer: "adam", momentum: 0, weightDecay: 0.1, clipNorm: 0.5 },
  { optimizer: "rmsprop", momentum: 0, weightDecay: 0, clipNorm: undefined },
  { optimizer: "sgd", momentum: 0.9, weightDecay: 0, clipNorm: 0.5 },
];

const plain = (values: Doubles) => Object.fromEntries([...values].map(([name, data]) => [name, [...data]]));

const [out] = process.argv.slice(2);
if (!out) throw new Error("usage: torchReference OUT.json");

const cases = everyKind().map((kind, index) => {
  const random = new Random(1, "torch reference", index);
  const shape = randomShape(random, { batch: 6, length: 9, hidden: 9, inputSize: 7, outputSize: 5 });
  const spec = specOf(random, kind, shape);
  const parameters = toDoubles(randomParameters(random, spec));
  const batch = instructiveBatch(random, spec, parameters, shape.batch, shape.length);
  const { loss, metric, outputs, gradients, layers } = evaluateWithGradients(spec, parameters, batch);
  const settings = optimizers[index % optimizers.length]!;
  const trained: Doubles = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
  const state = initialState(spec, settings);
  for (let step = 0; step < steps; step++)
    update(
      spec,
      settings,
      learningRate,
      trained,
      evaluateWithGradients(spec, trained, batch).gradients,
      state,
    );
  return {
    spec,
    batch: { ...batch, inputs: [...batch.inputs], targets: [...batch.targets] },
    parameters: plain(parameters),
    transitions: Array.from({ length: spec.layers }, (_, layer) => transitionMatrix(spec, parameters, layer)),
    expected: { loss, metric, outputs: [...outputs], gradients: plain(gradients) },
    stateGradientNorms: layers.map(({ gradientNorm }) => [...gradientNorm]),
    training: {
      settings: { ...settings, clipNorm: settings.clipNorm ?? null },
      learningRate,
      steps,
      parameters: plain(trained),
    },
  };
});
writeFileSync(out, JSON.stringify(cases));
