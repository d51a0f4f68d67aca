import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { addingTask } from "../../../src/tasks/adding.ts";
import { copyTask } from "../../../src/tasks/copy.ts";
import type { Sequences } from "../../../src/tasks/task.ts";

/** SHA-256 of a batch's bytes: the same on every platform, or resuming elsewhere would see other data. */
function hashOf({ inputs, targets }: Sequences): string {
  const bytes = (array: Float32Array | Int32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return createHash("sha256").update(bytes(inputs)).update(bytes(targets)).digest("hex").slice(0, 16);
}

const adding = (length: number, seed = 1, testSize = 10) =>
  addingTask({ kind: "adding", length, testSize }, seed);
const copy = (settings = {}, seed = 1) =>
  copyTask({ kind: "copy", delay: 20, symbols: 8, copyLength: 10, testSize: 10, ...settings }, seed);

/** Timesteps that carry a marker in sequence i. */
function markersOf({ inputs, length }: Sequences, i: number): number[] {
  return Array.from({ length }, (_, t) => t).filter((t) => inputs[(i * length + t) * 2 + 1] !== 0);
}

test.each([2, 3, 9, 50])(
  "adding, T = %i: one marker in each half, the target is the sum of the marked values",
  (length) => {
    const batch = adding(length).trainBatch(0, 400);
    const seen = new Set<number>();
    for (let i = 0; i < batch.size; i++) {
      const markers = markersOf(batch, i);
      const [first = -1, second = -1] = markers;
      expect(markers).toHaveLength(2);
      expect(first).toBeLessThan(Math.floor(length / 2));
      expect(second).toBeGreaterThanOrEqual(Math.floor(length / 2));
      for (const t of markers) seen.add(t);
      const value = (t: number) => batch.inputs[(i * length + t) * 2]!;
      expect(batch.targets[i]).toBeCloseTo(value(first) + value(second), 6);
    }
    // Every timestep of either half is marked now and then.
    if (length <= 9) expect(seen.size).toBe(length);
    const values = batch.inputs.filter((_, i) => i % 2 === 0);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
  },
);

test("adding: the values are uniform, and answering 1 has the stated mean squared error", () => {
  const task = adding(10);
  const batch = task.trainBatch(0, 20_000);
  const values = batch.inputs.filter((_, i) => i % 2 === 0);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(mean).toBeCloseTo(0.5, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
  let error = 0;
  for (const target of batch.targets) error += (target - 1) ** 2 / batch.size;
  // The mean of 20,000 has standard deviation 0.0014.
  expect(Math.abs(error - task.baseline.metric)).toBeLessThan(0.006);
  expect(task.baseline.loss).toBe(1 / 6);
  expect(task.baseline.reason).toContain("1/6");
});

test("copy: symbols, blanks, marker; then the symbols again", () => {
  const task = copy({ delay: 3, symbols: 4, copyLength: 2 });
  expect([task.length, task.inputSize, task.outputSize]).toEqual([7, 6, 5]);
  const batch = task.trainBatch(0, 200);
  const seen = new Set<number>();
  for (let i = 0; i < batch.size; i++) {
    const symbols = Array.from({ length: 7 }, (_, t) => {
      const oneHot = [...batch.inputs.subarray((i * 7 + t) * 6, (i * 7 + t + 1) * 6)];
      expect(oneHot.filter((value) => value === 1)).toHaveLength(1);
      expect(oneHot.filter((value) => value === 0)).toHaveLength(5);
      return oneHot.indexOf(1);
    });
    const [a = 0, b = 0] = symbols;
    expect(symbols.slice(2)).toEqual([0, 0, 5, 0, 0]);
    expect([...batch.targets.subarray(i * 7, i * 7 + 7)]).toEqual([0, 0, 0, 0, 0, a, b]);
    seen.add(a).add(b);
  }
  expect([...seen].sort()).toEqual([1, 2, 3, 4]);
});

test("copy with delay 1: the marker follows the symbols at once", () => {
  const batch = copy({ delay: 1, symbols: 2, copyLength: 1 }).trainBatch(0, 1);
  const marker = 3;
  expect(batch.length).toBe(3);
  expect(batch.inputs[1 * 4 + marker]).toBe(1);
  expect(batch.targets[2]).toBe([...batch.inputs.subarray(0, 4)].indexOf(1));
});

test("copy: guessing the symbols has the stated cross-entropy and accuracy", () => {
  const task = copy({ delay: 100 });
  expect(task.baseline.loss).toBeCloseTo((10 * Math.log(8)) / 120, 12);
  const batch = task.trainBatch(0, 300);
  let loss = 0;
  let hits = 0;
  for (let i = 0; i < batch.targets.length; i++) {
    const recall = i % 120 >= 110;
    // A probability of 1 for the blank, then 1/8 for each symbol; the guess for accuracy is symbol 3.
    loss += (recall ? Math.log(8) : 0) / batch.targets.length;
    hits += batch.targets[i] === (recall ? 3 : 0) ? 1 : 0;
  }
  expect(loss).toBeCloseTo(task.baseline.loss, 10);
  expect(Math.abs(hits / batch.targets.length - task.baseline.metric)).toBeLessThan(0.002);
  expect(task.baseline.reason).toContain("10·ln 8/120");
});

test("batches depend on seed and step, and on nothing else", () => {
  for (const make of [(seed: number) => adding(30, seed), (seed: number) => copy({}, seed)]) {
    const one = make(1);
    const later = hashOf(one.trainBatch(7, 4));
    one.trainBatch(3, 4);
    expect(hashOf(one.trainBatch(7, 4))).toBe(later);
    expect(hashOf(make(1).trainBatch(7, 4))).toBe(later);
    expect(hashOf(make(2).trainBatch(7, 4))).not.toBe(later);
    expect(hashOf(one.trainBatch(8, 4))).not.toBe(later);
    expect(hashOf(make(1).test)).toBe(hashOf(one.test));
    expect(hashOf(make(2).test)).not.toBe(hashOf(one.test));
  }
});

test("a larger test set begins with the smaller one", () => {
  const small = adding(30, 1, 5).test.inputs;
  expect([...adding(30, 1, 9).test.inputs.subarray(0, small.length)]).toEqual([...small]);
});

test("the bits of a batch are fixed", () => {
  expect(hashOf(adding(30).trainBatch(5, 8))).toBe("c1bdddf0ba609de1");
  expect(hashOf(copy().trainBatch(5, 8))).toBe("542d63b4c746f9a8");
});

test("a test set that does not fit in memory is refused in words", () => {
  expect(() => adding(100_000, 1, 1_000_000)).toThrow(/the test set would hold 1000000 sequences × 100000/);
});
