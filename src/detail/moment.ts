/** All that was recorded at one step. */
import { gradientHalfLife, gradientLine } from "../diagnostics/gradientSummary.ts";
import type { Moment } from "../protocol/details.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";

/**
 * @param rows ascending.
 * @param index of the row; singular values that it did not measure are those of the newest row before it that did.
 */
export function momentOf(rows: readonly TelemetryRow[], index: number, layer: number): Moment | null {
  const row = rows[index];
  const here = row?.layers[layer];
  if (row === undefined || here === undefined) return null;
  const { step, time, loss, metric, learningRate, gradientNorm, clippedGradientNorm } = row;
  const { p10, p50, p90 } = here.gradientNorm;
  return {
    step,
    time,
    loss,
    metric,
    learningRate,
    gradientNorm,
    clippedGradientNorm,
    p10: p10.slice(),
    p50: p50.slice(),
    p90: p90.slice(),
    saturation: here.saturation.slice(),
    halfLife: here.halfLife,
    reach: here.reach,
    fit: fitOf(p50, here.halfLife),
    spectra: Object.keys(here.singularValues).flatMap((matrix) => {
      const at = measuredBefore(rows, index, layer, matrix);
      const values = at && at.layers[layer]!.singularValues[matrix];
      return at && values ? [{ matrix, step: at.step, values: values.slice() }] : [];
    }),
    parameters: Object.entries(row.parameters).flatMap(([name, measured]) =>
      measured === null
        ? []
        : [{ name, gradientNorm: measured.gradientNorm, updateRatio: measured.updateRatio }],
    ),
  };
}

/** The line whose half-life was recorded: a head at every timestep is fitted otherwise than one at the last. */
function fitOf(profile: Float32Array, recorded: number): Moment["fit"] {
  for (const headIsPerStep of [false, true])
    if (Object.is(gradientHalfLife(profile, headIsPerStep), recorded))
      return Number.isNaN(recorded) ? null : gradientLine(profile, headIsPerStep);
  return null;
}

function measuredBefore(
  rows: readonly TelemetryRow[],
  index: number,
  layer: number,
  matrix: string,
): TelemetryRow | undefined {
  for (let i = index; i >= 0; i--) if (rows[i]!.layers[layer]!.singularValues[matrix]) return rows[i];
  return undefined;
}
