/** A model's parameters and the optimizer's state as TensorFlow.js tensors, which this store alone disposes of. */
import type { ModelSpec, OptimizerSettings, ParameterProbe, TensorMap } from "../engine.ts";
import { l2Norm } from "../l2Norm.ts";
import { assertParameters, parameterShapes } from "../parameters.ts";
import { type Moments, updateOf } from "./optimizer.ts";
import type { Tensor, Tensorflow } from "./tensorflow.ts";

interface Stored extends Moments {
  readonly name: string;
  readonly shape: readonly number[];
  readonly decays: boolean;
  readonly value: Tensor;
}

export class ParameterStore {
  readonly #tf: Tensorflow;
  readonly #settings: OptimizerSettings;
  #stored: Stored[];

  /** @throws Error naming a parameter or a state that is missing or has another shape. */
  constructor(
    tf: Tensorflow,
    spec: ModelSpec,
    settings: OptimizerSettings,
    values: TensorMap,
    state: TensorMap = new Map(),
  ) {
    assertParameters(spec, values);
    this.#tf = tf;
    this.#settings = settings;
    const shapes = parameterShapes(spec);
    for (const { name, shape } of shapes) assertState(state, name, shape);
    const moment = (kind: "m" | "v", name: string, shape: readonly number[]) => {
      const given = state.get(`${kind}.${name}`);
      return given ? tf.tensor(given.data.slice(), [...shape]) : tf.zeros([...shape]);
    };
    this.#stored = shapes.map(({ name, shape, decays }) => ({
      name,
      shape,
      decays,
      value: tf.tensor(values.get(name)!.data.slice(), [...shape]),
      m: settings.optimizer === "rmsprop" ? undefined : moment("m", name, shape),
      v: settings.optimizer === "sgd" ? undefined : moment("v", name, shape),
      t: state.get(`t.${name}`)?.data[0] ?? 0,
    }));
  }

  /** The tensors themselves, in the order of `parameterShapes`. */
  tensors(): Map<string, Tensor> {
    return new Map(this.#stored.map(({ name, value }) => [name, value]));
  }

  /** Updates that a parameter has had. */
  steps(name: string): number {
    return this.#stored.find((stored) => stored.name === name)?.t ?? 0;
  }

  /** Copies. */
  values(): TensorMap {
    return new Map(this.#stored.map(({ name, shape, value }) => [name, { shape, data: copyOf(value) }]));
  }

  /** Copies, as `Model.getOptimizerState` names them. */
  optimizerState(): TensorMap {
    const state: TensorMap = new Map();
    for (const { name, shape, m, v, t } of this.#stored) {
      if (m) state.set(`m.${name}`, { shape, data: copyOf(m) });
      if (v) state.set(`v.${name}`, { shape, data: copyOf(v) });
      state.set(`t.${name}`, { shape: [], data: Float32Array.of(t) });
    }
    return state;
  }

  /**
   * One update of every parameter.
   * @param gradients in the order of the parameters; they stay the caller's.
   * @param norms of the gradients; with them, what the update did is measured.
   */
  update(
    gradients: readonly Tensor[],
    learningRate: number,
    scale: number,
    norms: readonly number[] | undefined,
  ): ParameterProbe[] {
    const tf = this.#tf;
    const probes: ParameterProbe[] = [];
    this.#stored = this.#stored.map((old, index) => {
      const { name, value, decays } = old;
      let next = old;
      tf.tidy(() => {
        const gradient = scale === 1 ? gradients[index]! : tf.mul(gradients[index]!, scale);
        const decay = decays ? this.#settings.weightDecay : 0;
        const { change, ...moments } = updateOf(
          tf,
          this.#settings,
          learningRate,
          decay,
          value,
          gradient,
          old,
        );
        const moved = tf.sub(value, change);
        if (norms) {
          const length = l2Norm(change.dataSync());
          const updateRatio = length === 0 ? 0 : length / l2Norm(value.dataSync());
          probes.push({ name, gradientNorm: norms[index]!, updateRatio });
        }
        for (const tensor of [moved, moments.m, moments.v]) if (tensor) tf.keep(tensor);
        next = { ...old, ...moments, value: moved };
      });
      for (const tensor of [value, old.m, old.v]) tensor?.dispose();
      return next;
    });
    return probes;
  }

  dispose(): void {
    for (const { value, m, v } of this.#stored) for (const tensor of [value, m, v]) tensor?.dispose();
    this.#stored = [];
  }
}

/** Float32 values that outlive the tensor. */
export function copyOf(tensor: Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}

function assertState(state: TensorMap, name: string, shape: readonly number[]): void {
  const count = shape.reduce((product, size) => product * size, 1);
  for (const moment of ["m", "v"] as const) {
    const tensor = state.get(`${moment}.${name}`);
    if (tensor && tensor.data.length !== count)
      throw new Error(
        `optimizer state ${moment}.${name} has ${tensor.data.length} values; expected ${count}`,
      );
  }
}
