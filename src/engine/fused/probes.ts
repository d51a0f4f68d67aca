/** What the kernels measured of each layer while they went back through a batch. */

import { byDepth } from "../depth.ts";
import type { Batch, LayerProbe, ModelSpec } from "../engine.ts";
import { isDeep } from "../parameters.ts";
import { type BatchBuffers, panelWidth, shardsOf } from "./batchBuffers.ts";
import type { Arena } from "./memory.ts";

/** One probe for each recurrent layer, or one by depth of a feed-forward net. */
export function readProbes(
  { floats, integers }: Pick<Arena, "floats" | "integers">,
  { norms, saturated }: Pick<BatchBuffers, "norms" | "saturated">,
  spec: ModelSpec,
  { length, size }: Batch,
): LayerProbe[] {
  const { panels } = shardsOf(size);
  const probes: LayerProbe[] = [];
  for (let layer = 0; layer < spec.layers; layer++) {
    const gradientNorm = new Float32Array(length * size);
    const saturation = new Float32Array(length);
    const base = norms / 4 + layer * length * panels * panelWidth;
    const counts = saturated / 4 + layer * length * panels;
    // Without absent sequences the timesteps lie together. A view for each of them takes as long as all else.
    const row = panels * panelWidth;
    if (row === size) gradientNorm.set(floats.subarray(base, base + length * size));
    else
      for (let t = 0; t < length; t++)
        gradientNorm.set(floats.subarray(base + t * row, base + t * row + size), t * size);
    // ∂(mean loss · B)/∂h: the gradient of each sequence's own loss.
    for (let i = 0; i < gradientNorm.length; i++) gradientNorm[i]! *= size;
    for (let t = 0; t < length; t++) {
      let count = 0;
      for (let panel = 0; panel < panels; panel++) count += integers[counts + t * panels + panel]!;
      saturation[t] = count / (size * spec.hidden);
    }
    probes.push({ gradientNorm, saturation });
  }
  return isDeep(spec) ? [byDepth(probes, size)] : probes;
}
