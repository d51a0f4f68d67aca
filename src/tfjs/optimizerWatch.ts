/** Looks at what an optimizer of TensorFlow.js is given and does: gradient norms and update ratios by weight. */
import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { ParameterProbe } from "../engine/engine.ts";
import { l2Norm } from "../engine/l2Norm.ts";
import { learningRateOf } from "./fitExperiment.ts";

type Gradients = Parameters<tf.Optimizer["applyGradients"]>[0];

export class OptimizerWatch {
  readonly #optimizer: tf.Optimizer;
  readonly #applyGradients: tf.Optimizer["applyGradients"];
  /** Name of the variable → weight. */
  readonly #weights: ReadonlyMap<string, LayersModel["weights"][number]>;
  #watching = false;
  #probes: ParameterProbe[] = [];

  constructor(model: LayersModel) {
    this.#optimizer = model.optimizer;
    this.#applyGradients = this.#optimizer.applyGradients;
    this.#weights = new Map(model.trainableWeights.map((weight) => [weight.name, weight]));
    this.#optimizer.applyGradients = (gradients) => this.#apply(gradients);
  }

  /** Weights as telemetry names them. */
  get names(): string[] {
    return [...this.#weights.values()].map(({ originalName }) => originalName);
  }

  /** NaN where the optimizer does not say. */
  get learningRate(): number {
    return learningRateOf(this.#optimizer) ?? Number.NaN;
  }

  begin(): void {
    this.#watching = true;
    this.#probes = [];
  }

  end(): ParameterProbe[] {
    this.#watching = false;
    return this.#probes;
  }

  release(): void {
    this.#watching = false;
    this.#optimizer.applyGradients = this.#applyGradients;
  }

  #apply(gradients: Gradients): void {
    const apply = () => this.#applyGradients.call(this.#optimizer, gradients);
    if (!this.#watching) {
      apply();
      return;
    }
    const named = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    const before = named.map(({ name, tensor }) => {
      const weight = this.#weights.get(name);
      return weight && tensor
        ? { weight, norm: l2Norm(tensor.dataSync()), values: weight.read().dataSync().slice() }
        : undefined;
    });
    apply();
    for (const entry of before) {
      if (!entry) continue;
      const { weight, norm, values } = entry;
      const after = weight.read().dataSync();
      const change = after.map((value, i) => value - values[i]!);
      const moved = l2Norm(change);
      this.#probes.push({
        name: weight.originalName,
        gradientNorm: norm,
        updateRatio: moved === 0 ? 0 : moved / l2Norm(values),
      });
    }
  }
}
