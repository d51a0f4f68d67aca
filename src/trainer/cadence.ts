/**
 * Which steps are recorded, and which of those measure the singular values of a dense matrix.
 *
 * Both are pure functions of the step, so that a resumed run records the rows that an uninterrupted one would have.
 */
import type { ModelSpec } from "../engine/engine.ts";
import { gateCount, isDeep, layerInputs, recordedLayers } from "../engine/parameters.ts";

/** "auto", or a number k: every k-th step. */
export type Cadence = "auto" | number;

const rowsPerStride = 1000;

/**
 * Steps between the rows around a step (1-based): for "auto" 1 through step 1000, then 2, 4, 8 …, each for a
 * thousand rows. The stride 2^k holds for steps 1000 (2^k − 1) + 1 … 1000 (2^(k+1) − 1).
 */
export function stride(step: number, cadence: Cadence): number {
  if (cadence !== "auto") return cadence;
  let power = 1;
  while (step > rowsPerStride * (2 * power - 1)) power *= 2;
  return power;
}

/**
 * Whether a step (1-based: steps finished once it is done) is recorded. The first step always is; the trainer also
 * records a run's last.
 */
export function isRecorded(step: number, cadence: Cadence): boolean {
  if (step === 1) return true;
  if (cadence !== "auto") return step % cadence === 0;
  const power = stride(step, cadence);
  return (step - rowsPerStride * (power - 1)) % power === 0;
}

/** What a library's SVD takes for the values of one n × n matrix, and a training step on two cores, on a plain machine. */
const svdSecondsPerCube = 5e-9;
const svdSecondsPerCall = 1e-4;
const stepFlopsPerSecond = 40e9;
const pointwiseSecondsPerValue = 2e-9;
/** Share of a step's time that measuring spectra may take on one core. */
const spectrumShare = 0.05;

/**
 * Steps between measured spectra, a power of two: 1 for spectral and orthogonal cells, whose singular values are
 * known; for dense matrices so many that their SVD takes about 5 % of the training time, by a cost model of the
 * sizes alone (a measured time would make the recorded rows depend on the machine).
 *
 * @param batchSize B.
 * @param length T.
 */
export function spectrumInterval(spec: ModelSpec, batchSize: number, length: number): number {
  if (spec.cell === "spectral" || spec.cell === "orthogonal") return 1;
  const { hidden: n } = spec;
  const inputSize = layerInputs(spec, 0);
  const layers = isDeep(spec) ? recordedLayers(spec).length : spec.layers;
  const gates = gateCount(spec);
  const svdSeconds = layers * gates * (svdSecondsPerCall + svdSecondsPerCube * n ** 3);
  const positions = length * batchSize * gates;
  // Forward, ∂L/∂h and ∂L/∂W: three products of 2 n² operations per position, and as many with the inputs.
  const flops = 6 * positions * n * (n * layers + inputSize + n * (layers - 1));
  const stepSeconds = flops / stepFlopsPerSecond + positions * n * layers * pointwiseSecondsPerValue;
  let interval = 1;
  while (interval * stepSeconds * spectrumShare < svdSeconds) interval *= 2;
  return interval;
}

/**
 * Whether a recorded step measures the spectrum of dense matrices, or Lyapunov exponents: the first does, and then the
 * first recorded step at or after each multiple of `interval`. The trainer also measures a run's last row.
 */
export function measuresSpectrum(step: number, cadence: Cadence, interval: number): boolean {
  if (!isRecorded(step, cadence)) return false;
  if (step === 1) return true;
  const previous = step - stride(step, cadence);
  return Math.floor(step / interval) > Math.floor(previous / interval);
}
