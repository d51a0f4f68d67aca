/** Every threshold of every rule in one table, each with its reason. Any of them can be overridden. */

interface Threshold {
  readonly value: number;
  /** Allowed values, both ends included. */
  readonly range: readonly [number, number];
  readonly reason: string;
}

const share = [0, 1] as const;

export const thresholdTable = {
  // When there is enough to judge by.
  warmUpSteps: {
    value: 20,
    range: [1, 1e9],
    reason:
      "The first steps move the parameters most and say least; a run shorter than four times this uses a quarter of itself.",
  },
  warmUpShare: {
    value: 0.05,
    range: share,
    reason:
      "What changes slowly (reach, spectrum, saturation) is judged only after this share of the run, at most ten times warmUpSteps: many networks start ill and cure themselves within a few dozen steps.",
  },
  minimumRows: {
    value: 5,
    range: [1, 20],
    reason: "A median of fewer recorded steps than this is an accident.",
  },
  learning: {
    value: 0.5,
    range: share,
    reason:
      "Share of the trivial loss that must be gone before a shortcoming of the gradient is only information: the model evidently learns, perhaps less than it could.",
  },
  learnt: {
    value: 0.75,
    range: share,
    reason:
      "Share of the trivial loss that must be gone before a shortcoming of the gradient, of the units or of the spectrum is no finding at all: what is left of the gradient was enough, and near the optimum its shape says little.",
  },
  // vanishing-gradient
  shortestSequence: {
    value: 8,
    range: [2, 1e9],
    reason: "In fewer timesteps a gradient has no distance to vanish over.",
  },
  reachRaise: {
    value: 0.2,
    range: share,
    reason:
      "When four fifths of the timesteps get less than 1 % of the last one's gradient, what happened there is learned a hundred times slower. Networks whose reach is a third of T were seen to learn long memories all the same.",
  },
  reachClear: {
    value: 0.3,
    range: share,
    reason: "Clearly above the raising threshold, so that a reach that wavers around it does not flicker.",
  },
  // exploding-gradient
  growthRaise: {
    value: 1000,
    range: [2, 1e30],
    reason:
      "Going back over the sequence, ten doublings: one step then serves the earliest timesteps only. Summing over the outputs of a head at every timestep gives about √T, far less.",
  },
  growthClear: {
    value: 300,
    range: [1, 1e30],
    reason: "Well below the raising threshold, so that the finding does not flicker.",
  },
  growthError: {
    value: 1e6,
    range: [2, 1e30],
    reason:
      "A factor of a million uses up most of the precision of 32-bit floats within a sum over timesteps.",
  },
  spikeOverMedian: {
    value: 100,
    range: [2, 1e30],
    reason:
      "A gradient norm a hundred times the recent median is a cliff (Pascanu et al. 2013), not sampling noise, which stays within about ten.",
  },
  spikeOverStart: {
    value: 10,
    range: [0, 1e30],
    reason:
      "Near the optimum the median is so small that one hard example is a spike; a real one also exceeds the norms of the first steps by this factor.",
  },
  spikes: {
    value: 2,
    range: [1, 20],
    reason: "One spike may be one odd batch; two within the last twenty rows are a habit.",
  },
  normOverStart: {
    value: 100,
    range: [2, 1e30],
    reason: "Half of the recent norms lie this far above the first ones, and the loss has not fallen for it.",
  },
  // spectrum-drift
  driftDistance: {
    value: 0.5,
    range: [0, 1e6],
    reason:
      "A singular value this far from the band's centre halves, or grows by half, whatever runs along its direction each timestep.",
  },
  driftShare: {
    value: 0.1,
    range: share,
    reason: "A single stray singular value is common and harmless; a tenth of them shape the gradient.",
  },
  driftLargest: {
    value: 2,
    range: [1, 1e6],
    reason: "One singular value is enough to blow up a gradient when it doubles it each timestep.",
  },
  // spectrum-edge
  edgeDistance: {
    value: 0.9,
    range: [0.5, 1],
    reason:
      "Beyond this share of the radius the slope of the sigmoid behind σ is under a fifth of its largest: the value pushes and hardly moves.",
  },
  edgeShareRaise: {
    value: 0.2,
    range: share,
    reason: "One singular value in five at the edge: the band, not the data, decides the spectrum.",
  },
  edgeShareClear: {
    value: 0.1,
    range: share,
    reason: "Half of the raising threshold, so that the finding does not flicker.",
  },
  // saturated-units
  saturatedTanh: {
    value: 0.5,
    range: share,
    reason:
      "A tanh beyond 0.975 passes under 5 % of the gradient; with half of the units there, so does the layer.",
  },
  deadRelu: {
    value: 0.85,
    range: share,
    reason: "Half of all ReLU outputs being 0 is normal, and sparse networks that learn reach 80 %.",
  },
  lowLeakyRelu: {
    value: 0.95,
    range: share,
    reason: "Below 0 a leaky ReLU passes a hundredth of the gradient, and such units come back.",
  },
  saturatedGated: {
    value: 0.7,
    range: share,
    reason: "Gated cells learn to store ±1 on purpose, so more saturation is normal than for tanh.",
  },
  saturationClear: {
    value: 0.85,
    range: share,
    reason: "Factor on the raising threshold below which the finding clears, so that it does not flicker.",
  },
  // no-better-than-trivial
  fairShare: {
    value: 0.5,
    range: share,
    reason: "Share of the run after which it should have begun to learn; many tasks have a plateau first.",
  },
  fairSteps: {
    value: 100,
    range: [1, 1e9],
    reason: "Fewer steps than this are no trial, whatever the run's length.",
  },
  trivialRaise: {
    value: 0.95,
    range: [0, 10],
    reason:
      "Factor on the trivial loss: the mean over the recent rows, noisy by a few per cent with usual batches, is not below it.",
  },
  trivialClear: {
    value: 0.85,
    range: [0, 10],
    reason: "Clearly better than trivial, beyond the noise of the mean.",
  },
  trivialAccuracy: {
    value: 0.1,
    range: share,
    reason:
      "Share of the way from trivial accuracy to 1: a model that got so far has learned, however overconfident its loss.",
  },
  // learning-rate-too-high
  divergedLoss: {
    value: 1.5,
    range: [1, 1e6],
    reason:
      "The recent median loss exceeds this factor times what knowing nothing costs (or, before that was reached, the loss at the start): training makes it worse.",
  },
  divergedError: {
    value: 10,
    range: [1, 1e6],
    reason: "Ten times worse than knowing nothing does not come back by itself.",
  },
  oscillationLoss: {
    value: 0.8,
    range: [0, 10],
    reason:
      "Jumps count while the loss is about what knowing nothing costs, or more. Below this share of it the run learns, and near the optimum the relative noise is large by nature.",
  },
  oscillation: {
    value: 0.5,
    range: [0, 1e6],
    reason:
      "From row to row the loss jumps by half of itself as a rule, at batches where sampling explains less.",
  },
  oscillationNoise: {
    value: 4,
    range: [0, 1e6],
    reason:
      "Divided by √batch: more than three times what sampling alone makes of a squared error (its relative spread is about 1.2/√B, and so is the median jump).",
  },
  updateRatio: {
    value: 0.1,
    range: [0, 1e6],
    reason:
      "About 0.001 is healthy and 0.01 lively; a weight matrix that changes by a tenth each step is rewritten, not trained.",
  },
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof thresholdTable;
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const thresholdNames = Object.keys(thresholdTable) as ThresholdName[];

/**
 * The table's values with some of them replaced.
 * @throws Error that names the threshold, the value found and the values allowed.
 */
export function resolveThresholds(overrides: Partial<Thresholds> = {}): Thresholds {
  for (const [name, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(thresholdTable, name))
      throw new Error(`there is no threshold "${name}"; thresholds are ${thresholdNames.join(", ")}`);
    const [low, high] = thresholdTable[name as ThresholdName].range;
    if (typeof value !== "number" || !(value >= low && value <= high))
      throw new Error(`threshold ${name} is ${value}; it must be a number from ${low} to ${high}`);
  }
  const entries = thresholdNames.map(
    (name) => [name, overrides[name] ?? thresholdTable[name].value] as const,
  );
  return Object.fromEntries(entries) as Record<ThresholdName, number>;
}

/** Holds thresholds for a trainer, as a JSON object of names and values: an editor's settings. */
export const thresholdsVariable = "SIGMASCOPE_THRESHOLDS";

/**
 * The thresholds that the environment overrides; none when the variable is absent.
 * @throws Error that names the variable, when it holds no JSON object of thresholds in their ranges.
 */
export function thresholdsFrom(environment: NodeJS.ProcessEnv): Partial<Thresholds> {
  const text = environment[thresholdsVariable];
  if (text === undefined || text === "") return {};
  try {
    const overrides: unknown = JSON.parse(text);
    if (typeof overrides !== "object" || overrides === null || Array.isArray(overrides))
      throw new Error("it is not an object");
    resolveThresholds(overrides);
    return overrides;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${thresholdsVariable} cannot be used: ${reason}`, { cause: error });
  }
}
