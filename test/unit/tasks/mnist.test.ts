import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskSchema } from "../../../src/experiment/taskSchema.ts";
import { loadTask } from "../../../src/tasks/loadTask.ts";
import type { Task } from "../../../src/tasks/task.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sigmascope-mnist-"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

/** An IDX file of unsigned bytes. */
function idx(dimensions: readonly number[], values: ArrayLike<number>, magic = [0, 0, 8, dimensions.length]) {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.set(magic);
  for (const [i, size] of dimensions.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, Uint8Array.from(values)]);
}

/** Image i has the pixels (i + 3 j) mod 256; image i of 20 shows the digit i mod 10. */
const pixels = (count: number, first: number) =>
  Array.from({ length: count * 784 }, (_, k) => (first + Math.floor(k / 784) + 3 * (k % 784)) % 256);
const digits = (count: number) => Array.from({ length: count }, (_, i) => i % 10);

const sound = {
  "train-images-idx3-ubyte": idx([20, 28, 28], pixels(20, 0)),
  "train-labels-idx1-ubyte": idx([20], digits(20)),
  "t10k-images-idx3-ubyte": idx([6, 28, 28], pixels(6, 100)),
  "t10k-labels-idx1-ubyte": idx([6], digits(6)),
};

let folders = 0;
async function load(
  files: Record<string, Buffer | undefined>,
  settings: object = {},
  seed = 1,
): Promise<Task> {
  const folder = await mkdtemp(join(root, `${++folders}-`));
  for (const [name, bytes] of Object.entries({ ...sound, ...files }))
    if (bytes) await writeFile(join(folder, name), bytes);
  const parsed = taskSchema.parse({ kind: "mnist", folder, ...settings });
  return await loadTask(parsed, seed, { baseDirectory: root, root, allowOutside: false });
}

test("pixels in order, scaled to 0 … 1, with their digits", async () => {
  const task = await load({});
  expect([task.kind, task.length, task.inputSize, task.outputSize]).toEqual(["mnist", 784, 1, 10]);
  expect([task.head, task.metricName, task.trainSize, task.test.size]).toEqual([
    "classifyLast",
    "accuracy",
    20,
    6,
  ]);
  expect([...task.test.targets]).toEqual(digits(6));
  expect(task.test.inputs).toEqual(Float32Array.from(pixels(6, 100), (value) => value / 255));
  const batch = task.trainBatch(0, 20);
  for (let i = 0; i < 20; i++) expect(Math.round(batch.inputs[i * 784]! * 255) % 10).toBe(batch.targets[i]);
  expect(task.baseline.metric).toBeCloseTo(1 / 6, 12);
});

test("gzipped or not, and under the names with a point: the same task", async () => {
  const plain = await load({});
  const zipped = await load({
    ...Object.fromEntries(Object.keys(sound).map((name) => [name, undefined])),
    ...Object.fromEntries(Object.entries(sound).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)])),
  });
  const pointed = await load({
    ...Object.fromEntries(Object.keys(sound).map((name) => [name, undefined])),
    ...Object.fromEntries(
      Object.entries(sound).map(([name, bytes]) => [name.replace("-idx", ".idx"), bytes]),
    ),
  });
  for (const other of [zipped, pointed]) {
    expect(other.test).toEqual(plain.test);
    expect(other.trainBatch(3, 7)).toEqual(plain.trainBatch(3, 7));
  }
});

test.each([1, 7, 28, 112])("in %i timesteps: the same values, more of them at a time", async (length) => {
  const task = await load({}, { length });
  expect([task.length, task.inputSize, task.test.length]).toEqual([length, 784 / length, length]);
  expect(task.test.inputs).toEqual((await load({})).test.inputs);
});

test("permuted: one order for all images, which depends on permutationSeed alone", async () => {
  const task = await load({}, { permuted: true });
  const same = await load({}, { permuted: true }, 2);
  const other = await load({}, { permuted: true, permutationSeed: 1 });
  const plain = await load({});
  expect(same.test).toEqual(task.test);
  expect(other.test.inputs).not.toEqual(task.test.inputs);
  expect(task.test.inputs).not.toEqual(plain.test.inputs);
  for (let i = 0; i < 6; i++) {
    const image = (of: Task) => of.test.inputs.slice(i * 784, (i + 1) * 784);
    expect(image(task).sort()).toEqual(image(plain).sort());
  }
});

