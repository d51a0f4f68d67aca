import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskSchema } from "../../../src/experiment/taskSchema.ts";
import { loadTask } from "../../../src/tasks/loadTask.ts";
import type { Task } from "../../../src/tasks/task.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigmascope-ucr-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let files = 0;
/** Writes the texts as files, ending in .tsv or .ts, and loads the task they make. */
async function load(settings: object, train: string, held = train, end?: string, seed = 1): Promise<Task> {
  const set = ++files;
  const name = async (text: string, part: string) => {
    const file = `Data${set}_${part}.${end ?? (/^[#%@]/.test(text) ? "ts" : "tsv")}`;
    await writeFile(join(folder, file), text);
    return file;
  };
  const parsed = taskSchema.parse({
    kind: "ucr",
    train: await name(train, "TRAIN"),
    test: await name(held, "TEST"),
    ...settings,
  });
  return await loadTask(parsed, seed, { baseDirectory: folder, root: folder, allowOutside: false });
}

const plain = { normalize: false };
const header = "@problemName x\n@timestamps false\n@classLabel true a b\n";
const small = `${header}@data\n1,2:a\n3,4:b\n`;
const inputsOf = async (settings: object, train: string, held = train): Promise<number[]> => [
  ...(await load(settings, train, held)).test.inputs,
];

test(".tsv: label first, labels sorted as numbers", async () => {
  const task = await load(plain, "10\t1\t2\t3\n-1\t4\t5e0\t-.5\r\n\n", "1e1\t1\t2\t3\n-1.0\t7\t8\t9\n");
  expect([task.kind, task.length, task.inputSize, task.outputSize]).toEqual(["ucr", 3, 1, 2]);
  expect([task.head, task.metricName, task.trainSize]).toEqual(["classifyLast", "accuracy", 2]);
  expect([...task.test.targets]).toEqual([1, 0]);
  expect([...task.test.inputs]).toEqual([1, 2, 3, 7, 8, 9]);
  expect(task.baseline.metric).toBe(0.5);
});

test(".ts: header in any case, comments, dimensions side by side, labels of any kind", async () => {
  const text =
    "# a comment: 1, 2\n%# another\n@PROBLEMNAME x\n@problemName x\n@timeStamps False\n@missing false\n" +
    "@univariate false\n@dimensions 2\n@equalLength true\n@seriesLength 3\n@classLabel true walk run\n\n@data\n" +
    "1,2,3:4,5,6:walk\n# between\n7,8,9: 10, 11 ,12:run\n";
  const task = await load(plain, text);
  expect([task.length, task.inputSize, task.outputSize]).toEqual([3, 2, 2]);
  expect([...task.test.inputs]).toEqual([1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12]);
  expect([...task.test.targets]).toEqual([1, 0]);
});

test("a .ts file may be tested against a .tsv file", async () => {
  const task = await load(plain, small, "b\t5\t6\n");
  expect([...task.test.inputs, ...task.test.targets]).toEqual([5, 6, 1]);
});

test("missing values: between neighbours on a line, at the ends the nearest", async () => {
  const ts = (values: string) => `${header}@missing true\n@data\n${values}:a\n1,1,1,1,1,1:b\n`;
  expect((await inputsOf(plain, ts("?,1,NaN,?,4,?"))).slice(0, 6)).toEqual([1, 1, 2, 3, 4, 4]);
  expect((await inputsOf(plain, ts("?,?,?,?,?,7"))).slice(0, 6)).toEqual([7, 7, 7, 7, 7, 7]);
  // In a .tsv file they stand for a shorter series when they are at the end.
  expect(await inputsOf(plain, "a\tNaN\t1\t?\t4\tNaN\t?\t\nb\t1\t1\t1\t1\t1\t1\n")).toEqual([
    0, 0, 1, 1, 2.5, 4, 1, 1, 1, 1, 1, 1,
  ]);
});

test("each series, each dimension of it, has mean 0 and variance 1; a constant one is 0", async () => {
  const task = await load(
    {},
    `${header}@data\n1,2,3,4:5,5,5,5:a\n1000001,1000002,1000001,1000002:1,0,0,1:b\n`,
  );
  const { inputs } = task.test;
  const series = (i: number, d: number) => [0, 1, 2, 3].map((t) => inputs[(i * 4 + t) * 2 + d]!);
  const first = series(0, 0);
  expect(first.reduce((sum, value) => sum + value)).toBeCloseTo(0, 6);
  expect(first.reduce((sum, value) => sum + value ** 2 / 4, 0)).toBeCloseTo(1, 6);
  expect(series(0, 1)).toEqual([0, 0, 0, 0]);
  expect(series(1, 0)).toEqual([-1, 1, -1, 1]);
  expect(series(1, 1)).toEqual([1, -1, -1, 1]);
});

test("constant series that rounding disturbs are 0 as well", async () => {
  const values = Array(700).fill("0.1").join("\t");
  expect(new Set(await inputsOf({}, `a\t${values}\nb\t${values}\n`))).toEqual(new Set([0]));
});

