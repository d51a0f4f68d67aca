import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskSchema } from "../../../src/experiment/taskSchema.ts";
import { loadTask } from "../../../src/tasks/loadTask.ts";
import type { Task } from "../../../src/tasks/task.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigmascope-text-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let files = 0;
async function file(text: string | Buffer): Promise<string> {
  const name = `text${++files}.txt`;
  await writeFile(join(folder, name), text);
  return name;
}

/** Writes the texts as files and loads the task they make. */
async function load(
  settings: object,
  train: string | Buffer,
  held: string | Buffer,
  valid?: string,
  seed = 1,
): Promise<Task> {
  const parsed = taskSchema.parse({
    kind: "text",
    train: await file(train),
    test: await file(held),
    ...(valid === undefined ? {} : { valid: await file(valid) }),
    ...settings,
  });
  return await loadTask(parsed, seed, { baseDirectory: folder, root: folder, allowOutside: false });
}

const character = { level: "character", window: 2 };
const word = { level: "word", window: 2 };

test("characters: numbered by frequency, then by code point; targets are the next symbols", async () => {
  // c 3, b 2, a 2, newline 1
  const task = await load(character, "abcabcc\n", "cabcabc");
  expect([task.kind, task.length, task.inputSize, task.outputSize, task.vocabulary]).toEqual([
    "text",
    2,
    1,
    4,
    4,
  ]);
  expect([task.head, task.metricName, task.trainSize, task.testStreams]).toEqual([
    "classifyEach",
    "bits per character",
    3,
    1,
  ]);
  expect([...task.test.inputs]).toEqual([0, 1, 2, 0, 1, 2]);
  expect([...task.test.targets]).toEqual([1, 2, 0, 1, 2, 0]);
});

test("symbols beyond U+FFFF are one, and sort after those within", async () => {
  const task = await load(
    character,
    "\u{1f600}\u{1f600}\uffee\uffee\u{1f601}\ue000",
    "\ue000\u{1f601}\u{1f600}\uffee",
  );
  expect(task.vocabulary).toBe(4);
  expect([...task.test.inputs]).toEqual([2, 3]);
  expect([...task.test.targets]).toEqual([3, 1]);
  const words = await load(word, "\u{1f600} \uffee\n", "\u{1f600} \uffee\n");
  expect([...words.test.inputs, words.test.targets[1]]).toEqual([2, 1, 0]);
});

test("words: white space, <eos> at the end of every line, with or without a line end", async () => {
  // a 3, <eos> 3, b 1, and an empty line is an <eos> of its own
  const task = await load(word, "a a\tb  \r\n\na", "a b\na");
  expect(task.vocabulary).toBe(3);
  expect(task.metricName).toBe("perplexity");
  expect([...task.test.inputs]).toEqual([1, 2, 0, 1]);
  expect([...task.test.targets]).toEqual([2, 0, 1, 0]);
});

test("CRLF counts as one line end, and a byte order mark as nothing", async () => {
  const task = await load(character, "\ufeffab\r\nab\r\n", "ab\nab");
  expect(task.vocabulary).toBe(3);
});

test("a limited vocabulary: the rest is <unk>, which is added at the end", async () => {
  const task = await load({ ...word, vocabulary: 2 }, "a a a b b c\n", "a b c d\n");
  expect(task.vocabulary).toBe(3);
  expect([...task.test.inputs]).toEqual([0, 1, 2, 2]);
  // a 3, b 2, of <unk> (c and <eos>) 2, of 7
  expect(task.baseline.loss).toBeCloseTo(-(Math.log(2 / 7) + 3 * Math.log(2 / 7)) / 4, 12);
});

test("an <unk> that the training text has is used for the rest", async () => {
  const task = await load({ ...word, vocabulary: 2 }, "<unk> <unk> <unk> b b c\n", "b c d\n");
  expect(task.vocabulary).toBe(2);
  expect([...task.test.inputs]).toEqual([1, 0]);
  const whole = await load(word, "<unk> <unk> b b c\n", "b c d\n");
  expect(whole.vocabulary).toBe(4);
  expect([...whole.test.targets]).toEqual([3, 0]);
});

test("<unk> is added for unknown symbols of the test text, and else not", async () => {
  expect((await load(character, "abab", "abab")).vocabulary).toBe(2);
  expect((await load(character, "abab", "abxa")).vocabulary).toBe(3);
  // Evaluated on valid; the vocabulary is the same as without it.
  expect((await load(character, "abab", "abxa", "abab")).vocabulary).toBe(3);
  expect((await load(character, "abab", "abab", "abxa")).vocabulary).toBe(3);
});

test("valid is evaluated where it is given", async () => {
  const task = await load(character, "aab", "bbb", "aaa");
  expect([...task.test.inputs]).toEqual([0, 0]);
});

