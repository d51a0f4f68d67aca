/**
 * What a panel may ask about one run, and what it is answered: numbers thinned to what a picture of the asked size can
 * show. A worker thread answers (src/detail), so that neither the panel nor the extension host holds a whole run.
 */
import type { Finding } from "../diagnostics/finding.ts";
import type { RunRecord, RunState } from "../runs/run.ts";

/** First and last, both included. */
export type Span = readonly [number, number];

export type DetailRequest =
  | LinesRequest
  | HeatMapRequest
  | MomentRequest
  | SpectraRequest
  | TableRequest
  | NumbersRequest;

/** Columns over steps, for every plot of lines. */
export interface LinesRequest {
  readonly kind: "lines";
  /** Steps asked for; null: all. */
  readonly steps: Span | null;
  /** Pixels across: about as many places are told apart. */
  readonly width: number;
}

export interface LinesAnswer {
  readonly kind: "lines";
  /** Of the recorded rows: what there is to look at. Null without rows. */
  readonly recorded: Span | null;
  readonly rowCount: number;
  readonly lines: readonly Line[];
}

/**
 * One column. Of the rows that fall on one pixel the first, the smallest, the largest and the last are kept, so that a
 * spike of a single step is seen at any zoom.
 */
export interface Line {
  readonly column: Column;
  readonly step: Float64Array;
  /** NaN: not measured, or not a number. */
  readonly value: Float32Array;
}

export type Column =
  | { readonly name: "loss" | "metric" | "learningRate" | "gradientNorm" | "clippedGradientNorm" }
  /** saturation: mean over timesteps of the share of saturated or dead units. */
  | { readonly name: "halfLife" | "reach" | "saturation"; readonly layer: number }
  /** Smallest and largest singular value. */
  | { readonly name: "sigmaLow" | "sigmaHigh"; readonly layer: number; readonly matrix: string }
  /** One of the leading Lyapunov exponents, in nats per timestep; rank from 1. −Infinity: that direction dies at once. */
  | { readonly name: "lyapunov"; readonly layer: number; readonly rank: number }
  /** What the first of them would be by σ_max and the mean slope of φ. */
  | { readonly name: "lyapunovExpected"; readonly layer: number }
  | { readonly name: "updateRatio"; readonly parameter: string };

/** The picture timestep × step of log₁₀ of the median gradient norm. */
export interface HeatMapRequest {
  readonly kind: "heatMap";
  readonly layer: number;
  readonly steps: Span | null;
  /** Of 1 … T; null: all. */
  readonly timesteps: Span | null;
  /** Pixels wanted. */
  readonly width: number;
  readonly height: number;
}

export interface HeatMapAnswer {
  readonly kind: "heatMap";
  readonly layer: number;
  readonly steps: Span;
  readonly timesteps: Span;
  readonly width: number;
  /** At most as many rows as timesteps. */
  readonly height: number;
  /**
   * log₁₀ ‖∂L/∂h_t‖, row by row from the first timestep, width × height. A pixel is the mean of the logarithms of what
   * falls on it, or what was recorded last before it; −Infinity: a gradient of zero; NaN: nothing was recorded.
   */
  readonly values: Float32Array;
  /** Of the whole run, so that colours do not change while one zooms: 1st and 99.9th percentile of finite values. */
  readonly extent: Span | null;
}

/** All of one recorded step: the last one that is not after `step` (the first, where there is none). */
export interface MomentRequest {
  readonly kind: "moment";
  readonly step: number;
  readonly layer: number;
}

export interface MomentAnswer {
  readonly kind: "moment";
  readonly layer: number;
  readonly moment: Moment | null;
}

export interface Moment {
  readonly step: number;
  /** Seconds of training. */
  readonly time: number;
  readonly loss: number;
  readonly metric: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly clippedGradientNorm: number;
  /** ‖∂L/∂h_t‖ for t = 1 … T. */
  readonly p10: Float32Array;
  readonly p50: Float32Array;
  readonly p90: Float32Array;
  /** Share of saturated or dead units for t = 1 … T. */
  readonly saturation: Float32Array;
  readonly halfLife: number;
  readonly reach: number;
  /** The line whose slope the half-life is: log₂ of the norm at t is `intercept + slope·t`; null without a fit. */
  readonly fit: { readonly slope: number; readonly intercept: number; readonly timesteps: Span } | null;
  /** By matrix: the newest measurement that is not after this step; descending. */
  readonly spectra: readonly {
    readonly matrix: string;
    readonly step: number;
    readonly values: Float32Array;
  }[];
  readonly parameters: readonly {
    readonly name: string;
    readonly gradientNorm: number;
    readonly updateRatio: number;
  }[];
}

