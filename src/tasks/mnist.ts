/**
 * MNIST (Y. LeCun, C. Cortes & C. Burges), 28 × 28 pixels, read pixel by pixel, row by row, or in any other equal
 * pieces; the long-memory benchmark of Le, Jaitly & Hinton (2015) and, permuted, of Arjovsky et al. (2016).
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { TaskSettings } from "../experiment/schema.ts";
import { Random } from "../random.ts";
import { classBaseline } from "./baselines.ts";
import { EpochOrder } from "./epochOrder.ts";
import { readIdx } from "./mnist/idx.ts";
import { emptyInputs } from "./sequences.ts";
import type { Sequences, Task } from "./task.ts";

type MnistSettings = Extract<TaskSettings, { kind: "mnist" }>;

const side = 28;
const pixelCount = side * side;
const classCount = 10;
/** 0 … 255 as 0 … 1: to look a quotient up is faster than to divide. */
const shades = Float32Array.from({ length: 256 }, (_, pixel) => pixel / 255);

export const howToGetMnist =
  '`npm run data` of a clone of Sigmascope or the command "Sigmascope: Get MNIST" puts the four files of MNIST there';

interface Images {
  readonly size: number;
  /** [size, 784], 0 … 255. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * T = `length`, d = 784 / T; pixels are scaled to 0 … 1. `permuted` reads the pixels of all images in one random
 * order, which depends on `permutationSeed` alone.
 *
 * @param folder absolute path of a folder with the four IDX files, each gzipped or not.
 * @throws Error naming the file and the place where something is missing or wrong.
 */
export async function mnistTask(settings: MnistSettings, seed: number, folder: string): Promise<Task> {
  const { length, trainSize, testSize } = settings;
  if (pixelCount % length !== 0)
    throw new Error(
      `task.length is ${length}; it must divide ${pixelCount}, the pixels of an image: ${divisors().join(", ")}`,
    );
  const inputSize = pixelCount / length;
  const order = settings.permuted
    ? new Random(settings.permutationSeed, "mnist", "permutation").permutation(pixelCount)
    : undefined;
  const train = await readImages(folder, "train", trainSize, "task.trainSize");
  const test = await readImages(folder, "t10k", testSize, "task.testSize");

  const sequencesAt = (images: Images, indices: ArrayLike<number>, what: string): Sequences => {
    const size = indices.length;
    const inputs = emptyInputs(what, size, length, inputSize);
    const targets = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const image = indices[i]!;
      const pixels = images.pixels.subarray(image * pixelCount, (image + 1) * pixelCount);
      const to = i * pixelCount;
      if (order) for (let j = 0; j < pixelCount; j++) inputs[to + j] = shades[pixels[order[j]!]!]!;
      else for (let j = 0; j < pixelCount; j++) inputs[to + j] = shades[pixels[j]!]!;
      targets[i] = images.labels[image]!;
    }
    return { size, length, inputs, targets };
  };
  const epochs = new EpochOrder(seed, train.size);
  const every = Int32Array.from({ length: test.size }, (_, i) => i);
  return {
    kind: "mnist",
    length,
    inputSize,
    outputSize: classCount,
    head: "classifyLast",
    metricName: "accuracy",
    baseline: classBaseline(train.labels, test.labels, [..."0123456789"]),
    trainSize: train.size,
    trainBatch: (step, size) => sequencesAt(train, epochs.batch(step, size), "a batch"),
    test: sequencesAt(test, every, "the test set"),
  };
}

const divisors = (): number[] =>
  Array.from({ length: pixelCount }, (_, i) => i + 1).filter((length) => pixelCount % length === 0);

async function readImages(
  folder: string,
  part: "train" | "t10k",
  most: number | undefined,
  property: string,
): Promise<Images> {
  const images = await readIdx(await find(folder, `${part}-images`, 3), 3);
  const labels = await readIdx(await find(folder, `${part}-labels`, 1), 1);
  const [count = 0, rows, columns] = images.dimensions;
  if (rows !== side || columns !== side)
    throw new Error(`${images.path}: its images are ${rows} × ${columns}; MNIST's are ${side} × ${side}`);
  if (labels.values.length !== count)
    throw new Error(
      `${labels.path}: ${labels.values.length} labels; ${images.path} has ${count} images: one label each is needed`,
    );
  if (count === 0) throw new Error(`${images.path}: no images; at least one is needed`);
  const wrong = labels.values.findIndex((label) => label >= classCount);
  if (wrong >= 0)
    throw new Error(
      `${labels.path}: byte ${8 + wrong}: found label ${labels.values[wrong]}; allowed: 0 to 9`,
    );
  if (most !== undefined && most > count)
    throw new Error(`${property} is ${most}; ${images.path} has only ${count} images`);
  const size = most ?? count;
  const ofTrain = labels.values.subarray(0, size);
  if (part === "train") {
    const missing = Array.from({ length: classCount }, (_, digit) => digit).filter(
      (digit) => !ofTrain.includes(digit),
    );
    if (missing.length > 0)
      throw new Error(
        `${labels.path}: the digit ${missing[0]} does not occur among the first ${size} labels; every digit must occur in the training set`,
      );
  }
  return { size, pixels: images.values.subarray(0, size * pixelCount), labels: ofTrain };
}

/** The file of a part, under any of the names that it goes by. */
async function find(folder: string, part: string, rank: number): Promise<string> {
  const names = ["-", "."].flatMap((mark) => {
    const name = `${part}${mark}idx${rank}-ubyte`;
    return [name, `${name}.gz`];
  });
  for (const name of names) {
    const path = join(folder, name);
    try {
      await access(path);
      return path;
    } catch {
      // The next name.
    }
  }
  throw new Error(`${folder}: none of ${names.join(", ")} is there; ${howToGetMnist}`);
}
