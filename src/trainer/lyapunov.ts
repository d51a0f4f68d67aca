/** Lyapunov exponents of a model, as telemetry holds them: along one sequence, the leading ones. */
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import { isRecurrent, lyapunovOf } from "../engine/lyapunov.ts";
import type { Experiment } from "../experiment/schema.ts";

/** Leading exponents that a row holds at most: of those far below, nothing comes back to the first timesteps. */
export const recordedExponents = 32;

/** Whether a run's telemetry has them: they are asked for, and the model has a recurrence. */
export function recordsLyapunov({ telemetry }: Experiment, spec: ModelSpec): boolean {
  return telemetry.lyapunov !== undefined && isRecurrent(spec);
}

/** One layer's, in nats per timestep. */
export interface Lyapunov {
  /** Descending, at most `recordedExponents`. */
  readonly exponents: Float32Array;
  /** Of the first, by σ_max and the mean slope of φ; null for lstm and gru. */
  readonly expected: number | null;
}

/** @param inputs of the sequence: [T, d]. @returns one entry a layer. @throws Error as `lyapunovOf`. */
export function lyapunovTelemetry(spec: ModelSpec, parameters: TensorMap, inputs: Float32Array): Lyapunov[] {
  return lyapunovOf(spec, parameters, inputs, { most: recordedExponents }).map(
    ({ exponents, expectedTop }) => ({ exponents: Float32Array.from(exponents), expected: expectedTop }),
  );
}
