/** What a report's page is given: plain data that survive JSON, thinned to what a picture can show. */
import type { Finding } from "../diagnostics/finding.ts";

/** null: missing, or not a number. */
export type Maybe = number | null;
/** As in `run.json`: what JSON has no number for is a word. Half-lives, and Lyapunov exponents. */
export type HalfLife = number | "Infinity" | "-Infinity" | "NaN" | null;

/** To the report's page where it stands in an editor. */
export type ToReportPage =
  | { readonly type: "report"; readonly data: ReportData; readonly state: ReportPageState }
  /** The runs cannot be read, and why. */
  | { readonly type: "problem"; readonly text: string; readonly state: ReportPageState };

/** From the report's page: it listens. */
export interface FromReportPage {
  readonly type: "ready";
}

/** What the editor keeps for the page over a reload: the directories of its runs, and what was chosen to look at. */
export interface ReportPageState {
  readonly runs: readonly string[];
}

/** Whether a message is one to the report's page: the outline only, since the extension is ours. */
export function isToReportPage(value: unknown): value is ToReportPage {
  if (typeof value !== "object" || value === null) return false;
  const { type, data, text, state } = value as Record<string, unknown>;
  const { runs } = (state ?? {}) as { runs?: unknown };
  if (!Array.isArray(runs) || !runs.every((run) => typeof run === "string")) return false;
  return type === "report"
    ? typeof data === "object" && data !== null && Array.isArray((data as { runs?: unknown }).runs)
    : type === "problem" && typeof text === "string";
}

/** Whether a message is one that the report's page sends. */
export function isFromReportPage(value: unknown): value is FromReportPage {
  return typeof value === "object" && value !== null && (value as { type?: unknown }).type === "ready";
}

export interface ReportData {
  readonly title: string;
  /** ISO 8601. */
  readonly created: string;
  readonly runs: readonly ReportRunData[];
  /** One sentence for each run that was asked for and cannot be read. */
  readonly problems?: readonly string[];
}

export interface ReportRunData {
  readonly id: string;
  readonly name: string;
  /** e.g. "adding, T = 200". */
  readonly task: string;
  /** e.g. "spectral, n = 64, m = 16, σ ∈ 1 ± 0.1". */
  readonly model: string;
  readonly training: string;
  /** Every property of the experiment, e.g. `model.cell`, and its value as JSON; names and addresses left out. */
  readonly settings: Readonly<Record<string, string>>;
  readonly engine: string;
  readonly parameterCount: number;
  readonly state: string;
  readonly reason: string | null;
  readonly step: number;
  readonly steps: number;
  readonly seconds: number;
  readonly stepsPerSecond: Maybe;
  /** T; of a feed-forward net its depth. */
  readonly length: number;
  /** What gradient profiles run over; absent: timesteps. */
  readonly profile?: "timesteps" | "layers" | undefined;
  readonly metricName: string;
  readonly baseline: { readonly loss: number; readonly metric: number; readonly reason: string };
  readonly testMetric: Maybe;
  readonly halfLife: HalfLife;
  readonly reach: Maybe;
  readonly sigma: readonly [number, number] | null;
  /** log₁₀ of the capacity of a finished classifier, and its median margin; absent where it was not measured. */
  readonly capacity?: { readonly log10: HalfLife; readonly margin: number };
  /** Where the singular values may lie, and during which steps; null when nothing holds them. */
  readonly band: ReportBand | null;
  readonly findings: readonly Finding[];
  readonly evaluations: readonly { readonly step: number; readonly loss: Maybe; readonly metric: Maybe }[];
  /** What happened when, for marks on the charts: switches, interruptions, errors. */
  readonly moments: readonly { readonly step: number; readonly label: string }[];
  readonly rows: ReportRows;
  /** Bottom to top. */
  readonly layers: readonly ReportLayer[];
}

export interface ReportBand {
  readonly low: number;
  readonly high: number;
  readonly fromStep: number;
  readonly toStep: number;
  /** Of the first layer's matrix, where it has others. */
  readonly first?: { readonly low: number; readonly high: number } | undefined;
}

/** One value for each row that was kept. */
export interface ReportRows {
  readonly step: readonly number[];
  readonly loss: readonly Maybe[];
  readonly metric: readonly Maybe[];
  readonly learningRate: readonly Maybe[];
  readonly gradientNorm: readonly Maybe[];
}

export interface ReportLayer {
  readonly halfLife: readonly HalfLife[];
  readonly reach: readonly Maybe[];
  /** Mean over the timesteps of the saturated or dead share of units. */
  readonly saturation: readonly Maybe[];
  /** Gradient norms by timestep at some of the steps. */
  readonly profiles: {
    /** Some of 1 … T. */
    readonly timesteps: readonly number[];
    readonly steps: readonly number[];
    readonly p10: readonly (readonly Maybe[])[];
    readonly p50: readonly (readonly Maybe[])[];
    readonly p90: readonly (readonly Maybe[])[];
  };
  /** Singular values, descending, at some of the steps, by transition matrix. */
  readonly spectra: Readonly<
    Record<string, { readonly steps: readonly number[]; readonly values: readonly (readonly Maybe[])[] }>
  >;
  /** The leading Lyapunov exponents, descending, at some of the steps; absent where none were measured. */
  readonly lyapunov?: {
    readonly steps: readonly number[];
    readonly values: readonly (readonly HalfLife[])[];
    /** What the first would be by σ_max and the mean slope of φ. */
    readonly expected: readonly HalfLife[];
  };
}
