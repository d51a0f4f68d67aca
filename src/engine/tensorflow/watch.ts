/** Gradients at the states, from the tape itself: each h_t passes through an identity that sees what comes back. */
import type { LayerProbe, ModelSpec } from "../engine.ts";
import { l2Norm } from "../l2Norm.ts";
import { saturatedShare } from "../saturation.ts";
import type { Watcher } from "./network.ts";
import type { Tensor, Tensor2D, Tensorflow } from "./tensorflow.ts";

export class StateWatcher implements Watcher {
  readonly #tf: Tensorflow;
  readonly #spec: ModelSpec;
  /** ∂(mean loss)/∂h_t, [layer][t]: [B, n]. Kept out of the tape's tidy until they are read. */
  readonly #gradients: Tensor2D[][];
  readonly #saturation: Float32Array[];

  constructor(tf: Tensorflow, spec: ModelSpec, length: number) {
    this.#tf = tf;
    this.#spec = spec;
    this.#gradients = Array.from({ length: spec.layers }, () => []);
    this.#saturation = Array.from({ length: spec.layers }, () => new Float32Array(length));
  }

  state(layer: number, timestep: number, h: Tensor2D): Tensor2D {
    const tf = this.#tf;
    const identity = tf.customGrad((x) => ({
      value: tf.clone(x as Tensor),
      gradFunc: (gradient) => {
        // All that reaches h_t, from its own later timesteps, from the layer above and from the head.
        this.#gradients[layer]![timestep] = tf.keep(tf.clone(gradient as Tensor2D));
        return gradient as Tensor;
      },
    }));
    return identity(h) as Tensor2D;
  }

  telling(layer: number, timestep: number, values: Tensor2D): void {
    const { cell, activation } = this.#spec;
    const kind = cell === "lstm" || cell === "gru" ? "tanh" : activation;
    if (kind !== "identity") this.#saturation[layer]![timestep] = saturatedShare(kind, values.dataSync());
  }

  /** What was seen of a batch of this size. */
  probes(batchSize: number): LayerProbe[] {
    const n = this.#spec.hidden;
    return this.#gradients.map((gradients, layer) => {
      const gradientNorm = new Float32Array(gradients.length * batchSize);
      for (const [t, gradient] of gradients.entries()) {
        const values = gradient.dataSync();
        // Times B: the loss of the batch is the mean of the sequences' own.
        for (let b = 0; b < batchSize; b++)
          gradientNorm[t * batchSize + b] = batchSize * l2Norm(values.subarray(b * n, (b + 1) * n));
      }
      return { gradientNorm, saturation: this.#saturation[layer]! };
    });
  }

  dispose(): void {
    for (const layer of this.#gradients) for (const gradient of layer) gradient?.dispose();
  }
}