test("pad: zeros in front, after normalization; T is the longest of both files", async () => {
  expect(await inputsOf(plain, "a\t1\t2\nb\t3\n", "b\t5\t6\t7\na\t8\tNaN\n")).toEqual([5, 6, 7, 0, 0, 8]);
  expect(await inputsOf({}, "a\t1\t3\nb\t1\t3\t?\t?\n", "b\t5\t6\t5\t6\na\t8\t10\n")).toEqual([
    -1, 1, -1, 1, 0, 0, -1, 1,
  ]);
});

test("resample: along the lines between values, to the longest of the training file", async () => {
  const settings = { ...plain, unequal: "resample" };
  const train = "a\t0\t1\t2\nb\t3\n";
  const task = await load(settings, train, "a\t0\t1\t2\t3\t4\nb\t0\t4\na\t7\nb\t1\t2\t3\n");
  expect(task.length).toBe(3);
  expect([...task.test.inputs]).toEqual([0, 2, 4, 0, 2, 4, 7, 7, 7, 1, 2, 3]);
  expect(await inputsOf(settings, "a\t1\nb\t2\n", "a\t1\t2\t3\n")).toEqual([3]);
});

test("inputSize: consecutive values together, zeros in front where they do not come out even", async () => {
  const train = "a\t1\t2\t3\t4\t5\nb\t6\t7\t8\n";
  const task = await load({ ...plain, inputSize: 2 }, train);
  expect([task.length, task.inputSize]).toEqual([3, 2]);
  expect([...task.test.inputs]).toEqual([0, 1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8]);
  const all = await load({ ...plain, inputSize: 7 }, train);
  expect([all.length, all.inputSize]).toEqual([1, 7]);
});

