/** What a recorded step measures beside its own probe: singular values and Lyapunov exponents, where they are due. */
import type { Model } from "../engine/engine.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Task } from "../tasks/task.ts";
import { measuresSpectrum, spectrumInterval } from "./cadence.ts";
import { sliceSequences } from "./evaluation.ts";
import { type Lyapunov, recordsLyapunov } from "./lyapunov.ts";
import type { Measurement, Recorder } from "./recorder.ts";
import { type Spectra, spectraOf, spectrumIsKnown } from "./spectra.ts";
import type { SpectrumMeter } from "./spectrumMeter.ts";

interface Parts {
  readonly experiment: Experiment;
  readonly task: Task;
  readonly recorder: Recorder;
  readonly meter: SpectrumMeter;
}

/**
 * Hands a row to the recorder.
 *
 * @param length T of the batch, by which spectra are rationed.
 * @param isLast everything is measured, as it is for a run's last row.
 * @returns whether the row holds, or will hold, a spectrum.
 */
export function recordRow(
  parts: Parts,
  model: Model,
  row: Omit<Measurement, "spectra" | "lyapunov">,
  length: number,
  isLast: boolean,
): boolean {
  const spectra = spectraAt(parts, model, row, length, isLast);
  const lyapunov = lyapunovAt(parts, model, row.step, isLast);
  parts.recorder.record({ ...row, spectra, lyapunov });
  return spectra !== null;
}

function spectraAt(
  { experiment, meter }: Parts,
  model: Model,
  { step, batchSize }: Pick<Measurement, "step" | "batchSize">,
  length: number,
  isLast: boolean,
): Spectra | Promise<Spectra> | null {
  const { spec } = model;
  if (spectrumIsKnown(spec)) return spectraOf(spec, model.getParameters());
  const interval = spectrumInterval(spec, batchSize, length);
  if (!isLast && !measuresSpectrum(step, experiment.telemetry.cadence, interval)) return null;
  return meter.measure(spec, model.getParameters());
}

/** Along the test set's first sequence. */
function lyapunovAt(
  { experiment, task, meter }: Parts,
  model: Model,
  step: number,
  isLast: boolean,
): Promise<readonly Lyapunov[]> | null {
  const { cadence, lyapunov: interval } = experiment.telemetry;
  if (interval === undefined || !recordsLyapunov(experiment, model.spec)) return null;
  if (!isLast && !measuresSpectrum(step, cadence, interval)) return null;
  return meter.measureLyapunov(model.spec, model.getParameters(), sliceSequences(task.test, 0, 1).inputs);
}
