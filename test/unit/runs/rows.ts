/** Telemetry rows whose numbers follow from their steps. */
import type { LayerTelemetry, TelemetryRow, TelemetryShape } from "../../../src/runs/telemetry.ts";

export const shape: TelemetryShape = {
  layers: 2,
  transitions: ["input", "forget"],
  parameters: ["layers.0.W", "layers.0.u", "head.b"],
};

/** A row whose numbers follow from its step. */
export function rowOf(step: number, { length = 5, hidden = 3, of = shape } = {}): TelemetryRow {
  const list = (size: number, scale: number) =>
    Float32Array.from({ length: size }, (_, i) => scale * (step + i / 8));
  const layer = (index: number): LayerTelemetry => ({
    gradientNorm: { p10: list(length, 1), p50: list(length, 2), p90: list(length, 3) },
    saturation: list(length, 0.001),
    singularValues: Object.fromEntries(
      of.transitions.map((name) => [name, step % 3 === 0 ? null : list(hidden, index + 1)]),
    ),
    halfLife: step % 4 === 0 ? Number.POSITIVE_INFINITY : -step,
    reach: step % length,
  });
  return {
    step,
    time: step / 10,
    loss: 1 / step,
    metric: step % 5 === 0 ? Number.NaN : 0.5,
    learningRate: 0.001,
    gradientNorm: step * 1.5,
    clippedGradientNorm: step,
    parameters: Object.fromEntries(
      of.parameters.map((name, i) => [
        name,
        (step + i) % 4 === 0 ? null : { gradientNorm: step, updateRatio: i },
      ]),
    ),
    layers: Array.from({ length: of.layers }, (_, index) => layer(index)),
  };
}

export function rowsOf(...steps: number[]): TelemetryRow[] {
  return steps.map((step) => rowOf(step));
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
