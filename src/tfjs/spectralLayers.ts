/**
 * Recurrent layers of TensorFlow.js whose recurrent kernel is W = U diag(σ) Vᵀ (Zhang, Lei & Dhillon, ICML 2018): the
 * layers that TensorFlow.js has, with other weights. Gated layers have such a W for each gate.
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  type GRULayerArgs,
  type LayerVariable,
  type LSTMLayerArgs,
  layers,
  type SimpleRNNLayerArgs,
} from "@tensorflow/tfjs-layers";
import { type SpectralArgs, SpectralFactors } from "./spectralFactors.ts";

type Constructor<A, T> = new (args: A) => T;

/** TensorFlow.js exports factories of its layers, not their classes. */
function classOf<A, T extends object>(instance: T): Constructor<A, T> {
  return instance.constructor as Constructor<A, T>;
}

const [SimpleRNN, SimpleRNNCell] = [
  classOf<SimpleRNNLayerArgs, ReturnType<typeof layers.simpleRNN>>(layers.simpleRNN({ units: 1 })),
  classOf<SimpleRNNLayerArgs, ReturnType<typeof layers.simpleRNNCell>>(layers.simpleRNNCell({ units: 1 })),
];
const [LSTM, LSTMCell] = [
  classOf<LSTMLayerArgs, ReturnType<typeof layers.lstm>>(layers.lstm({ units: 1 })),
  classOf<LSTMLayerArgs, ReturnType<typeof layers.lstmCell>>(layers.lstmCell({ units: 1 })),
];
const gruArgs = { units: 1, recurrentActivation: "sigmoid" } as const;
const [GRU, GRUCell] = [
  classOf<GRULayerArgs, ReturnType<typeof layers.gru>>(layers.gru(gruArgs)),
  classOf<GRULayerArgs, ReturnType<typeof layers.gruCell>>(layers.gruCell(gruArgs)),
];

export type SpectralRNNArgs = SimpleRNNLayerArgs & SpectralArgs;
export type SpectralLSTMArgs = LSTMLayerArgs & SpectralArgs;
export type SpectralGRUArgs = GRULayerArgs & SpectralArgs;

type Config = tf.serialization.ConfigDict;
type Kwargs = Record<string, unknown>;
type AddWeight = Parameters<(typeof layers.Layer.prototype)["addWeight"]>;

export class SpectralRNNCell extends SimpleRNNCell {
  static className = "SpectralRNNCell";
  readonly factors: SpectralFactors;

  constructor(args: SpectralRNNArgs) {
    super(args);
    this.factors = new SpectralFactors("SpectralRNN", args, 1);
  }

  protected override addWeight(...args: AddWeight): LayerVariable {
    if (args[0] !== "recurrent_kernel") return super.addWeight(...args);
    return this.factors.add(
      (name, shape, initializer) => super.addWeight(name, shape, undefined, initializer as AddWeight[3]),
      args[3]!,
    );
  }

  override getConfig(): Config {
    return this.factors.configOf(super.getConfig());
  }
}

/** A simple recurrent layer (`tf.layers.simpleRNN`) whose recurrent kernel is U diag(σ) Vᵀ. */
export class SpectralRNN extends SimpleRNN {
  static className = "SpectralRNN";
  declare readonly cell: SpectralRNNCell;

  /** @throws RangeError naming an argument that is out of range. */
  constructor(args: SpectralRNNArgs) {
    super({ ...args });
    this.cell = new SpectralRNNCell(args);
  }

  get factors(): SpectralFactors {
    return this.cell.factors;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => this.factors.during(() => super.call(inputs, kwargs)));
  }
}

export class SpectralLSTMCell extends LSTMCell {
  static className = "SpectralLSTMCell";
  readonly factors: SpectralFactors;

  constructor(args: SpectralLSTMArgs) {
    super(args);
    this.factors = new SpectralFactors("SpectralLSTM", args, 4);
  }

  protected override addWeight(...args: AddWeight): LayerVariable {
    if (args[0] !== "recurrent_kernel") return super.addWeight(...args);
    return this.factors.add(
      (name, shape, initializer) => super.addWeight(name, shape, undefined, initializer as AddWeight[3]),
      args[3]!,
    );
  }

  override getConfig(): Config {
    return this.factors.configOf(super.getConfig());
  }
}

/** An LSTM layer (`tf.layers.lstm`) with a recurrent kernel U diag(σ) Vᵀ for each gate: i, f, c, o. */
export class SpectralLSTM extends LSTM {
  static className = "SpectralLSTM";
  declare readonly cell: SpectralLSTMCell;

  /** @throws RangeError naming an argument that is out of range. */
  constructor(args: SpectralLSTMArgs) {
    super({ ...args });
    this.cell = new SpectralLSTMCell(args);
  }

  get factors(): SpectralFactors {
    return this.cell.factors;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => this.factors.during(() => super.call(inputs, kwargs)));
  }
}

export class SpectralGRUCell extends GRUCell {
  static className = "SpectralGRUCell";
  readonly factors: SpectralFactors;

  constructor(args: SpectralGRUArgs) {
    super(args);
    this.factors = new SpectralFactors("SpectralGRU", args, 3);
  }

  protected override addWeight(...args: AddWeight): LayerVariable {
    if (args[0] !== "recurrent_kernel") return super.addWeight(...args);
    return this.factors.add(
      (name, shape, initializer) => super.addWeight(name, shape, undefined, initializer as AddWeight[3]),
      args[3]!,
    );
  }

  override getConfig(): Config {
    return this.factors.configOf(super.getConfig());
  }
}

/** A GRU layer (`tf.layers.gru`) with a recurrent kernel U diag(σ) Vᵀ for each gate: z, r, h. */
export class SpectralGRU extends GRU {
  static className = "SpectralGRU";
  declare readonly cell: SpectralGRUCell;

  /** @throws RangeError naming an argument that is out of range. */
  constructor(args: SpectralGRUArgs) {
    super({ ...args });
    this.cell = new SpectralGRUCell(args);
  }

  get factors(): SpectralFactors {
    return this.cell.factors;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => this.factors.during(() => super.call(inputs, kwargs)));
  }
}

for (const layer of [
  SpectralRNNCell,
  SpectralRNN,
  SpectralLSTMCell,
  SpectralLSTM,
  SpectralGRUCell,
  SpectralGRU,
])
  tf.serialization.registerClass(
    layer as unknown as tf.serialization.SerializableConstructor<tf.serialization.Serializable>,
  );
