/** A whole run's numbers as tables for other programs: written piece by piece, since they may be large. */
import type { TelemetryRow, TelemetryShape } from "../runs/telemetry.ts";
import { csvLine, float32Text } from "./numberText.ts";

export const exportTables = ["steps", "gradient", "singularValues"] as const;
export type ExportTable = (typeof exportTables)[number];

/**
 * Lines of CSV, heading first.
 *
 * steps: one line a recorded step, with every number that has one value a step; gradient: one line for each step, layer
 * and timestep; singularValues: one line for each step, layer, matrix and rank.
 */
export function* tableLines(
  table: ExportTable,
  rows: readonly TelemetryRow[],
  shape: TelemetryShape,
): Generator<string> {
  if (table === "steps") yield* stepLines(rows, shape);
  else if (table === "gradient") yield* gradientLines(rows);
  else yield* singularValueLines(rows);
}

function* stepLines(rows: readonly TelemetryRow[], shape: TelemetryShape): Generator<string> {
  const layers = Array.from({ length: shape.layers }, (_, layer) => layer);
  yield csvLine([
    ...["step", "time", "loss", "metric", "learningRate", "gradientNorm", "clippedGradientNorm"],
    ...layers.flatMap((layer) => [
      `halfLife.${layer}`,
      `reach.${layer}`,
      ...shape.transitions.flatMap((matrix) => [
        `sigmaMin.${layer}.${matrix}`,
        `sigmaMax.${layer}.${matrix}`,
      ]),
      ...(shape.lyapunov ? [`lyapunov.${layer}`, `lyapunovExpected.${layer}`] : []),
    ]),
    ...shape.parameters.flatMap((name) => [`gradientNorm.${name}`, `updateRatio.${name}`]),
  ]);
  for (const row of rows)
    yield csvLine([
      ...[row.step, row.time, row.loss, row.metric, row.learningRate].map(String),
      ...[row.gradientNorm, row.clippedGradientNorm].map(String),
      ...layers.flatMap((layer) => {
        const { halfLife, reach, singularValues, lyapunov, lyapunovExpected } = row.layers[layer]!;
        return [
          String(halfLife),
          String(reach),
          ...shape.transitions.flatMap((matrix) => {
            const values = singularValues[matrix];
            // Not measured at this step: an empty cell.
            return values?.length ? [float32Text(values.at(-1)!), float32Text(values[0]!)] : ["", ""];
          }),
          ...(shape.lyapunov
            ? [lyapunov?.length ? float32Text(lyapunov[0]!) : "", String(lyapunovExpected ?? "")]
            : []),
        ];
      }),
      ...shape.parameters.flatMap((name) => {
        const measured = row.parameters[name];
        return measured ? [String(measured.gradientNorm), String(measured.updateRatio)] : ["", ""];
      }),
    ]);
}

function* gradientLines(rows: readonly TelemetryRow[]): Generator<string> {
  yield csvLine(["step", "layer", "timestep", "p10", "p50", "p90", "saturation"]);
  for (const { step, layers } of rows)
    for (const [layer, { gradientNorm, saturation }] of layers.entries())
      for (let t = 0; t < gradientNorm.p50.length; t++)
        yield csvLine([
          ...[step, layer, t + 1].map(String),
          float32Text(gradientNorm.p10[t]!),
          float32Text(gradientNorm.p50[t]!),
          float32Text(gradientNorm.p90[t]!),
          float32Text(saturation[t]!),
        ]);
}

function* singularValueLines(rows: readonly TelemetryRow[]): Generator<string> {
  yield csvLine(["step", "layer", "matrix", "rank", "sigma"]);
  for (const { step, layers } of rows)
    for (const [layer, { singularValues }] of layers.entries())
      for (const [matrix, values] of Object.entries(singularValues))
        for (const [i, value] of values?.entries() ?? [])
          yield csvLine([String(step), String(layer), matrix, String(i + 1), float32Text(value)]);
}
