/** Gradients at the states, from the tape itself: each h_t passes through an identity that sees what comes back. */

import { byDepth } from "../depth.ts";
import type { LayerProbe, ModelSpec } from "../engine.ts";
import { isDeep } from "../parameters.ts";
import { saturatedShare } from "../saturation.ts";
import { sequenceNorms, tapped } from "./gradientTap.ts";
import type { Watcher } from "./network.ts";
import type { Tensor2D, Tensorflow } from "./tensorflow.ts";

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
    // All that reaches h_t, from its own later timesteps, from the layer above and from the head.
    return tapped(this.#tf, h, (gradient) => {
      this.#gradients[layer]![timestep] = gradient;
    });
  }

  telling(layer: number, timestep: number, values: Tensor2D): void {
    const { cell, activation } = this.#spec;
    const kind = cell === "lstm" || cell === "gru" ? "tanh" : activation;
    if (kind !== "identity") this.#saturation[layer]![timestep] = saturatedShare(kind, values.dataSync());
  }

  /** What was seen of a batch of this size. */
  probes(batchSize: number): LayerProbe[] {
    const probes = this.#gradients.map((gradients, layer) => {
      const saturation = this.#saturation[layer]!;
      return { gradientNorm: sequenceNorms(gradients, saturation.length, batchSize), saturation };
    });
    return isDeep(this.#spec) ? [byDepth(probes, batchSize)] : probes;
  }

  dispose(): void {
    for (const layer of this.#gradients) for (const gradient of layer) gradient?.dispose();
  }
}
