/** The library entry `sigmascope/tfjs`: spectral layers for TensorFlow.js, and runs recorded by its callbacks. */

export { type RecordOptions, type RunCallback, recordRun } from "./recordRun.ts";
export type { SpectralArgs } from "./spectralFactors.ts";
export {
  SpectralGRU,
  type SpectralGRUArgs,
  SpectralLSTM,
  type SpectralLSTMArgs,
  SpectralRNN,
  type SpectralRNNArgs,
} from "./spectralLayers.ts";
