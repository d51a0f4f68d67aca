/** One recorded training step, as plain data; `telemetry.arrows` is its form on disk. */

export interface Percentiles {
  readonly p10: Float32Array;
  readonly p50: Float32Array;
  readonly p90: Float32Array;
}

export interface LayerTelemetry {
  /** ‖∂L/∂h_t‖₂ for t = 1 … T (index t − 1): percentiles over the batch. */
  readonly gradientNorm: Percentiles;
  /** Saturated (tanh) or dead (relu) share of units per timestep, 0 … 1. */
  readonly saturation: Float32Array;
  /** Singular values in descending order by transition matrix (`W`; lstm and gru: by gate); null where this row did not measure them. */
  readonly singularValues: Readonly<Record<string, Float32Array | null>>;
  /** Timesteps until ‖∂L/∂h‖ halves going back in time; negative: it doubles; Infinity: it neither shrinks nor grows. NaN: no fit. */
  readonly halfLife: number;
  /** How many of the T timesteps receive at least 1 % of the gradient at the last one. */
  readonly reach: number;
  /**
   * The leading finite-time Lyapunov exponents of the recurrence along a sequence of the test set, in nats per timestep,
   * descending; −Infinity for what dies at once. Null where this row did not measure them; absent in a run that never
   * does (`TelemetryShape.lyapunov`).
   */
  readonly lyapunov?: Float32Array | null;
  /** What λ₁ would be by σ_max and the mean slope of φ alone. Null where not measured, and for lstm and gru. */
  readonly lyapunovExpected?: number | null;
}

export interface ParameterTelemetry {
  readonly gradientNorm: number;
  readonly updateRatio: number;
}

export interface TelemetryRow {
  /** Steps finished when this was measured: the first row is step 1. */
  readonly step: number;
  /** Seconds of training since the run began, pauses and time while interrupted excluded. */
  readonly time: number;
  readonly loss: number;
  readonly metric: number;
  readonly learningRate: number;
  /** Global norm before and after clipping. */
  readonly gradientNorm: number;
  readonly clippedGradientNorm: number;
  /** By parameter name; null where the model had no such parameter at that step (after a switch). */
  readonly parameters: Readonly<Record<string, ParameterTelemetry | null>>;
  readonly layers: readonly LayerTelemetry[];
}

/** What fixes a run's telemetry columns. */
export interface TelemetryShape {
  readonly layers: number;
  /** Names of each layer's transition matrices. */
  readonly transitions: readonly string[];
  /** Every parameter name that the run can have, before and after a switch of parameterization. */
  readonly parameters: readonly string[];
  /** Lyapunov exponents are measured at some rows. Absent: never. */
  readonly lyapunov?: true;
}
