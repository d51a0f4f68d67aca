/**
 * The factors U, diag(σ) and Vᵀ of a recurrent kernel, as weights of a TensorFlow.js cell.
 *
 * TensorFlow.js multiplies h from the left, so its recurrent kernel is [n, gates · n] with each gate's Wᵀ in a block
 * of n columns; the factors are those of W, as everywhere in Sigmascope.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { LayerVariable } from "@tensorflow/tfjs-layers";
import { initializeParameters } from "../engine/initialize.ts";
import { splitKernel } from "../engine/tensorflow/kernelBlocks.ts";
import { spectralMatrix } from "../engine/tensorflow/transition.ts";
import { fromMatrix } from "../spectral/spectral.ts";

/** What a spectral layer takes beside what the layer of TensorFlow.js takes. */
export interface SpectralArgs {
  /** Householder reflectors of U and V: m, or [m₁, m₂]; 1 ≤ m ≤ units. Default: min(units, 16). */
  readonly reflectors?: number | readonly [number, number];
  /** r > 0: singular values stay inside (center − radius, center + radius). Default: 0.1. */
  readonly radius?: number;
  /** σ* ≥ 0: the middle of the band. Default: 1. */
  readonly center?: number;
  /** Of the first reflectors, 0 … 2³² − 1; default: by chance. Of no use with a `recurrentInitializer`. */
  readonly seed?: number;
}

interface KernelArgs extends SpectralArgs {
  readonly units: number;
  readonly recurrentInitializer?: unknown;
  readonly recurrentRegularizer?: unknown;
  readonly recurrentConstraint?: unknown;
}

/** What `getConfig` adds. */
export interface SpectralConfig {
  readonly reflectors: [number, number];
  readonly radius: number;
  readonly center: number;
}

/** What makes the first values of a weight. */
interface WeightInitializer {
  apply(shape: number[]): tf.Tensor;
  getConfig(): tf.serialization.ConfigDict;
}

/** Adds a trainable weight to a cell. */
type AddWeight = (name: string, shape: number[], initializer: WeightInitializer) => LayerVariable;

const defaultReflectors = 16;
const defaultRadius = 0.1;

export class SpectralFactors {
  readonly config: SpectralConfig;
  readonly #units: number;
  readonly #gates: number;
  readonly #seed: number;
  readonly #hasInitializer: boolean;
  #variables: Record<"u" | "v" | "p", LayerVariable> | undefined;
  /** The kernel during one pass of the layer over a sequence. */
  #current: tf.Tensor2D | undefined;

  /** @throws RangeError naming the argument, the value found and those allowed. */
  constructor(layer: string, args: KernelArgs, gates: number) {
    const { units, reflectors = Math.min(units, defaultReflectors) } = args;
    const { radius = defaultRadius, center = 1, seed = Math.floor(Math.random() * 2 ** 32) } = args;
    const pair = typeof reflectors === "number" ? ([reflectors, reflectors] as const) : reflectors;
    const refuse = (what: string): never => {
      throw new RangeError(`${layer}: ${what}`);
    };
    if (
      !Array.isArray(pair) ||
      pair.length !== 2 ||
      !pair.every((m) => Number.isInteger(m) && m >= 1 && m <= units)
    )
      refuse(
        `reflectors is ${JSON.stringify(reflectors)}; allowed: a whole number from 1 to units (${units}), or two`,
      );
    if (!(radius > 0 && Number.isFinite(radius))) refuse(`radius is ${radius}; allowed: a number above 0`);
    if (!(center >= 0 && Number.isFinite(center))) refuse(`center is ${center}; allowed: a number from 0 on`);
    if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
      refuse(`seed is ${seed}; allowed: a whole number from 0 to ${2 ** 32 - 1}`);
    if (args.recurrentRegularizer != null || args.recurrentConstraint != null)
      refuse(
        "the recurrent kernel is kept by its band: neither recurrentRegularizer nor recurrentConstraint applies",
      );
    this.config = { reflectors: [pair[0], pair[1]], radius, center };
    this.#units = units;
    this.#gates = gates;
    this.#seed = seed;
    this.#hasInitializer = args.recurrentInitializer != null;
  }