/** Singular values of one transition matrix over steps. */
export interface SpectraRequest {
  readonly kind: "spectra";
  readonly layer: number;
  readonly matrix: string;
  readonly steps: Span | null;
  readonly width: number;
  /** `auto`: single values up to 64 of them, quantiles above. */
  readonly mode: "auto" | "values" | "quantiles";
}

export interface SpectraAnswer {
  readonly kind: "spectra";
  readonly layer: number;
  readonly matrix: string;
  /** How many singular values the matrix has. */
  readonly size: number;
  readonly mode: "values" | "quantiles";
  /** One name a line: 1 … n (rank), or the quantiles 0, 0.1, 0.25, 0.5, 0.75, 0.9, 1, of which 1 is the largest. */
  readonly lines: readonly number[];
  readonly step: Float64Array;
  /** step.length × lines.length, step by step. */
  readonly values: Float32Array;
}

/** Rows for a table that is read, evenly spaced among the recorded ones of the steps, the first and last among them. */
export interface TableRequest {
  readonly kind: "table";
  readonly steps: Span | null;
  readonly layer: number;
  readonly rows: number;
}

export interface TableAnswer {
  readonly kind: "table";
  readonly headings: readonly string[];
  /** NaN: not measured. */
  readonly rows: readonly (readonly number[])[];
}

export const plotNames = [
  "loss",
  "metric",
  "gradientNorm",
  "gradientProfile",
  "heatMap",
  "halfLife",
  "singularValues",
  "lyapunov",
  "spectrum",
  "saturation",
  "updateRatio",
] as const;
export type PlotName = (typeof plotNames)[number];

/** Every number behind a plot, as CSV text: not thinned. */
export interface NumbersRequest {
  readonly kind: "numbers";
  readonly plot: PlotName;
  readonly layer: number;
  readonly matrix: string | null;
  /** Of the plots of one moment; others ignore it. */
  readonly step: number;
  /** null: all. */
  readonly steps: Span | null;
}

export interface NumbersAnswer {
  readonly kind: "numbers";
  readonly csv: string;
}

export type DetailAnswer =
  | LinesAnswer
  | HeatMapAnswer
  | MomentAnswer
  | SpectraAnswer
  | TableAnswer
  | NumbersAnswer;
export type AnswerTo<Request extends DetailRequest> = Extract<DetailAnswer, { kind: Request["kind"] }>;

/** What a run is and how it stands; told anew whenever it changes. */
export interface RunNews {
  readonly directory: string;
  /** Null until there is a good record. */
  readonly record: RunRecord | null;
  readonly state: RunState | null;
  readonly about: RunAbout | null;
  /** Counts up whenever rows were added or taken back: what was answered before may be old. */
  readonly revision: number;
  readonly rowCount: number;
  /** First and last recorded step. */
  readonly recorded: Span | null;
  /** Layers, and names of each layer's transition matrices (`W`; lstm and gru: by gate). */
  readonly layers: number;
  readonly matrices: readonly string[];
  readonly parameters: readonly string[];
  /** Whether some rows measured Lyapunov exponents. */
  readonly lyapunov: boolean;
  readonly evaluations: readonly { readonly step: number; readonly loss: number; readonly metric: number }[];
  readonly moments: readonly RunMoment[];
  /** Where the singular values may lie, and during which steps; in order, a run may have switched. */
  readonly bands: readonly {
    readonly low: number;
    readonly high: number;
    readonly steps: Span;
    /** Of the first layer's matrix, where it has others. */
    readonly first?: { readonly low: number; readonly high: number } | undefined;
  }[];
  /** One sentence for each thing that could not be read. */
  readonly problems: readonly string[];
}

/** What the experiment says, in words. */
export interface RunAbout {
  readonly task: string;
  readonly model: string;
  readonly training: string;
}

/** Something that happened, for a mark on the axis of steps. */
export interface RunMoment {
  readonly step: number;
  readonly kind: "switch" | "checkpoint" | "finding" | "resumed" | "error";
  readonly label: string;
}

export type { Finding };
