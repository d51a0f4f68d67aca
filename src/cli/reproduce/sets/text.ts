/** Language modelling, character by character and word by word. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { dataMissing } from "../dataFolder.ts";
import type { ExperimentSet, SetContext, SetExperiment } from "../experimentSet.ts";
import { comparedModels } from "./cells.ts";

/** The first that is there; the Penn Treebank is not free, so that few have it. */
const corpora = ["ptb", "brown"] as const;

type Level = "character" | "word";

/** What a symbol takes in a file, roughly: turns the size of a text into windows. */
const bytesPerSymbol = { character: 1, word: 5.7 } as const;

/** Over tens of timesteps W may stretch a little where the slope of tanh shrinks. */
const near = { activation: "tanh", initialization: "orthogonal" } as const;

/** In full and with --quick. */
const settings = {
  character: {
    full: { hidden: 256, window: 100, epochs: 4, batch: 64 },
    quick: { hidden: 32, window: 50, steps: 400, batch: 16 },
  },
  word: {
    full: { hidden: 128, window: 35, epochs: 4, batch: 20, vocabulary: 10_000 },
    quick: { hidden: 32, window: 20, steps: 600, batch: 16, vocabulary: 500 },
  },
} as const;

async function findCorpus(dataFolder: string) {
  for (const corpus of corpora) {
    const file = (part: string) => join(dataFolder, corpus, `${corpus}.${part}.txt`);
    const [train, test] = await Promise.all(
      ["train", "test"].map((part) => stat(file(part)).catch(() => undefined)),
    );
    if (train?.isFile() && test?.isFile())
      return { corpus, train: file("train"), test: file("test"), bytes: train.size };
  }
  throw dataMissing("text (brown or ptb)", dataFolder);
}

async function experiments(level: Level, { quick, dataFolder }: SetContext): Promise<SetExperiment[]> {
  const { corpus, train, test, bytes } = await findCorpus(dataFolder);
  const { hidden, window, batch, ...rest } = settings[level][quick ? "quick" : "full"];
  const length =
    // To evaluate takes longer than some hundred steps.
    "steps" in rest ? { steps: rest.steps, evaluateEvery: rest.steps / 2 } : { epochs: rest.epochs };
  const vocabulary = "vocabulary" in rest ? { vocabulary: rest.vocabulary } : {};
  const outputs = vocabulary.vocabulary ?? 100;
  const trainSize = Math.floor(bytes / bytesPerSymbol[level] / window);
  return comparedModels(hidden, near, 0.0005).map(({ name, model, training: own }) => ({
    name: `${corpus} ${name}`,
    model: name,
    data: corpus,
    work: { length: window, outputsEach: outputs, trainSize },
    input: {
      // Nothing is chosen by looking at the held-out text, so that the test text serves for every evaluation.
      task: { kind: "text", train, test, level, window, ...vocabulary },
      // The same matrix for input and output: with words it is most of the parameters.
      model: level === "word" ? { ...model, embedding: "tied" } : model,
      training: {
        ...length,
        batch,
        learningRate: quick ? 0.005 : 0.002,
        learningRateDecay: 0.5,
        decaySteps: quick ? 200 : Math.max(1, Math.ceil(trainSize / batch)),
        clipNorm: 1,
        ...own,
      },
    },
  }));
}

export const textSets: readonly ExperimentSet[] = (["character", "word"] as const).map((level) => ({
  name: `text-${level}`,
  family: "text",
  description: `A language model of English, ${level} by ${level}.`,
  needs: ["brown", "ptb"],
  remark:
    "Every timestep has a loss of its own, so that half-life and reach tell more of the latest symbols than of memory.",
  unit: "timesteps",
  experiments: (context) => experiments(level, context),
}));