test("the baseline is the unigram model, smoothed where the test text needs it", async () => {
  const task = await load(character, "aaab", "bab");
  expect(task.baseline.loss).toBeCloseTo(-(Math.log(3 / 4) + Math.log(1 / 4)) / 2, 12);
  expect(task.baseline.metric).toBeCloseTo(task.baseline.loss / Math.LN2, 12);
  expect(task.baseline.reason).toContain("bits per character");
  const smoothed = await load(word, "a a\n", "a x a\n");
  // a 2, <eos> 1, <unk> 0 and one more of each, of 6; targets x and a
  expect(smoothed.baseline.loss).toBeCloseTo(-(Math.log(1 / 6) + Math.log(3 / 6)) / 2, 12);
  expect(smoothed.baseline.metric).toBeCloseTo(Math.exp(smoothed.baseline.loss), 12);
  expect(smoothed.baseline.reason).toMatch(/one more of each.*perplexity/);
});

/** A text whose characters are all different, so that a place in it can be told from its symbol. */
const distinct = (length: number): string =>
  String.fromCodePoint(...Array.from({ length }, (_, i) => 0x4e00 + i));

test("streams go on from window to window, all over the text, from a new offset each epoch", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 60 }),
      async (window, size, more) => {
        const length = Math.max(2, size * (window + 1)) + more;
        const task = await load({ level: "character", window }, distinct(length), distinct(length));
        const streamLength = Math.floor(length / size);
        const windows = Math.floor((streamLength - 1) / window);
        for (let step = 0; step < 2 * windows; step++) {
          const batch = task.trainBatch(step, size);
          expect([batch.size, batch.length, batch.continues]).toEqual([size, window, step % windows > 0]);
          expect(batch.inputs.length).toBe(size * window);
          const before = step % windows > 0 ? task.trainBatch(step - 1, size) : undefined;
          for (let i = 0; i < size; i++)
            for (let t = 0; t < window; t++) {
              const at = i * window + t;
              expect(batch.targets[at]).toBe((batch.inputs[at]! + 1) % length);
              if (t > 0) expect(batch.inputs[at]).toBe(batch.targets[at - 1]);
              else if (before) expect(batch.inputs[at]).toBe(before.targets[at + window - 1]);
              if (i > 0) expect(batch.inputs[at]).toBe((batch.inputs[at - window]! + streamLength) % length);
            }
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("a batch depends on seed, step and size alone; epochs and seeds differ", async () => {
  const text = distinct(101);
  const a = await load(character, text, text);
  const b = await load(character, text, text);
  const other = await load(character, text, text, undefined, 2);
  for (const step of [70, 3, 0]) expect(a.trainBatch(step, 2)).toEqual(b.trainBatch(step, 2));
  expect(other.trainBatch(0, 2)).not.toEqual(a.trainBatch(0, 2));
  // 101 symbols in 2 streams of 50: 24 windows
  expect(a.trainBatch(24, 2).continues).toBe(false);
  expect(a.trainBatch(24, 2).inputs).not.toEqual(a.trainBatch(0, 2).inputs);
});

test("test windows: the first of every stream, then the second; every stream goes on", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 5000 }),
      async (window, more) => {
        const length = Math.max(2, window + 1) + more;
        const task = await load({ level: "character", window }, distinct(length), distinct(length));
        const streams = task.testStreams!;
        expect(streams).toBeGreaterThanOrEqual(1);
        expect(streams).toBeLessThanOrEqual(32);
        const { inputs, targets, size } = task.test;
        expect(size % streams).toBe(0);
        // Little of the text is left out.
        expect(size * window).toBeGreaterThanOrEqual((length - streams) * (15 / 16) - window);
        for (let i = 0; i < size * window; i++) expect(targets[i]).toBe(inputs[i]! + 1);
        for (let i = streams; i < size; i++)
          expect(inputs[i * window]).toBe(targets[(i - streams) * window + window - 1]);
        expect(new Set(inputs).size).toBe(size * window);
      },
    ),
    { numRuns: 25 },
  );
});

test.each([
  ["an empty file", character, "", "abc", /text\d+\.txt: the file is empty; a text is needed/],
  ["one symbol only", character, "aaaa", "aaa", /found nothing but "a"; at least two different symbols/],
  [
    "a short test text",
    character,
    "abab",
    "ab",
    /text\d+\.txt: found 2 symbols; a task\.window of 2 and one symbol to predict need 3/,
  ],
  ["a short training text", { ...character, window: 5 }, "abab", "ababab", /found 4 symbols.*need 6/],
  [
    "bytes that are not UTF-8",
    character,
    Buffer.from([97, 98, 10, 97, 0xff, 98]),
    "abab",
    /text\d+\.txt:2: found bytes that are not UTF-8/,
  ],
])("error: %s", async (_, settings, train, held, message) => {
  await expect(load(settings, train, held)).rejects.toThrow(message);
});

test("error: a text too short for the batch, when the batch is known", async () => {
  const task = await load(character, "abababab", "abab");
  expect(task.trainBatch(0, 2).size).toBe(2);
  expect(() => task.trainBatch(0, 3)).toThrow(
    /has 8 symbols; training\.batch = 3 parallel streams with a task\.window of 2 \(and one symbol to predict\) need 3 × 3 = 9/,
  );
});

test("error: a file of more than 512 MiB", async () => {
  const name = await file("a");
  await truncate(join(folder, name), 2 ** 29 + 1);
  const settings = taskSchema.parse({ kind: "text", train: name, test: name });
  const places = { baseDirectory: folder, root: folder, allowOutside: false };
  await expect(loadTask(settings, 1, places)).rejects.toThrow(/513 MiB; at most 512 MiB/);
});
