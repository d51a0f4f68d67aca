/** A fit of TensorFlow.js as a run's experiment has it. */
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type Experiment, experimentSchema } from "../experiment/schema.ts";
import type { RecordedLayer } from "./recordedLayers.ts";

/** Metrics in TensorFlow.js's logs that a run's metric can be, and their names there. */
export const metricNames: Readonly<Record<string, string>> = {
  acc: "accuracy",
  accuracy: "accuracy",
  binaryAccuracy: "accuracy",
  categoricalAccuracy: "accuracy",
  sparseCategoricalAccuracy: "accuracy",
  mse: "mean squared error",
  MSE: "mean squared error",
  meanSquaredError: "mean squared error",
};

/** Optimizers of TensorFlow.js that an experiment file knows, by class. */
const optimizers: Readonly<Record<string, Experiment["training"]["optimizer"]>> = {
  Adam: "adam",
  RMSProp: "rmsprop",
  SGD: "sgd",
  Momentum: "sgd",
};

/** A learning rate that does not change from step to step; undefined where the optimizer does not say. */
export function learningRateOf(optimizer: tf.Optimizer): number | undefined {
  const { learningRate } = optimizer as { learningRate?: unknown };
  return typeof learningRate === "number" ? learningRate : undefined;
}

interface Fit {
  readonly name: string;
  readonly batch: number;
  /** 0: not known. */
  readonly steps: number;
  readonly cadence: "auto" | number;
}

/** @param layers those that are recorded. */
export function experimentOfFit(
  model: LayersModel,
  layers: readonly RecordedLayer[],
  { name, batch, steps, cadence }: Fit,
): Experiment {
  const { cell, units, activation, factors } = layers[0]!;
  const { optimizer } = model;
  const className = optimizer.getClassName();
  const learningRate = learningRateOf(optimizer) ?? 0;
  const names = layers.map(({ layer }) => layer.name).join(", ");
  return experimentSchema.parse({
    name: name.slice(0, 100),
    task: {
      kind: "external",
      // What the experiment has no word for is told here.
      program: `TensorFlow.js ${tf.version_core}, ${className} on ${names}`.slice(0, 200),
    },
    model: {
      cell,
      hidden: units,
      layers: layers.length,
      activation,
      ...(factors
        ? {
            reflectors: factors.config.reflectors,
            radius: Math.min(factors.config.radius, 10),
            center: Math.min(factors.config.center, 10),
          }
        : {}),
    },
    training: {
      optimizer: optimizers[className] ?? "sgd",
      ...(learningRate > 0 && learningRate <= 100 ? { learningRate } : {}),
      batch,
      ...(steps > 0 ? { steps } : {}),
    },
    telemetry: { cadence },
    engine: "tensorflow",
  });
}
