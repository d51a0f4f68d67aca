/** What the rules know of a run so far: a window of recent rows and a few numbers of the whole, at O(1) a row. */
import type { TelemetryRow } from "../runs/telemetry.ts";
import { digest, type LayerDigest, type RowDigest } from "./digest.ts";
import { median } from "./select.ts";

/** Rows whose medians the rules look at. */
const recentRows = 20;
/** Rows that the mean loss is taken over: a fifth of the rows so far, within these limits. */
const lossRows = { least: 20, most: 100 };
/** Rows that stand for the start of the run. */
const startRows = 10;

/** Singular values of one matrix, as last measured. */
export interface Spectrum {
  readonly layer: number;
  readonly transition: string;
  readonly step: number;
  /** Descending. */
  readonly values: Float32Array;
}

export class History {
  /** The newest rows with finite loss and gradient, oldest first. */
  readonly recent: RowDigest[] = [];
  /** Rows with finite loss and gradient. */
  rows = 0;
  newest: RowDigest | undefined;
  /** The newest row with finite loss and gradient before the first that was not, and that first one. */
  broken: { readonly row: RowDigest; readonly before: RowDigest | undefined } | undefined;
  /** Spectra as last measured, by layer and transition. */
  readonly spectra = new Map<string, Spectrum>();
  /** σ range of each of them where it was first measured. */
  readonly firstSpectra = new Map<string, readonly [number, number]>();
  /** Loss of the first row: nothing was learned yet. */
  firstLoss = Number.NaN;
  /** Lowest mean of the recent losses, and its step. */
  best = { loss: Number.POSITIVE_INFINITY, step: 0 };
  /** Mean loss and metric over a longer window than `recent`. */
  meanLoss = Number.NaN;
  meanMetric = Number.NaN;

  readonly #headIsPerStep: boolean;
  readonly #losses: { readonly loss: number; readonly metric: number }[] = [];
  readonly #startNorms: number[] = [];
  /** Median gradient norm of the first rows. */
  startNorm = Number.NaN;

  constructor(headIsPerStep: boolean) {
    this.#headIsPerStep = headIsPerStep;
  }

  push(row: TelemetryRow): void {
    const entry = digest(row, this.#headIsPerStep);
    this.newest = entry;
    row.layers.forEach((layer, index) => {
      for (const [transition, values] of Object.entries(layer.singularValues))
        if (values && values.length > 0) this.#measure({ layer: index, transition, step: row.step, values });
    });
    if (!entry.finite || entry.nonFinite) {
      this.broken ??= { row: entry, before: this.recent.at(-1) };
      return;
    }
    if (this.rows++ === 0) this.firstLoss = entry.loss;
    this.recent.push(entry);
    if (this.recent.length > recentRows) this.recent.shift();
    if (this.#startNorms.length < startRows) {
      this.#startNorms.push(entry.gradientNorm);
      this.startNorm = median(this.#startNorms);
    }
    this.#averageLoss(entry);
  }

  /** Forgets what belongs to the parameterization: after a switch the spectrum is another parameter's. */
  forgetSpectra(): void {
    this.spectra.clear();
    this.firstSpectra.clear();
  }

  /** Median over the recent rows of something of one layer. */
  layerMedian(layer: number, of: (layer: LayerDigest) => number): number {
    return median(this.recent.map((row) => (row.layers[layer] ? of(row.layers[layer]) : Number.NaN)));
  }

  /** Median over the recent rows. */
  median(of: (row: RowDigest) => number): number {
    return median(this.recent.map(of));
  }

  /** The first step of the unbroken series of recent rows, up to the newest, for which something holds. */
  since(holds: (row: RowDigest) => boolean): number {
    let step = this.recent.at(-1)?.step ?? 0;
    for (let i = this.recent.length - 1; i >= 0; i--) {
      const row = this.recent[i]!;
      if (!holds(row)) break;
      step = row.step;
    }
    return step;
  }

  #measure(spectrum: Spectrum): void {
    const key = `${spectrum.layer} ${spectrum.transition}`;
    this.spectra.set(key, spectrum);
    if (!this.firstSpectra.has(key))
      this.firstSpectra.set(key, [spectrum.values.at(-1)!, spectrum.values[0]!]);
  }

  #averageLoss(entry: RowDigest): void {
    this.#losses.push(entry);
    if (this.#losses.length > lossRows.most) this.#losses.shift();
    const window = Math.min(lossRows.most, Math.max(lossRows.least, Math.floor(this.rows / 5)));
    const mean = (rows: number, of: "loss" | "metric") => {
      const part = this.#losses.slice(-rows);
      return part.reduce((sum, row) => sum + row[of], 0) / part.length;
    };
    this.meanLoss = mean(window, "loss");
    this.meanMetric = mean(window, "metric");
    const recent = mean(recentRows, "loss");
    if (this.#losses.length >= startRows && recent < this.best.loss)
      this.best = { loss: recent, step: entry.step };
  }
}
