/** The runs of a report as the charts want them: numbers with NaN for what is missing, a label, a colour. */
import type { HalfLife, Maybe, ReportLayer, ReportRunData } from "../../src/protocol/reportData.ts";

export interface ShownRun {
  readonly run: ReportRunData;
  /** Its name, with the end of its id where names are not unique. */
  readonly label: string;
  readonly color: number;
}

export function shownRuns(runs: readonly ReportRunData[]): ShownRun[] {
  return runs.map((run, color) => {
    const twins = runs.filter(({ name }) => name === run.name);
    return { run, color, label: twins.length > 1 ? `${run.name} ${run.id.slice(-4)}` : run.name };
  });
}

export const numbers = (values: readonly Maybe[]): number[] => values.map((value) => value ?? Number.NaN);
export const halfLifeNumber = (value: HalfLife): number => (value === null ? Number.NaN : Number(value));

/** What the person chose to look at. */
export interface Selection {
  readonly step: number;
  /** From 0; a run with fewer layers shows its top one. */
  readonly layer: number;
  /** A run without a matrix of this name shows its first. */
  readonly matrix: string;
  /** Whether runs are compared at the same step, or at the same share of each one's steps. */
  readonly align: "step" | "fraction";
  /** 0 … 1, of each run's recorded steps. */
  readonly fraction: number;
  /** Runs that differ in their seed alone are drawn as one. */
  readonly collapse: boolean;
}

/** The step at which a run is looked at. */
export function stepFor({ run }: ShownRun, { step, align, fraction }: Selection): number {
  return align === "step" ? step : Math.round(fraction * (run.rows.step.at(-1) ?? 0));
}

export function layerOf({ run }: ShownRun, { layer }: Pick<Selection, "layer">): ReportLayer | undefined {
  return run.layers[Math.min(layer, run.layers.length - 1)];
}

export function spectraOf(
  shown: ShownRun,
  selection: Pick<Selection, "layer" | "matrix">,
):
  | { readonly matrix: string; readonly steps: readonly number[]; readonly values: readonly number[][] }
  | undefined {
  const spectra = layerOf(shown, selection)?.spectra ?? {};
  const matrix = selection.matrix in spectra ? selection.matrix : Object.keys(spectra)[0];
  const found = matrix === undefined ? undefined : spectra[matrix];
  if (matrix === undefined || found === undefined || found.steps.length === 0) return undefined;
  return { matrix, steps: found.steps, values: found.values.map(numbers) };
}
