/** The copy memory problem with delays of 100 to 1000 timesteps. */
import type { ExperimentSet, SetExperiment, Solved } from "../experimentSet.ts";
import { comparedModels } from "./cells.ts";

const delays = [100, 500, 1000] as const;
const copyLength = 10;
const symbols = 8;

/** The accuracy counts the blanks too, which are most of the answer; what matters is the recall of the symbols. */
const solved: Solved = {
  condition: "≥ 99 % recalled",
  holds: (accuracy, length) => (1 - accuracy) * length <= 0.01 * copyLength,
};

/** Without a squashing φ the state is a rotation of what it was: the plainest memory there is. */
const near = { activation: "identity", initialization: "orthogonal" } as const;

function experiments(fullDelay: number, quick: boolean): SetExperiment[] {
  const training = quick
    ? { steps: 1000, batch: 20, learningRateDecay: 0.7, decaySteps: 500 }
    : { steps: 6000, batch: 32, learningRateDecay: 0.5, decaySteps: 2000 };
  const delay = quick ? Math.max(20, fullDelay / 10) : fullDelay;
  const length = delay + 2 * copyLength;
  return comparedModels(quick ? 64 : 128, near, 0.0003).map(({ name, model, training: own }) => ({
    name,
    model: name,
    work: { length, inputs: symbols + 2, outputsEach: symbols + 1 },
    input: {
      task: { kind: "copy", delay, symbols, copyLength },
      model,
      training: { ...training, learningRate: 0.002, clipNorm: 1, ...own },
    },
  }));
}

export const copySets: readonly ExperimentSet[] = delays.map((delay) => ({
  name: `copy-${delay}`,
  family: "copy",
  description: `The copy problem: ten symbols remembered over ${delay} timesteps.`,
  needs: [],
  remark:
    "The accuracy counts the blanks too. Every timestep has a loss of its own, and those of the answers weigh most: half-life and reach are of all of them together.",
  solved,
  unit: "timesteps",
  experiments: async ({ quick }) => experiments(delay, quick),
}));
