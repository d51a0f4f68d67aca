/** Rows for a table that a person reads. */
import type { TableAnswer, TableRequest } from "../protocol/details.ts";
import { thinIndices } from "../report/thin.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";
import { firstAtLeast } from "./growing.ts";

/**
 * @param rows ascending.
 * @param steps theirs.
 * @param metricName heads the metric's column.
 */
export function answerTable(
  rows: readonly TelemetryRow[],
  steps: Float64Array,
  request: TableRequest,
  metricName: string,
): TableAnswer {
  const { layer } = request;
  const from = request.steps === null ? 0 : firstAtLeast(steps, request.steps[0]);
  const to = request.steps === null ? rows.length : firstAtLeast(steps, Math.floor(request.steps[1]) + 1);
  const matrices = Object.keys(rows[0]?.layers[layer]?.singularValues ?? {});
  const headings = [
    "step",
    "loss",
    metricName,
    "learning rate",
    "gradient norm",
    "half-life",
    "reach",
    ...matrices.flatMap((matrix) => {
      const of = matrix === "W" ? "" : ` of ${matrix}`;
      return [`smallest σ${of}`, `largest σ${of}`];
    }),
    ...(rows[0]?.layers[layer]?.lyapunov === undefined ? [] : ["largest λ", "expected λ"]),
  ];
  const kept = thinIndices(Math.max(0, to - from), request.rows).map((i) => rows[from + i]!);
  return {
    kind: "table",
    headings,
    rows: kept.map((row) => {
      const here = row.layers[layer];
      return [
        row.step,
        row.loss,
        row.metric,
        row.learningRate,
        row.gradientNorm,
        here?.halfLife ?? Number.NaN,
        here?.reach ?? Number.NaN,
        ...matrices.flatMap((matrix) => {
          const values = here?.singularValues[matrix];
          return [values?.at(-1) ?? Number.NaN, values?.[0] ?? Number.NaN];
        }),
        ...(here?.lyapunov === undefined
          ? []
          : [here.lyapunov?.[0] ?? Number.NaN, here.lyapunovExpected ?? Number.NaN]),
      ];
    }),
  };
}
