/** Looks into a recurrent layer of TensorFlow.js while a model is fitted: the gradient at every h_t, and saturation. */
import * as tf from "@tensorflow/tfjs-core";
import type { LayerProbe } from "../engine/engine.ts";
import { saturatedShare } from "../engine/saturation.ts";
import { sequenceNorms, tapped } from "../engine/tensorflow/gradientTap.ts";
import type { RecordedLayer } from "./recordedLayers.ts";

interface Activation {
  apply(x: tf.Tensor, axis?: number): tf.Tensor;
}
interface WatchedCell {
  call(inputs: tf.Tensor[], kwargs: object): tf.Tensor[];
  activation: Activation;
}

export class LayerWatch {
  readonly #recorded: RecordedLayer;
  readonly #cell: WatchedCell;
  readonly #original: { readonly call: WatchedCell["call"]; readonly activation: Activation };
  #watching = false;
  #timesteps = 0;
  /** By timestep, of what the cell's activation gave last: h, tanh(c), or the candidate. */
  #shares: number[] = [];
  #gradients: tf.Tensor2D[] = [];

  constructor(recorded: RecordedLayer) {
    this.#recorded = recorded;
    const cell = recorded.layer.cell as unknown as WatchedCell;
    this.#cell = cell;
    this.#original = { call: cell.call, activation: cell.activation };
    cell.call = (inputs, kwargs) => this.#call(inputs, kwargs);
    const { activation } = this.#original;
    cell.activation = Object.assign(Object.create(activation) as Activation, {
      apply: (x: tf.Tensor, axis?: number) => {
        const result = activation.apply(x, axis);
        // An lstm applies it twice at each timestep; the second is tanh(c).
        if (this.#watching) this.#shares[this.#timesteps] = this.#share(result);
        return result;
      },
    });
  }

  /** Begins with a batch. */
  begin(): void {
    this.#forget();
    this.#watching = true;
  }

  /**
   * Ends with a batch.
   * @param size B: the loss is the mean over as many sequences.
   */
  end(size: number): LayerProbe {
    this.#watching = false;
    const gradientNorm = sequenceNorms(this.#gradients, this.#timesteps, size);
    const saturation = Float32Array.from(this.#shares);
    this.#forget();
    return { gradientNorm, saturation };
  }

  /** Leaves the layer as it was. */
  release(): void {
    this.#watching = false;
    this.#forget();
    this.#cell.call = this.#original.call;
    this.#cell.activation = this.#original.activation;
  }

  #forget(): void {
    tf.dispose(this.#gradients.filter((gradient) => gradient !== undefined));
    this.#gradients = [];
    this.#shares = [];
    this.#timesteps = 0;
  }

  #call(inputs: tf.Tensor[], kwargs: object): tf.Tensor[] {
    const outputs = this.#original.call.call(this.#cell, inputs, kwargs);
    if (!this.#watching) return outputs;
    const timestep = this.#timesteps++;
    // The output and the state are one h: what comes back from both is its gradient.
    const h = tapped(tf, outputs[0] as tf.Tensor2D, (gradient) => {
      this.#gradients[timestep] = gradient;
    });
    return [h, h, ...outputs.slice(2)];
  }

  #share(telling: tf.Tensor): number {
    const { activation } = this.#recorded;
    return activation === "identity" ? 0 : saturatedShare(activation, telling.dataSync());
  }
}
