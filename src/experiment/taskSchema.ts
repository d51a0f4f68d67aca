/** The `task` part of the experiment file: a schema for each kind of task. See `schema.ts`. */
import { z } from "zod";

/** Whole numbers from 1. */
export const positiveInteger = (maximum: number) => z.int().min(1).max(maximum);

const addingTask = z
  .strictObject({
    kind: z.literal("adding").meta({ description: "Add the two marked numbers of a long sequence." }),
    length: z.int().min(2).max(100_000).default(200).meta({ description: "Timesteps T of a sequence." }),
    testSize: positiveInteger(1_000_000)
      .default(1000)
      .meta({ description: "Sequences in the fixed test set." }),
  })
  .meta({
    description:
      "The adding problem of Hochreiter & Schmidhuber (1997); the trivial mean squared error is 1/6.",
  });

const copyTask = z
  .strictObject({
    kind: z.literal("copy").meta({ description: "Remember symbols over a long delay, then repeat them." }),
    delay: positiveInteger(100_000)
      .default(100)
      .meta({ description: "Blank timesteps between the symbols and their recall." }),
    symbols: z
      .int()
      .min(2)
      .max(64)
      .default(8)
      .meta({ description: "Size of the alphabet, blank and marker excluded." }),
    copyLength: positiveInteger(1000).default(10).meta({ description: "Symbols to remember." }),
    testSize: positiveInteger(1_000_000)
      .default(500)
      .meta({ description: "Sequences in the fixed test set." }),
  })
  .meta({ description: "The copy memory problem (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016)." });

/** Of tasks whose images are read in pieces. */
const permutation = {
  permuted: z.boolean().default(false).meta({ description: "Read the pixels in one fixed random order." }),
  permutationSeed: z
    .int()
    .min(0)
    .max(4294967295)
    .default(92916)
    .meta({ description: "Seed of the fixed order; used when permuted." }),
};

const digitsTask = z
  .strictObject({
    kind: z.literal("digits").meta({ description: "Handwritten digits, read in pieces." }),
    read: z
      .enum(["pixels", "rows"])
      .default("pixels")
      .meta({ description: "pixels: 64 timesteps of 1 value; rows: 8 timesteps of 8 values." }),
    ...permutation,
  })
  .meta({ description: "The UCI optical digits: 1,797 images of 8 × 8 (E. Alpaydin & C. Kaynak, 1998)." });

const csvTask = z
  .strictObject({
    kind: z.literal("csv").meta({ description: "Your own labelled sequences." }),
    train: z
      .string()
      .min(1)
      .meta({ description: "File with the training sequences, relative to the experiment file." }),
    test: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "File with the test sequences; without it a part of `train` is held out." }),
    testFraction: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.2)
      .meta({ description: "Share of `train` held out when `test` is absent." }),
    format: z
      .enum(["rows", "long"])
      .default("rows")
      .meta({ description: "rows: one sequence a line; long: one timestep a line." }),
    label: z
      .enum(["first", "last"])
      .default("last")
      .meta({ description: "rows format: the column that holds the label." }),
    target: z
      .enum(["class", "number"])
      .default("class")
      .meta({ description: "class: classification; number: regression." }),
    inputSize: positiveInteger(10_000)
      .default(1)
      .meta({ description: "rows format: values per timestep; a line holds T × inputSize values." }),
    delimiter: z.enum([",", ";", "\t", " "]).default(",").meta({ description: "Character between values." }),
    header: z
      .boolean()
      .default(false)
      .meta({ description: "rows format: skip the first line. (The long format always has a header.)" }),
    normalize: z
      .boolean()
      .default(true)
      .meta({ description: "Scale each input to mean 0 and variance 1 over the training set." }),
  })
  .meta({ description: "Labelled sequences from text files." });

const mnistTask = z
  .strictObject({
    kind: z.literal("mnist").meta({ description: "Handwritten digits of 28 × 28 pixels, read in pieces." }),
    folder: z.string().min(1).default("data/mnist").meta({
      description:
        "Folder with the four IDX files (train-images-idx3-ubyte …), gzipped or not, relative to the experiment file.",
    }),
    length: z.int().min(1).max(784).default(784).meta({
      description:
        "Timesteps T, which divide 784: 784 reads pixel by pixel, 28 row by row, 1 the whole image at once.",
    }),
    ...permutation,
    trainSize: positiveInteger(10_000_000)
      .optional()
      .meta({ description: "Use only the first so many training images; default: all." }),
    testSize: positiveInteger(10_000_000)
      .optional()
      .meta({ description: "Use only the first so many test images; default: all." }),
  })
  .meta({ description: "MNIST (LeCun, Cortes & Burges): 60,000 training and 10,000 test images." });

const textTask = z
  .strictObject({
    kind: z.literal("text").meta({ description: "Language modelling: predict the next symbol of a text." }),
    train: z
      .string()
      .min(1)
      .meta({ description: "Text to train on, relative to the experiment file; e.g. ptb.train.txt." }),
    test: z.string().min(1).meta({ description: "Text to test on; e.g. ptb.test.txt." }),
    valid: z.string().min(1).optional().meta({
      description: "Text to evaluate on while training instead of `test`; e.g. ptb.valid.txt.",
    }),
    level: z.enum(["character", "word"]).default("character").meta({
      description: "character: bits per character; word: perplexity, each line ending in <eos>.",
    }),
    vocabulary: z.int().min(2).max(1_000_000).optional().meta({
      description:
        "Keep only the so many most frequent symbols; the rest become <unk>. Default: all of `train`.",
    }),
    window: positiveInteger(100_000).default(100).meta({
      description: "Timesteps T of truncated backpropagation; the state is carried from window to window.",
    }),
  })
  .meta({
    description: "Character- or word-level language modelling, in the format of the Penn Treebank files.",
  });

const ucrTask = z
  .strictObject({
    kind: z.literal("ucr").meta({ description: "A data set of the UCR time series archive." }),
    train: z.string().min(1).meta({
      description: "Training file, relative to the experiment file: NAME_TRAIN.tsv or NAME_TRAIN.ts.",
    }),
    test: z.string().min(1).meta({ description: "Test file: NAME_TEST.tsv or NAME_TEST.ts." }),
    normalize: z.boolean().default(true).meta({
      description: "z-normalise: scale each series (each dimension of it) to mean 0 and variance 1.",
    }),
    unequal: z.enum(["pad", "resample"]).default("pad").meta({
      description:
        "Series of unequal lengths: pad the start with zeros (after normalization), or resample linearly to the longest.",
    }),
    inputSize: positiveInteger(10_000).default(1).meta({
      description: "Values per timestep: consecutive values of a series of one dimension are read together.",
    }),
  })
  .meta({ description: "Labelled time series: the UCR archive's .tsv, or .ts of aeon and sktime." });

const externalTask = z
  .strictObject({
    kind: z
      .literal("external")
      .meta({ description: "Data of another program, which trains by itself and records its run." }),
    program: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'The program, e.g. "TensorFlow.js 4.22.0".' }),
  })
  .meta({ description: "In the run directories of other programs; Sigmascope cannot train it." });

export const taskSchema = z
  .discriminatedUnion("kind", [
    addingTask,
    copyTask,
    digitsTask,
    csvTask,
    mnistTask,
    textTask,
    ucrTask,
    externalTask,
  ])
  .meta({ description: "What to learn." });
