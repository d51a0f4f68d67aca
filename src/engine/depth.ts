/** Feed-forward nets: what was measured of each layer, as one profile by depth. */
import type { LayerProbe } from "./engine.ts";

/**
 * One probe of `depth` entries from those of each layer at its one timestep.
 * @param size B.
 */
export function byDepth(layers: readonly LayerProbe[], size: number): LayerProbe {
  const gradientNorm = new Float32Array(layers.length * size);
  for (const [layer, probe] of layers.entries()) gradientNorm.set(probe.gradientNorm, layer * size);
  return { gradientNorm, saturation: Float32Array.from(layers, ({ saturation }) => saturation[0]!) };
}
