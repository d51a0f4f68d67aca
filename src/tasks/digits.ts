/**
 * Handwritten digits, read pixel by pixel or row by row: the UCI optical digits (E. Alpaydin & C. Kaynak 1998,
 * doi:10.24432/C50P49), 1,797 images of 8 × 8, which ship with the package.
 */
import { readFile } from "node:fs/promises";
import { builtFile } from "../builtFile.ts";
import type { TaskSettings } from "../experiment/schema.ts";
import { Random } from "../random.ts";
import { classBaseline } from "./baselines.ts";
import { EpochOrder } from "./epochOrder.ts";
import { holdOut } from "./holdOut.ts";
import { type LabelledSequences, pick } from "./sequences.ts";
import type { Task } from "./task.ts";

const imageCount = 1797;
const testCount = 360;
const pixelCount = 64;
const darkest = 16;

/**
 * `pixels`: T = 64, d = 1; `rows`: T = 8, d = 8; values 0 … 1. The split into 1,437 training and 360 test images is
 * fixed, with every digit in proportion, and does not depend on the seed. `permuted` reads the pixels of all images
 * in one random order, which depends on `permutationSeed` alone.
 * @throws Error when the shipped file is missing or damaged.
 */
export async function digitsTask(
  settings: Extract<TaskSettings, { kind: "digits" }>,
  seed: number,
): Promise<Task> {
  const length = settings.read === "pixels" ? pixelCount : 8;
  const inputSize = pixelCount / length;
  const order = settings.permuted
    ? new Random(settings.permutationSeed, "digits", "permutation").permutation(pixelCount)
    : Int32Array.from({ length: pixelCount }, (_, i) => i);

  const path = builtFile("optdigits.csv");
  const images = parseImages(await readFile(path, "utf8"), path);
  const inputs = new Float32Array(images.pixels.length);
  for (let i = 0; i < inputs.length; i++) {
    const pixel = i % pixelCount;
    inputs[i] = images.pixels[i - pixel + order[pixel]!]! / darkest;
  }
  const all: LabelledSequences = { size: imageCount, length, inputSize, inputs, targets: images.digits };
  const split = holdOut(images.digits, testCount);
  const train = pick(all, split.train);
  const test = pick(all, split.test);
  const epochs = new EpochOrder(seed, train.size);
  return {
    kind: "digits",
    length,
    inputSize,
    outputSize: 10,
    head: "classifyLast",
    metricName: "accuracy",
    baseline: classBaseline(train.targets, test.targets, [..."0123456789"]),
    trainSize: train.size,
    trainBatch: (step, size) => pick(train, epochs.batch(step, size)),
    test,
  };
}

function parseImages(text: string, path: string): { pixels: Uint8Array; digits: Int32Array } {
  const lines = text.trimEnd().split(/\r?\n/);
  if (lines.length !== imageCount)
    throw new Error(`${path} is damaged: ${lines.length} lines found, ${imageCount} expected`);
  const pixels = new Uint8Array(imageCount * pixelCount);
  const digits = new Int32Array(imageCount);
  lines.forEach((line, image) => {
    const values = line.split(",").map(Number);
    const digit = values[pixelCount];
    const sound =
      values.length === pixelCount + 1 &&
      values.every(
        (value, i) => Number.isInteger(value) && value >= 0 && value <= (i < pixelCount ? darkest : 9),
      );
    if (!sound || digit === undefined)
      throw new Error(`${path}:${image + 1} is damaged: 64 integers 0 … 16 and a digit 0 … 9 expected`);
    pixels.set(values.slice(0, pixelCount), image * pixelCount);
    digits[image] = digit;
  });
  return { pixels, digits };
}
