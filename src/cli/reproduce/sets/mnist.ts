/** MNIST pixel by pixel, in the usual order and in one random order. */
import type { ExperimentSet, SetContext, SetExperiment } from "../experimentSet.ts";
import { mnistFolder } from "../mnistFolder.ts";
import { comparedModels } from "./cells.ts";

const pixels = 784;
const images = 60_000;

/** Of eight settings tried for two minutes each, rotations and small batches came farthest in full length. */
const near = {
  full: { activation: "leakyRelu", initialization: "henaff" },
  quick: { activation: "leakyRelu", initialization: "orthogonal" },
} as const;

async function experiments(permuted: boolean, { quick, dataFolder }: SetContext): Promise<SetExperiment[]> {
  const folder = await mnistFolder(dataFolder);
  // Seven pixels at a time: long enough for a vanilla RNN to forget the top of the image.
  const length = quick ? 112 : pixels;
  const size = quick ? { trainSize: 2000, testSize: 1000 } : {};
  const training = quick
    ? { epochs: 12, batch: 50, learningRateDecay: 0.5, decaySteps: 250 }
    : { epochs: 30, batch: 64, learningRateDecay: 0.5, decaySteps: 6000 };
  return comparedModels(quick ? 32 : 128, near[quick ? "quick" : "full"], quick ? 0.0003 : 0.0001).map(
    ({ name, model, training: own }) => ({
      name,
      model: name,
      work: { length, inputs: pixels / length, trainSize: size.trainSize ?? images },
      input: {
        task: { kind: "mnist", folder, length, permuted, ...size },
        model,
        training: { ...training, learningRate: quick ? 0.003 : 0.001, clipNorm: 1, ...own },
      },
    }),
  );
}

export const mnistSets: readonly ExperimentSet[] = [false, true].map((permuted) => ({
  name: permuted ? "permuted-mnist" : "pixel-mnist",
  family: "mnist",
  description: permuted
    ? "MNIST pixel by pixel in one fixed random order."
    : "MNIST pixel by pixel, row by row.",
  needs: ["mnist"],
  unit: "timesteps",
  experiments: (context) => experiments(permuted, context),
}));
