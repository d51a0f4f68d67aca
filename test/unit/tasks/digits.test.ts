import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { builtFile } from "../../../src/builtFile.ts";
import { digitsTask } from "../../../src/tasks/digits.ts";

const settings = {
  kind: "digits",
  read: "pixels",
  permuted: false,
  permutationSeed: 92916,
} as const;

/** Images as strings, sorted: the same set of images has the same list in any order. */
function imagesOf(inputs: Float32Array): string[] {
  const images: string[] = [];
  for (let i = 0; i < inputs.length; i += 64) images.push(inputs.subarray(i, i + 64).join());
  return images.sort();
}

test("1,437 training and 360 test images, together the whole set, each digit in proportion", async () => {
  const task = await digitsTask(settings, 1);
  expect([task.trainSize, task.test.size]).toEqual([1437, 360]);
  const train = task.trainBatch(0, 1437);
  const lines = (await readFile(builtFile("optdigits.csv"), "utf8")).trim().split("\n");
  const original = new Float32Array(
    lines.flatMap((line) =>
      line
        .split(",")
        .slice(0, 64)
        .map((value) => Number(value) / 16),
    ),
  );
  expect(imagesOf(new Float32Array([...train.inputs, ...task.test.inputs]))).toEqual(imagesOf(original));
  for (let digit = 0; digit < 10; digit++) {
    const count = task.test.targets.filter((target) => target === digit).length;
    expect(count).toBeGreaterThanOrEqual(34);
    expect(count).toBeLessThanOrEqual(38);
  }
  expect(Math.min(...train.inputs)).toBe(0);
  expect(Math.max(...train.inputs)).toBe(1);
});

test("an image and its digit stay together", async () => {
  const task = await digitsTask(settings, 1);
  const lines = new Set((await readFile(builtFile("optdigits.csv"), "utf8")).trim().split("\n"));
  for (let i = 0; i < task.test.size; i++) {
    const pixels = task.test.inputs.subarray(i * 64, i * 64 + 64).map((value) => value * 16);
    expect(lines.has(`${pixels.join()},${task.test.targets[i]}`)).toBe(true);
  }
});

test("the split does not depend on the seed; the order of training does", async () => {
  const one = await digitsTask(settings, 1);
  const two = await digitsTask(settings, 2);
  expect(two.test.inputs).toEqual(one.test.inputs);
  expect(two.trainBatch(0, 32).inputs).not.toEqual(one.trainBatch(0, 32).inputs);
});

test("every epoch visits every training image once, in another order; batches span epochs", async () => {
  const task = await digitsTask(settings, 3);
  const size = 100;
  const inputs: number[] = [];
  for (let step = 0; step < 29; step++) inputs.push(...task.trainBatch(step, size).inputs);
  const first = new Float32Array(inputs.slice(0, 1437 * 64));
  const second = new Float32Array(inputs.slice(1437 * 64, 2 * 1437 * 64));
  expect(first).not.toEqual(second);
  expect(imagesOf(first)).toEqual(imagesOf(second));
  // Going back gives the same batch: a resumed run sees the same data.
  expect([...task.trainBatch(14, size).inputs]).toEqual(inputs.slice(14 * size * 64, 15 * size * 64));
});

test("rows and permuted reading hold the same numbers", async () => {
  const pixels = await digitsTask(settings, 1);
  const rows = await digitsTask({ ...settings, read: "rows" }, 1);
  expect([rows.length, rows.inputSize]).toEqual([8, 8]);
  expect(rows.test.inputs).toEqual(pixels.test.inputs);
  const permuted = await digitsTask({ ...settings, permuted: true }, 1);
  const other = await digitsTask({ ...settings, permuted: true, permutationSeed: 1 }, 1);
  expect(permuted.test.inputs).not.toEqual(pixels.test.inputs);
  expect(permuted.test.inputs).not.toEqual(other.test.inputs);
  // One and the same order for all images: column sums are permuted, images keep their sums.
  const columnSums = (inputs: Float32Array) =>
    Array.from({ length: 64 }, (_, pixel) => {
      let sum = 0;
      for (let i = pixel; i < inputs.length; i += 64) sum += inputs[i]!;
      return sum;
    }).sort((a, b) => a - b);
  expect(columnSums(permuted.test.inputs)).toEqual(columnSums(pixels.test.inputs));
});

test("the baseline is that of the most frequent digit", async () => {
  const { baseline, test: held } = await digitsTask(settings, 1);
  const counts = Array.from({ length: 10 }, (_, digit) => held.targets.filter((t) => t === digit).length);
  expect(counts.map((count) => count / 360)).toContain(baseline.metric);
  expect(baseline.loss).toBeGreaterThan(Math.log(10) * 0.99);
  expect(baseline.loss).toBeLessThan(Math.log(10) * 1.01);
  expect(baseline.reason).toMatch(/most frequent class \(\d\)/);
});

test("the bits of a batch are fixed", async () => {
  const batch = (await digitsTask({ ...settings, permuted: true }, 1)).trainBatch(9, 200);
  const hash = createHash("sha256").update(new Uint8Array(batch.inputs.buffer)).update(batch.targets.join());
  expect(hash.digest("hex").slice(0, 16)).toBe("392713e94820ec7a");
});
