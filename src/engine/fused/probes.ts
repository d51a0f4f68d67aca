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
    for (let t = 0; t < length; t++) {
      const from = base + t * panels * panelWidth;
      gradientNorm.set(floats.subarray(from, from + size), t * size);
      let count = 0;
      for (let panel = 0; panel < panels; panel++) count += integers[counts + t * panels + panel]!;
      saturation[t] = count / (size * spec.hidden);
    }
    // ∂(mean loss · B)/∂h: the gradient of each sequence's own loss.
    for (let i = 0; i < gradientNorm.length; i++) gradientNorm[i]! *= size;
    probes.push({ gradientNorm, saturation });
  }
  return isDeep(spec) ? [byDepth(probes, size)] : probes;
}
