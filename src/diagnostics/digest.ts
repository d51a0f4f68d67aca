/** What the rules need of one telemetry row: a few numbers, so that a window of rows is small and cheap. */
import type { LayerTelemetry, TelemetryRow } from "../runs/telemetry.ts";
import { firstNonFiniteGradient, type NonFinitePlace } from "./finite.ts";
import { reachShare } from "./gradientSummary.ts";

export interface LayerDigest {
  readonly halfLife: number;
  /**
   * Timesteps that receive at least 1 % of the last one's gradient. With a head at every timestep that number
   * counts gradient which entered on the spot, so there it is at most the way over which the half-life leaves 1 %.
   */
  readonly reach: number;
  /** Largest ‖∂L/∂h_t‖ (median over the batch) relative to that at the last timestep; 0 when there is none. */
  readonly growth: number;
  /** Mean over timesteps of the saturated or dead share. */
  readonly saturation: number;
  /** Timestep (1 … T) with the largest share, and that share. */
  readonly peakSaturation: { readonly timestep: number; readonly share: number };
}

export interface RowDigest {
  readonly step: number;
  readonly loss: number;
  readonly metric: number;
  readonly gradientNorm: number;
  /** Loss and gradient norm are finite. */
  readonly finite: boolean;
  /** Where a gradient profile stops being finite. */
  readonly nonFinite: NonFinitePlace | undefined;
  /** First parameter whose gradient norm is not finite. */
  readonly nonFiniteParameter: string | undefined;
  readonly layers: readonly LayerDigest[];
  /** The largest relative update among parameters that do not start at 0. */
  readonly updateRatio: { readonly parameter: string; readonly value: number };
}

/** @param headIsPerStep whether the loss has a term at every timestep. */
export function digest(row: TelemetryRow, headIsPerStep: boolean): RowDigest {
  const finite = Number.isFinite(row.loss) && Number.isFinite(row.gradientNorm);
  const parameters = Object.entries(row.parameters);
  let updateRatio = { parameter: "", value: 0 };
  for (const [parameter, telemetry] of parameters)
    if (telemetry && !startsAtZero(parameter) && telemetry.updateRatio > updateRatio.value)
      updateRatio = { parameter, value: telemetry.updateRatio };
  return {
    step: row.step,
    loss: row.loss,
    metric: row.metric,
    gradientNorm: row.gradientNorm,
    finite,
    nonFinite: brokenPlace(row.layers),
    nonFiniteParameter: parameters.find(([, p]) => p && !Number.isFinite(p.gradientNorm))?.[0],
    layers: row.layers.map((layer) => digestLayer(layer, headIsPerStep)),
    updateRatio,
  };
}

/** Relative updates of what starts at 0 (biases, the p of a spectral cell) are huge at first and mean nothing. */
function startsAtZero(parameter: string): boolean {
  return /\.(b|bHidden|p)$/.test(parameter);
}

/** Percentiles put NaN last, so p90 shows a broken tenth of the batch where the median is still fine. */
function brokenPlace(layers: readonly LayerTelemetry[]): NonFinitePlace | undefined {
  return firstNonFiniteGradient(layers.map((layer) => layer.gradientNorm.p90));
}

function digestLayer(layer: LayerTelemetry, headIsPerStep: boolean): LayerDigest {
  const profile = layer.gradientNorm.p50;
  const last = profile.at(-1) ?? 0;
  let largest = 0;
  for (const norm of profile) if (norm > largest) largest = norm;
  let sum = 0;
  let peak = { timestep: 1, share: 0 };
  for (let i = 0; i < layer.saturation.length; i++) {
    const share = layer.saturation[i]!;
    sum += share;
    if (share > peak.share) peak = { timestep: i + 1, share };
  }
  return {
    halfLife: layer.halfLife,
    reach: headIsPerStep ? Math.min(layer.reach, carriedReach(layer.halfLife)) : layer.reach,
    growth: last > 0 && Number.isFinite(last) ? largest / last : 0,
    saturation: layer.saturation.length > 0 ? sum / layer.saturation.length : 0,
    peakSaturation: peak,
  };
}

/** Timesteps within which a gradient of this half-life stays above 1 %, the last one included. */
function carriedReach(halfLife: number): number {
  return halfLife > 0 ? 1 + Math.floor(halfLife * Math.log2(1 / reachShare)) : Number.POSITIVE_INFINITY;
}
