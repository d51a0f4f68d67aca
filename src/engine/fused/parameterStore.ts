/** A model's parameters in kernel memory, with their gradients and the optimizer's state. */
import type { ModelSpec, OptimizerSettings, ParameterProbe, Tensor, TensorMap } from "../engine.ts";
import { adamBeta1, adamBeta2, epsilon, rmspropDecay } from "../optimizerConstants.ts";
import { assertParameters, parameterShapes } from "../parameters.ts";
import type { Kernels } from "./kernels.ts";
import type { Arena } from "./memory.ts";

interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly decays: boolean;
  /** Addresses. */
  readonly value: number;
  readonly gradient: number;
  /** First and second moment; 0 where the optimizer has none. */
  readonly m: number;
  readonly v: number;
  /** Updates so far. */
  t: number;
}

export class ParameterStore {
  readonly #arena: Arena;
  readonly #settings: OptimizerSettings;
  readonly #parameters: Parameter[] = [];
  readonly #byName = new Map<string, Parameter>();
  /** Squared gradient norms of the newest step, in the order of the parameters. */
  readonly #squares: Float64Array;
  readonly #block: number;
  readonly #bytes: number;

  constructor(
    arena: Arena,
    spec: ModelSpec,
    settings: OptimizerSettings,
    values: TensorMap,
    state: TensorMap | undefined,
  ) {
    assertParameters(spec, values);
    this.#arena = arena;
    this.#settings = settings;
    const shapes = parameterShapes(spec).map((entry) => ({
      ...entry,
      count: entry.shape.reduce((product, size) => product * size, 1),
    }));
    this.#squares = new Float64Array(shapes.length);
    const hasM = settings.optimizer !== "rmsprop";
    const hasV = settings.optimizer !== "sgd";
    const arrays = 2 + Number(hasM) + Number(hasV);
    const room = (count: number) => Math.ceil(count / 16) * 64;
    this.#bytes = shapes.reduce((sum, { count }) => sum + room(count), 0) * arrays;
    this.#block = arena.allocate(this.#bytes);
    let next = this.#block;
    for (const { name, shape, count, decays } of shapes) {
      const take = () => {
        const start = next;
        next += room(count);
        return start;
      };
      const parameter: Parameter = {
        name,
        shape,
        count,
        decays,
        value: take(),
        gradient: take(),
        m: hasM ? take() : 0,
        v: hasV ? take() : 0,
        t: 0,
      };
      this.#parameters.push(parameter);
      this.#byName.set(name, parameter);
      arena.floats.set(values.get(name)!.data, parameter.value / 4);
      if (state) this.#restore(parameter, state);
    }
  }

  #restore(parameter: Parameter, state: TensorMap): void {
    for (const moment of ["m", "v"] as const) {
      const tensor = state.get(`${moment}.${parameter.name}`);
      if (!tensor || !parameter[moment]) continue;
      if (tensor.data.length !== parameter.count)
        throw new Error(
          `optimizer state ${moment}.${parameter.name} has ${tensor.data.length} values; expected ${parameter.count}`,
        );
      this.#arena.floats.set(tensor.data, parameter[moment] / 4);
    }
    parameter.t = state.get(`t.${parameter.name}`)?.data[0] ?? 0;
  }

  get names(): string[] {
    return [...this.#byName.keys()];
  }

  #get(name: string): Parameter {
    const parameter = this.#byName.get(name);
    if (!parameter) throw new Error(`the model has no parameter ${name}`);
    return parameter;
  }

  /** Address of a parameter's values. */
  value(name: string): number {
    return this.#get(name).value;
  }

  /** Address of a parameter's gradient. */
  gradient(name: string): number {
    return this.#get(name).gradient;
  }

  /** Updates that a parameter has had. */
  steps(name: string): number {
    return this.#get(name).t;
  }

  #copy({ shape, count }: Parameter, address: number): Tensor {
    return { shape, data: this.#arena.floats.slice(address / 4, address / 4 + count) };
  }

  values(): TensorMap {
    return new Map(
      this.#parameters.map((parameter) => [parameter.name, this.#copy(parameter, parameter.value)]),
    );
  }

  gradients(): TensorMap {
    return new Map(
      this.#parameters.map((parameter) => [parameter.name, this.#copy(parameter, parameter.gradient)]),
    );
  }

  optimizerState(): TensorMap {
    const state: TensorMap = new Map();
    for (const parameter of this.#parameters) {
      if (parameter.m) state.set(`m.${parameter.name}`, this.#copy(parameter, parameter.m));
      if (parameter.v) state.set(`v.${parameter.name}`, this.#copy(parameter, parameter.v));
      state.set(`t.${parameter.name}`, { shape: [], data: Float32Array.of(parameter.t) });
    }
    return state;
  }

  /** Squared L2 norm of all gradients together; each parameter's own is kept for the probes of the update. */
  gradientSquares(kernels: Kernels): number {
    const squares = this.#squares;
    let sum = 0;
    for (let i = 0; i < squares.length; i++) {
      const { gradient, count } = this.#parameters[i]!;
      const square = kernels.sumOfSquares(gradient, count);
      squares[i] = square;
      sum += square;
    }
    return sum;
  }

  /**
   * One update of every parameter, after `gradientSquares`.
   * @param scale factor of every gradient (from clipping).
   * @param probe measure what the update did.
   */
  update(
    kernels: Kernels,
    learningRate: number,
    scale: number,
    probe: boolean,
  ): ParameterProbe[] | undefined {
    const { optimizer, momentum, weightDecay } = this.#settings;
    const probes: ParameterProbe[] | undefined = probe ? [] : undefined;
    for (let index = 0; index < this.#parameters.length; index++) {
      const parameter = this.#parameters[index]!;
      const { name, value, gradient, m, v, count } = parameter;
      const decay = parameter.decays ? weightDecay : 0;
      const before = probes ? Math.sqrt(kernels.sumOfSquares(value, count)) : 0;
      parameter.t++;
      let moved: number;
      if (optimizer === "adam") {
        const correction1 = 1 - adamBeta1 ** parameter.t;
        const correction2 = 1 - adamBeta2 ** parameter.t;
        moved = kernels.adam(
          value,
          gradient,
          m,
          v,
          count,
          learningRate,
          adamBeta1,
          adamBeta2,
          epsilon,
          correction1,
          correction2,
          scale,
          decay,
        );
      } else if (optimizer === "rmsprop") {
        moved = kernels.rmsprop(value, gradient, v, count, learningRate, rmspropDecay, epsilon, scale, decay);
      } else moved = kernels.sgd(value, gradient, m, count, learningRate, momentum, scale, decay);
      if (probes) {
        const updateRatio = moved === 0 ? 0 : Math.sqrt(moved) / before;
        probes.push({ name, gradientNorm: Math.sqrt(this.#squares[index]!), updateRatio });
      }
    }
    return probes;
  }

  release(): void {
    this.#arena.release(this.#block, this.#bytes);
  }
}
