/** The band of one matrix among those of a run. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** @param matrix by its name in the telemetry; null: none is chosen. */
export function bandOf<Band extends Bounds & { readonly first?: Bounds | undefined }>(
  band: Band,
  matrix: string | null,
): Band {
  return matrix === "layer 1" && band.first ? { ...band, ...band.first } : band;
}