test("what is written is read, in either form, of any shape", async () => {
  const value = fc.float({ noNaN: true, noDefaultInfinity: true });
  const set = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 3 }))
    .chain(([length, dimensions]) =>
      fc.array(
        fc.array(fc.array(value, { minLength: length, maxLength: length }), {
          minLength: dimensions,
          maxLength: dimensions,
        }),
        { minLength: 2, maxLength: 6 },
      ),
    );
  await fc.assert(
    fc.asyncProperty(set, async (series) => {
      const label = (i: number) => (i % 2 === 0 ? "even" : "odd");
      const expected = Float32Array.from(
        series.flatMap((one) => one[0]!.flatMap((_, t) => one.map((dimension) => dimension[t]! + 0))),
      );
      const ts = `@problemName x\n@univariate ${series[0]!.length === 1}\n@classLabel true odd even\n@data\n${series
        .map((one, i) => `${one.map((dimension) => dimension.join()).join(":")}:${label(i)}\n`)
        .join("")}`;
      const task = await load(plain, ts);
      expect(task.length).toBe(series[0]![0]!.length);
      expect(task.test.inputs).toEqual(expected);
      expect([...task.test.targets]).toEqual(series.map((_, i) => i % 2));
      if (series[0]!.length > 1) return;
      const tsv = series.map((one, i) => `${label(i)}\t${one[0]!.join("\t")}\n`).join("");
      expect((await load(plain, tsv)).test.inputs).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test("a batch depends on seed, step and size alone, and keeps series and label together", async () => {
  const text = Array.from({ length: 20 }, (_, i) => `${i % 3}\t${i % 3}\t${i}\n`).join("");
  const a = await load(plain, text);
  const b = await load(plain, text);
  const other = await load(plain, text, text, "tsv", 2);
  for (const step of [9, 2, 0]) expect(a.trainBatch(step, 8)).toEqual(b.trainBatch(step, 8));
  expect(other.trainBatch(0, 8)).not.toEqual(a.trainBatch(0, 8));
  const { inputs, targets } = a.trainBatch(1, 8);
  for (let i = 0; i < 8; i++) expect(inputs[2 * i]).toBe(targets[i]);
});

const data = (lines: string) => `${header}@data\n${lines}`;
test.each<[string, string, RegExp]>([
  [
    "one class only",
    "1\t1\t2\n1\t3\t4\n",
    /TRAIN\.tsv:1: column 1: found the label "1" on every sequence; at least two/,
  ],
  ["an empty file", "", /the file is empty; at least one sequence is needed/],
  ["no label", "\t1\t2\n", /\.tsv:1: column 1: found ""; the label is missing/],
  ["no number", "a\t1\tx\n", /\.tsv:1: column 3: found "x"; allowed is a finite number/],
  ["a gap", "a\t1\t\t2\n", /\.tsv:1: column 3: found ""; a value is missing/],
  ["all missing", "a\t1\nb\tNaN\t?\n", /\.tsv:2: the series has no value that is not missing/],
  ["commas in a .tsv file", "a,1,2\n", /\.tsv:1: found one value, "a,1,2".*separated by a comma.*"csv"/],
  [
    "an unknown tag",
    "@problemName x\n@colour red\n",
    /\.ts:2: found "@colour"; allowed in a header are @problemName/,
  ],
  [
    "a tag given twice",
    "@missing true\n@missing true\n",
    /\.ts:2: found "@missing" again; it stands in line 1/,
  ],
  ["values before @data", `${header}1,2:a\n`, /\.ts:4: found "1,2:a" before @data/],
  ["something behind @data", `${header}@data 1,2:a\n`, /\.ts:4: found "@data 1,2:a"; @data stands alone/],
  ["no @data", header, /\.ts: the file has no @data/],
  ["no series", `${header}@data\n`, /\.ts: no series follows @data/],
  ["timestamps", "@timestamps true\n", /\.ts:1: found @timestamps true; only series at equal intervals/],
  ["regression", "@targetlabel true\n", /\.ts:1: found @targetlabel true, which is regression/],
  ["no class labels", "@missing false\n@data\n", /\.ts:2: the header has no @classLabel/],
  [
    "no labels",
    "@classLabel false\n@data\n",
    /\.ts:1: found "@classLabel false"; allowed is "true" and the labels/,
  ],
  [
    "a flag that is none",
    "@univariate maybe\n@data\n",
    /\.ts:1: found "maybe" for @univariate; allowed are true and/,
  ],
  [
    "a count that is none",
    "@dimensions 0\n@data\n",
    /\.ts:1: found "0" for @dimensions; allowed is a whole number/,
  ],
  [
    "a univariate set of 2 dimensions",
    "@univariate true\n@dimensions 2\n@data\n",
    /\.ts:3: the header says @univariate true and @dimensions 2/,
  ],
  ["an undeclared label", data("1,2:c\n"), /\.ts:5: found label "c"; allowed by @classLabel are "a", "b"/],
  ["a missing label", data("1,2:?\n"), /\.ts:5: column 2: found "\?"; the label is missing/],
  ["no colon", data("a\n"), /\.ts:5: found "a" and no ":"/],
  ["no number in a .ts file", data("1,x:a\n"), /\.ts:5: column 2: found "x"/],
  [
    "values with timestamps",
    data("(0,1),(1,2):a\n"),
    /\.ts:5: found "\(0,1\),\(1,2\)"; values with timestamps/,
  ],
  [
    "another number of dimensions",
    data("1:2:a\n1:b\n"),
    /\.ts:6: found 1 dimensions; expected 2 as in line 5/,
  ],
  [
    "dimensions against @univariate",
    `@univariate true\n${data("1:2:a\n")}`,
    /\.ts:6: found 2 dimensions; expected 1 as the header says \(@univariate true\)/,
  ],
  [
    "dimensions against @dimensions",
    `@dimensions 3\n${data("1:2:a\n")}`,
    /\.ts:6: found 2 dimensions; expected 3 as the header says \(@dimensions\)/,
  ],
  [
    "dimensions of two lengths",
    data("1,2:1:a\n"),
    /\.ts:5: found 1 values in dimension 2 and 2 in dimension 1/,
  ],
  [
    "a length against @seriesLength",
    `@seriesLength 3\n${data("1,2:a\n")}`,
    /\.ts:6: found 2 values; expected 3 as the header says/,
  ],
  [
    "lengths against @equalLength",
    `@equalLength true\n${data("1,2:a\n1:b\n")}`,
    /\.ts:7: found 1 values; expected 2 as in line 6 \(@equalLength true\)/,
  ],
  ["a dimension without values", data("1:?:a\n"), /\.ts:5: dimension 2 of the series has no value/],
])("error: %s", async (_, text, message) => {
  await expect(load(plain, text)).rejects.toThrow(message);
});

test("error: files that do not fit each other or the settings", async () => {
  const wide = `${header}@data\n1:2:a\n3:4:b\n`;
  await expect(load(plain, wide, small)).rejects.toThrow(
    /TEST\.ts:5: found series of 1 dimensions; expected 2 as in .*TRAIN\.ts/,
  );
  await expect(load({ inputSize: 2 }, wide)).rejects.toThrow(
    /task\.inputSize is 2; .* has series of 2 dimensions, .*allowed is 1/,
  );
  await expect(load(plain, "1\t0\n2\t0\n", "3\t0\n")).rejects.toThrow(
    /TEST\.tsv:1: column 1: found label "3", which no sequence of .* has; allowed are "1", "2"$/,
  );
  await expect(load(plain, small, small, "arff")).rejects.toThrow(
    /its name ends neither in \.tsv .* nor in \.ts/,
  );
});

test("the two files are of one set", async () => {
  for (const file of ["Ours_TRAIN.ts", "Theirs_TEST.ts"]) await writeFile(join(folder, file), small);
  const parsed = taskSchema.parse({ kind: "ucr", train: "Ours_TRAIN.ts", test: "Theirs_TEST.ts" });
  await expect(
    loadTask(parsed, 1, { baseDirectory: folder, root: folder, allowOutside: false }),
  ).rejects.toThrow("files of two sets, Ours and Theirs; give the two files of one");
});
