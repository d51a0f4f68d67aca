/** The host's copy of the records in src/kernels/assembly/descriptor.ts; see there for what each field means. */

export const model = {
  cell: 0,
  activation: 1,
  layers: 2,
  hidden: 3,
  hiddenPadded: 4,
  length: 5,
  batch: 6,
  inputSize: 7,
  head: 8,
  outputs: 9,
  outputsPadded: 10,
  inputs: 11,
  targets: 12,
  headWeights: 13,
  headTransposed: 14,
  panels: 15,
  panelsPerShard: 16,
  losses: 17,
  metrics: 18,
  norms: 19,
  saturated: 20,
  partials: 21,
  partialStride: 22,
  headPartial: 23,
  predictions: 24,
  layerRecords: 25,
  scale: 26,
  residual: 27,
  carried: 28,
  inputGradients: 29,
  segment: 30,
  scratchRing: 32,
  scratchColumns: 33,
  scratchLogits: 36,
  scratchHeadRing: 37,
  scratchInputGradient: 38,
} as const;
export const modelRecordBytes = 256;

export const layer = {
  rows: 0,
  forwardCount: 1,
  backwardWeights: 2,
  backwardBlocks: 3,
  inputCount: 4,
  gradientCount: 5,
  forwardParts: 8,
  inputParts: 24,
  gradientParts: 32,
  scratchStates: 48,
  scratchGates: 49,
  scratchCells: 50,
  scratchExternal: 51,
  rankBlocks: 52,
  projection: 53,
  backProjection: 54,
  projected: 55,
  diagonal: 56,
  diagonalGradient: 57,
  scratchStateGradient: 58,
  scratchCarry: 59,
  scratchBoundaries: 60,
} as const;
export const layerRecordBytes = 256;

export const cells = { rnn: 0, lstm: 1, gru: 2 } as const;
export const activations = { tanh: 0, relu: 1, leakyRelu: 2, identity: 3 } as const;
export const heads = { classifyLast: 0, regressLast: 1, classifyEach: 2 } as const;
export const flags = { backward: 1, probe: 2, predict: 4, carry: 8 } as const;
