/** The adding problem over 200 to 1000 timesteps. */
import type { ExperimentSet, SetExperiment, Solved } from "../experimentSet.ts";
import { comparedModels } from "./cells.ts";

const lengths = [200, 400, 750, 1000] as const;

/** The usual mark: a twentieth of what always answering 1 costs (1/6), and below. */
const solved: Solved = {
  condition: "MSE < 0.01",
  holds: (meanSquaredError) => meanSquaredError < 0.01,
};

/** A leaky ReLU has slope 1 where it is on: W alone then decides what becomes of the gradient. */
const near = { activation: "leakyRelu", initialization: "orthogonal" } as const;

function experiments(length: number, quick: boolean): SetExperiment[] {
  const training = quick
    ? { steps: 2000, batch: 20, learningRateDecay: 0.5, decaySteps: 1000 }
    : { steps: 8000, batch: 50, learningRateDecay: 0.5, decaySteps: 2000 };
  // A fifth of the sequence with a quarter of the units: the same order of the models.
  const actualLength = quick ? length / 5 : length;
  return comparedModels(quick ? 32 : 128, near, quick ? 0.0005 : 0.0003).map(
    ({ name, model, training: own }) => ({
      name,
      model: name,
      work: { length: actualLength },
      input: {
        task: { kind: "adding", length: actualLength },
        model,
        training: { ...training, learningRate: 0.003, clipNorm: 1, ...own },
      },
    }),
  );
}

export const addingSets: readonly ExperimentSet[] = lengths.map((length) => ({
  name: `adding-${length}`,
  family: "adding",
  description: `The adding problem over ${length} timesteps.`,
  needs: [],
  solved,
  unit: "timesteps",
  experiments: async ({ quick }) => experiments(length, quick),
}));
