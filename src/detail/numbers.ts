/** Every number behind a plot, as CSV: a heading, then one line a step, timestep, rank or so. */
import type { NumbersRequest, PlotName } from "../protocol/details.ts";
import type { LayerTelemetry, TelemetryRow } from "../runs/telemetry.ts";
import { momentOf } from "./moment.ts";
import { csvLine, float32Text } from "./numberText.ts";

/** What a program can hold as one text, with room. */
const mostCharacters = 200_000_000;

export interface NumbersSource {
  /** All rows, ascending. */
  readonly rows: readonly TelemetryRow[];
  readonly metricName: string;
  /** Index of the row that a step means. */
  readonly indexOf: (step: number) => number;
}

/** @throws RangeError when the text would be too long, which says what to do. */
export function plotNumbers(source: NumbersSource, request: NumbersRequest): string {
  const lines: string[] = [];
  let characters = 0;
  for (const cells of table(source, request)) {
    const line = csvLine(cells);
    characters += line.length;
    if (characters > mostCharacters)
      throw new RangeError(
        "these are more than 200 MB of numbers: zoom in to fewer steps, or use Sigmascope: Export, which writes them to a file piece by piece",
      );
    lines.push(line);
  }
  return lines.join("");
}

function* table(source: NumbersSource, request: NumbersRequest): Generator<readonly string[]> {
  const { layer, matrix, step } = request;
  const rows = source.rows.filter(
    ({ step: at }) => request.steps === null || (at >= request.steps[0] && at <= request.steps[1]),
  );
  const overSteps = perStep(request.plot, source, layer);
  if (overSteps !== undefined) {
    yield ["step", "time", ...overSteps.headings];
    for (const row of rows) yield [String(row.step), String(row.time), ...overSteps.cells(row)];
    return;
  }
  if (request.plot === "heatMap") {
    const length = rows[0]?.layers[layer]?.gradientNorm.p50.length ?? 0;
    yield ["step", ...Array.from({ length }, (_, t) => `t${t + 1}`)];
    for (const row of rows)
      yield [String(row.step), ...Array.from(row.layers[layer]!.gradientNorm.p50, float32Text)];
    return;
  }
  if (request.plot === "singularValues") {
    const measured = rows.flatMap((row) => {
      const values = row.layers[layer]?.singularValues[matrix ?? "W"];
      return values ? [{ row, values }] : [];
    });
    const size = measured[0]?.values.length ?? 0;
    yield ["step", ...Array.from({ length: size }, (_, i) => `sigma${i + 1}`)];
    for (const { row, values } of measured) yield [String(row.step), ...Array.from(values, float32Text)];
    return;
  }
  if (request.plot === "lyapunov") {
    yield* lyapunovTable(rows, layer);
    return;
  }
  const moment = momentOf(source.rows, source.indexOf(step), layer);
  if (request.plot === "gradientProfile") {
    yield ["timestep", "p10", "p50", "p90"];
    for (let t = 0; t < (moment?.p50.length ?? 0); t++)
      yield [
        String(t + 1),
        float32Text(moment!.p10[t]!),
        float32Text(moment!.p50[t]!),
        float32Text(moment!.p90[t]!),
      ];
  } else if (request.plot === "saturation") {
    yield ["timestep", "share"];
    for (let t = 0; t < (moment?.saturation.length ?? 0); t++)
      yield [String(t + 1), float32Text(moment!.saturation[t]!)];
  } else {
    const spectrum = moment?.spectra.find((one) => matrix === null || one.matrix === matrix);
    yield ["rank", "sigma"];
    for (const [i, value] of spectrum?.values.entries() ?? []) yield [String(i + 1), float32Text(value)];
  }
}

/** All exponents that were recorded, of the rows that measured them. */
function* lyapunovTable(rows: readonly TelemetryRow[], layer: number): Generator<readonly string[]> {
  const measured = rows.flatMap((row) => {
    const { lyapunov, lyapunovExpected = null } = row.layers[layer] ?? {};
    return lyapunov ? [{ step: row.step, lyapunov, lyapunovExpected }] : [];
  });
  const size = measured[0]?.lyapunov.length ?? 0;
  yield ["step", "expected", ...Array.from({ length: size }, (_, i) => `lambda${i + 1}`)];
  for (const { step, lyapunov, lyapunovExpected } of measured)
    yield [String(step), String(lyapunovExpected ?? ""), ...Array.from(lyapunov, float32Text)];
}

interface PerStep {
  readonly headings: readonly string[];
  readonly cells: (row: TelemetryRow) => string[];
}

/** The plots with few columns over steps. */
function perStep(plot: PlotName, { rows, metricName }: NumbersSource, layer: number): PerStep | undefined {
  const ofLayer = (row: TelemetryRow, text: (here: LayerTelemetry) => string[]) => text(row.layers[layer]!);
  switch (plot) {
    case "loss":
      return { headings: ["loss"], cells: ({ loss }) => [String(loss)] };
    case "metric":
      return { headings: [metricName], cells: ({ metric }) => [String(metric)] };
    case "gradientNorm":
      return {
        headings: ["gradientNorm", "clippedGradientNorm"],
        cells: ({ gradientNorm, clippedGradientNorm }) => [String(gradientNorm), String(clippedGradientNorm)],
      };
    case "halfLife":
      return {
        headings: ["halfLife", "reach"],
        cells: (row) => ofLayer(row, ({ halfLife, reach }) => [String(halfLife), String(reach)]),
      };
    case "updateRatio": {
      const names = Object.keys(rows[0]?.parameters ?? {});
      return {
        headings: names,
        cells: ({ parameters }) => names.map((name) => String(parameters[name]?.updateRatio ?? "")),
      };
    }
    default:
      return undefined;
  }
}
