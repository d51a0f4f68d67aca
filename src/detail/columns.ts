/** The rows of a run as columns: what plots over steps are drawn from. */
import type { Column } from "../protocol/details.ts";
import { leadingExponents } from "../report/reportRun.ts";
import type { TelemetryRow, TelemetryShape } from "../runs/telemetry.ts";
import { type Float32s, type Float64s, float32s, float64s } from "./growing.ts";

export interface StoredColumn {
  readonly column: Column;
  readonly values: Float32s;
}

interface Source extends StoredColumn {
  readonly of: (row: TelemetryRow) => number;
}

/** Every column of a run, one value a row; NaN where a row did not measure it. */
export class Columns {
  readonly steps: Float64s = float64s();
  readonly #sources: readonly Source[];

  constructor(shape: TelemetryShape) {
    const source = (column: Column, of: Source["of"]): Source => ({ column, values: float32s(), of });
    const layers = Array.from({ length: shape.layers }, (_, layer) => layer);
    this.#sources = [
      source({ name: "loss" }, ({ loss }) => loss),
      source({ name: "metric" }, ({ metric }) => metric),
      source({ name: "learningRate" }, ({ learningRate }) => learningRate),
      source({ name: "gradientNorm" }, ({ gradientNorm }) => gradientNorm),
      source({ name: "clippedGradientNorm" }, ({ clippedGradientNorm }) => clippedGradientNorm),
      ...layers.flatMap((layer) => [
        source({ name: "halfLife", layer }, ({ layers: all }) => all[layer]!.halfLife),
        source({ name: "reach", layer }, ({ layers: all }) => all[layer]!.reach),
        source({ name: "saturation", layer }, ({ layers: all }) => mean(all[layer]!.saturation)),
        ...shape.transitions.flatMap((matrix) => {
          const spectrum = ({ layers: all }: TelemetryRow) => all[layer]!.singularValues[matrix];
          return [
            source({ name: "sigmaLow", layer, matrix }, (row) => spectrum(row)?.at(-1) ?? Number.NaN),
            source({ name: "sigmaHigh", layer, matrix }, (row) => spectrum(row)?.[0] ?? Number.NaN),
          ];
        }),
        ...(shape.lyapunov ? lyapunovColumns(layer).map(([column, of]) => source(column, of)) : []),
      ]),
      ...shape.parameters.map((parameter) =>
        source(
          { name: "updateRatio", parameter },
          (row) => row.parameters[parameter]?.updateRatio ?? Number.NaN,
        ),
      ),
    ];
  }

  get all(): readonly StoredColumn[] {
    return this.#sources;
  }

  add(row: TelemetryRow): void {
    this.steps.push(row.step);
    for (const { values, of } of this.#sources) values.push(of(row));
  }
}

function lyapunovColumns(layer: number): [Column, Source["of"]][] {
  return [
    ...Array.from({ length: leadingExponents }, (_, i): [Column, Source["of"]] => [
      { name: "lyapunov", layer, rank: i + 1 },
      ({ layers }) => layers[layer]!.lyapunov?.[i] ?? Number.NaN,
    ]),
    [{ name: "lyapunovExpected", layer }, ({ layers }) => layers[layer]!.lyapunovExpected ?? Number.NaN],
  ];
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