  /**
   * Adds the weights `recurrent_u` [gates, m₁, n], `recurrent_v` [gates, m₂, n] and `recurrent_p` [gates, n] in the
   * place of a recurrent kernel.
   * @param initializer of the kernel: the factors start at the nearest that they can express; when the user gave none,
   *   with random reflectors and σ = σ*.
   * @returns what the cell reads its kernel from.
   */
  add(addWeight: AddWeight, initializer: Pick<WeightInitializer, "apply">): LayerVariable {
    const [n, gates] = [this.#units, this.#gates];
    const [m1, m2] = this.config.reflectors;
    const start = this.#hasInitializer ? this.#nearest(initializer) : this.#random();
    const variable = (name: "u" | "v" | "p", shape: number[]) =>
      addWeight(`recurrent_${name}`, shape, {
        apply: () => tf.tensor(start[name], shape),
        getConfig: () => ({}),
      });
    this.#variables = {
      u: variable("u", [gates, m1, n]),
      v: variable("v", [gates, m2, n]),
      p: variable("p", [gates, n]),
    };
    return { read: () => this.#current ?? this.kernel() } as LayerVariable;
  }

  /** A cell's configuration with what these factors add to it. */
  configOf(config: tf.serialization.ConfigDict): tf.serialization.ConfigDict {
    const { recurrentInitializer, ...rest } = config;
    const { reflectors, radius, center } = this.config;
    return {
      ...rest,
      ...(this.#hasInitializer ? { recurrentInitializer: recurrentInitializer! } : {}),
      reflectors: [...reflectors],
      radius,
      center,
    };
  }

  /** The kernel that the factors stand for, [n, gates · n]. */
  kernel(): tf.Tensor2D {
    if (!this.#variables) throw new Error("the layer was not built");
    const { u, v, p } = this.#variables;
    const gates = Array.from({ length: this.#gates }, (_, gate) => {
      const at = (variable: LayerVariable) => {
        const [, ...shape] = variable.shape as number[];
        return tf.reshape(tf.slice(variable.read(), gate, 1), shape);
      };
      const tensors = { u: at(u) as tf.Tensor2D, v: at(v) as tf.Tensor2D, p: at(p) as tf.Tensor1D };
      return tf.transpose(spectralMatrix(tf, tensors, this.config)) as tf.Tensor2D;
    });
    return gates.length === 1 ? gates[0]! : tf.concat(gates, 1);
  }

  /** The kernel is made once for all timesteps of a pass. Inside a tidy. */
  during<T>(pass: () => T): T {
    this.#current = this.#variables ? this.kernel() : undefined;
    try {
      return pass();
    } finally {
      this.#current = undefined;
    }
  }

  /** p, whose σ are known without a decomposition: [gates, n]. */
  get p(): LayerVariable | undefined {
    return this.#variables?.p;
  }

  #random(): Record<"u" | "v" | "p", Float32Array> {
    const parameters = initializeParameters(
      {
        cell: "spectral",
        inputSize: 1,
        hidden: this.#units,
        layers: this.#gates,
        activation: "tanh",
        outputSize: 1,
        head: "regressLast",
        ...this.config,
      },
      "orthogonal",
      this.#seed,
    );
    return this.#gather((gate, name) => parameters.get(`layers.${gate}.${name}`)!.data);
  }

  #nearest(initializer: Pick<WeightInitializer, "apply">): Record<"u" | "v" | "p", Float32Array> {
    const [n, gates] = [this.#units, this.#gates];
    const kernel = initializer.apply([n, gates * n]);
    const values = kernel.dataSync();
    kernel.dispose();
    const shape = { rows: n, columns: n, ...this.config };
    const factors = splitKernel(n, gates, values).map(
      (w) => fromMatrix(Float64Array.from(w), shape, { clip: true }).parameters,
    );
    return this.#gather((gate, name) => factors[gate]![name]);
  }

  #gather(
    of: (gate: number, name: "u" | "v" | "p") => ArrayLike<number>,
  ): Record<"u" | "v" | "p", Float32Array> {
    const all = (name: "u" | "v" | "p") =>
      Float32Array.from(Array.from({ length: this.#gates }, (_, gate) => Array.from(of(gate, name))).flat());
    return { u: all("u"), v: all("v"), p: all("p") };
  }
}
