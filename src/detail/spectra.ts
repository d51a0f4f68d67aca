/** Singular values of one transition matrix over steps: single ones, or quantiles where they are many. */
import { quantileSorted } from "d3";
import type { SpectraAnswer, SpectraRequest } from "../protocol/details.ts";
import { thinIndices } from "../report/thin.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";

/** Most values shown as single lines unless asked for. */
export const mostSingleValues = 64;
/** Numbers in an answer at most, about: large matrices are shown at fewer steps. */
const mostNumbers = 400_000;
const fewestSteps = 64;
export const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1] as const;

/** @param rows those that measured the matrix, ascending. */
export function answerSpectra(rows: readonly TelemetryRow[], request: SpectraRequest): SpectraAnswer {
  const { layer, matrix, steps, width } = request;
  const spectrumOf = (row: TelemetryRow) => row.layers[layer]!.singularValues[matrix]!;
  const size = rows[0] === undefined ? 0 : spectrumOf(rows[0]).length;
  const mode = request.mode === "auto" ? (size <= mostSingleValues ? "values" : "quantiles") : request.mode;
  const lines = mode === "values" ? Array.from({ length: size }, (_, i) => i + 1) : [...quantiles];
  const shown = between(rows, steps);
  const most = Math.max(fewestSteps, Math.min(width, Math.floor(mostNumbers / Math.max(1, lines.length))));
  const kept = thinIndices(shown.length, most).map((i) => shown[i]!);
  const values = new Float32Array(kept.length * lines.length);
  kept.forEach((row, i) => {
    const spectrum = spectrumOf(row);
    const at = i * lines.length;
    if (mode === "values") values.set(spectrum.subarray(0, lines.length), at);
    else {
      const ascending = Array.from(spectrum.slice().sort());
      lines.forEach((q, j) => {
        values[at + j] = quantileSorted(ascending, q) ?? Number.NaN;
      });
    }
  });
  return {
    kind: "spectra",
    layer,
    matrix,
    size,
    mode,
    lines,
    step: Float64Array.from(kept, ({ step }) => step),
    values,
  };
}

/** The rows of the asked steps, with one on either side. */
function between(rows: readonly TelemetryRow[], steps: SpectraRequest["steps"]): readonly TelemetryRow[] {
  if (steps === null) return rows;
  const first = rows.findIndex(({ step }) => step >= steps[0]);
  if (first < 0) return rows.slice(-1);
  const end = rows.findIndex(({ step }) => step > steps[1]);
  return rows.slice(Math.max(0, first - 1), end < 0 ? rows.length : end + 1);
}