test("only the first images; another order each epoch and for each seed", async () => {
  const task = await load({}, { trainSize: 10, testSize: 2 });
  expect([task.trainSize, task.test.size]).toEqual([10, 2]);
  const first = task.trainBatch(0, 10);
  expect([...first.targets].sort()).toEqual(digits(10));
  expect(task.trainBatch(1, 10).targets).not.toEqual(first.targets);
  const other = await load({}, { trainSize: 10, testSize: 2 }, 2);
  expect(other.trainBatch(0, 10).targets).not.toEqual(first.targets);
});

const images = sound["train-images-idx3-ubyte"];
test.each<[string, Record<string, Buffer | undefined>, object, RegExp]>([
  [
    "a length that does not divide 784",
    {},
    { length: 100 },
    /task\.length is 100; it must divide 784.*: 1, 2, 4, 7/,
  ],
  [
    "a file that is not there",
    { "t10k-labels-idx1-ubyte": undefined },
    {},
    /none of t10k-labels-idx1-ubyte, t10k-labels-idx1-ubyte\.gz.*`npm run data`.*"Sigmascope: Get MNIST"/,
  ],
  [
    "a truncated file",
    { "train-images-idx3-ubyte": images.subarray(0, 1000) },
    {},
    /train-images-idx3-ubyte: byte 1000: the file ends after 984 values; its header says 20 × 28 × 28 = 15680/,
  ],
  [
    "a truncated header",
    { "train-images-idx3-ubyte": images.subarray(0, 5) },
    {},
    /byte 5: the file ends here; an IDX header of 3 dimensions takes 16 bytes/,
  ],
  [
    "a truncated gzip file",
    { "train-images-idx3-ubyte": gzipSync(images).subarray(0, 40) },
    {},
    /train-images-idx3-ubyte: cannot be unpacked: unexpected end of file/,
  ],
  [
    "a file that is not IDX",
    { "train-labels-idx1-ubyte": idx([1], [1], [0x12, 0x34, 8, 1]) },
    {},
    /byte 0: found 0x1234; an IDX file begins with 0x0000/,
  ],
  [
    "values of another type",
    { "train-labels-idx1-ubyte": idx([1], [1], [0, 0, 13, 1]) },
    {},
    /byte 2: found type 0x0d; allowed is 0x08, unsigned bytes/,
  ],
  [
    "labels in the place of images",
    { "train-labels-idx1-ubyte": images },
    {},
    /byte 3: found 3 dimensions; 1 are expected/,
  ],
  [
    "images of another size",
    { "train-images-idx3-ubyte": idx([20, 1, 1], digits(20)) },
    {},
    /its images are 1 × 1; MNIST's are 28 × 28/,
  ],
  [
    "more images than labels",
    { "train-labels-idx1-ubyte": idx([19], digits(19)) },
    {},
    /train-labels-idx1-ubyte: 19 labels; .*train-images-idx3-ubyte has 20 images/,
  ],
  [
    "no images",
    { "t10k-images-idx3-ubyte": idx([0, 28, 28], []), "t10k-labels-idx1-ubyte": idx([0], []) },
    {},
    /t10k-images-idx3-ubyte: no images; at least one is needed/,
  ],
  [
    "a label that is no digit",
    { "train-labels-idx1-ubyte": idx([20], [...digits(19), 10]) },
    {},
    /train-labels-idx1-ubyte: byte 27: found label 10; allowed: 0 to 9/,
  ],
  [
    "more images asked for than there are",
    {},
    { trainSize: 21 },
    /task\.trainSize is 21; .* has only 20 images/,
  ],
  [
    "a training set without one of the digits",
    {},
    { trainSize: 9 },
    /the digit 9 does not occur among the first 9 labels/,
  ],
])("error: %s", async (_, files, settings, message) => {
  await expect(load(files, settings)).rejects.toThrow(message);
});
