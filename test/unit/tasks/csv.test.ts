import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskSchema } from "../../../src/experiment/taskSchema.ts";
import { loadTask } from "../../../src/tasks/loadTask.ts";
import type { Task } from "../../../src/tasks/task.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigmascope-csv-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let files = 0;
/** Writes the texts as files and loads the task they make. */
async function load(settings: object, train: string | Buffer, held?: string): Promise<Task> {
  const name = (text: string | Buffer) => `data${++files}-${text.length}.csv`;
  const trainName = name(train);
  await writeFile(join(folder, trainName), train);
  const testName = held === undefined ? undefined : name(held);
  if (testName !== undefined) await writeFile(join(folder, testName), held!);
  const parsed = taskSchema.parse({
    kind: "csv",
    train: trainName,
    ...(testName === undefined ? {} : { test: testName }),
    ...settings,
  });
  return await loadTask(parsed, 1, { baseDirectory: folder, root: folder, allowOutside: false });
}

const plain = { normalize: false };
const small = "1,2,a\n3,4,b\n";

test("rows: values, labels in sorted order, test file", async () => {
  const task = await load(plain, "1,2,3,4,dog\n5,6,7,8,cat\n", "9,10,11,12,dog\n");
  expect([task.length, task.inputSize, task.outputSize, task.head]).toEqual([4, 1, 2, "classifyLast"]);
  expect([...task.test.inputs]).toEqual([9, 10, 11, 12]);
  expect([...task.test.targets]).toEqual([1]);
  expect(task.trainSize).toBe(2);
  const batch = task.trainBatch(0, 2);
  const cat = batch.targets.indexOf(0);
  expect([...batch.inputs.subarray(4 * cat, 4 * cat + 4)]).toEqual([5, 6, 7, 8]);
});

test("rows: label first, several values a timestep, header, semicolon, quotes, BOM, CRLF", async () => {
  const text = '\ufeff"class";v1;v2;v3;v4\r\n"one; two";1;2;"3";4\r\nb; 5 ;6;7;8\r\n';
  const task = await load(
    { ...plain, label: "first", inputSize: 2, header: true, delimiter: ";" },
    text,
    text,
  );
  expect([task.length, task.inputSize]).toEqual([2, 2]);
  expect([...task.test.inputs]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...task.test.targets]).toEqual([1, 0]);
});

test("rows separated by runs of spaces, as in the old archive of time series", async () => {
  const text = "  1.0000e+00  -1.5e-1   2\n  2.0000e+00   3   4  \n";
  const task = await load({ ...plain, label: "first", delimiter: " " }, text, text);
  expect([...task.test.inputs]).toEqual([Math.fround(-0.15), 2, 3, 4]);
});

test("UTF-16 as some spreadsheets write it", async () => {
  const task = await load(plain, Buffer.from(`\ufeff${small}`, "utf16le"), small);
  expect(task.trainSize).toBe(2);
});

test("class labels that are numbers are sorted as numbers and compared as numbers", async () => {
  const task = await load(plain, "0,10\n0,9\n0,1.0\n", "0,1\n0,9.0\n0,1e1\n");
  expect([...task.test.targets]).toEqual([0, 1, 2]);
});

test("number targets and their baseline", async () => {
  const task = await load({ ...plain, target: "number" }, "0,1\n0,2\n0,6\n", "0,4\n0,3\n");
  expect([task.head, task.metricName, task.outputSize]).toEqual(["regressLast", "mean squared error", 1]);
  expect(task.baseline.metric).toBeCloseTo(0.5, 12);
  expect(task.test.targets).toEqual(new Float32Array([4, 3]));
});

test("the class baseline on known counts", async () => {
  const task = await load(plain, "0,a\n0,a\n0,a\n0,b\n", "0,a\n0,b\n");
  expect(task.baseline.metric).toBe(0.5);
  expect(task.baseline.loss).toBeCloseTo(-(Math.log(3 / 4) + Math.log(1 / 4)) / 2, 12);
});

test("long: columns by name, in any order", async () => {
  const text = "Timestep,x,Sequence,label,y\n0,1,s1,a,2\n0.5,3,s1,a,4\n0,5,s2,b,6\n7,7,s2,b,8\n";
  const task = await load({ ...plain, format: "long" }, text, text);
  expect([task.length, task.inputSize, task.test.size]).toEqual([2, 2, 2]);
  expect([...task.test.inputs]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...task.test.targets]).toEqual([0, 1]);
});

test("normalization is computed on the training part and applied to both", async () => {
  const task = await load({ inputSize: 2 }, "1,7,3,7,a\n5,7,7,7,b\n", "4,9,10,7,a\n");
  const train = task.trainBatch(0, 2).inputs.filter((_, i) => i % 2 === 0);
  expect(train.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
  expect(train.reduce((sum, value) => sum + value * value, 0) / 4).toBeCloseTo(1, 6);
  // Mean 4, variance 5; the second input never changes in training and is only shifted.
  const expected = [0, 2, 6 / Math.sqrt(5), 0];
  for (const [i, value] of expected.entries()) expect(task.test.inputs[i]).toBeCloseTo(value, 6);
});

test("holding out: the share asked for, the same for every seed, every class kept in training", async () => {
  const lines = Array.from({ length: 50 }, (_, i) => `${i},${i % 5 === 0 ? "rare" : "common"}`);
  lines.push("50,single");
  const task = await load({ ...plain, testFraction: 0.3 }, lines.join("\n"));
  expect([task.trainSize, task.test.size]).toEqual([36, 15]);
  expect(task.test.targets.filter((target) => target === 1)).toHaveLength(3);
  expect(task.trainBatch(0, 36).targets).toContain(2);
  const settings = taskSchema.parse({ kind: "csv", train: `data${files}-${lines.join("\n").length}.csv` });
  const places = { baseDirectory: folder, root: folder, allowOutside: false };
  const one = await loadTask(settings, 1, places);
  const two = await loadTask(settings, 2, places);
  expect(two.test).toEqual(one.test);
  expect(two.trainBatch(0, 40)).not.toEqual(one.trainBatch(0, 40));
});

const long = { format: "long" };
const header = "sequence,timestep,label,x\n";
test.each<[string, object, string, string | undefined, string]>([
  ["empty file", {}, "", undefined, ": the file is empty"],
  ["blank lines only", {}, "\n  \n\n", undefined, ": the file is empty"],
  ["header only", { header: true }, "a,b\n", undefined, ": the file holds a header and no sequence"],
  ["ragged rows", {}, "1,2,a\n\n1,2,3,b\n", undefined, ":3: found 4 values; expected 3 as in line 1"],
  ["missing label", {}, "1,2,a\n1,2,\n", undefined, ':2: column 3: found ""; the label is missing'],
  ["label ?", {}, "1,2,a\n1,2,?\n", undefined, ':2: column 3: found "?"; the label is missing'],
  ["NaN", {}, "1,NaN,a\n", undefined, ':1: column 2: found "NaN"; allowed is a finite number; leave out'],
  ["infinity", {}, "1,-inf,a\n", undefined, ':1: column 2: found "-inf"; allowed is a finite number'],
  ["empty value", {}, "1,2,a\n,2,b\n", undefined, ':2: column 1: found ""; a value is missing'],
  ["a word", {}, "1,2,a\n1,x2,b\n", undefined, ':2: column 2: found "x2"; allowed is a finite number'],
  ["hexadecimal", {}, "0x10,2,a\n", undefined, ':1: column 1: found "0x10"; allowed is a finite number'],
  ["too large", {}, "1e39,2,a\n", undefined, ':1: column 1: found "1e39"; allowed are numbers within'],
  ["header not declared", {}, "v1,v2,label\n1,2,a\n", undefined, 'if line 1 is a header, set "header": true'],
  [
    "wrong delimiter",
    {},
    "1;2;a\n",
    undefined,
    ':1: found one value, "1;2;a", when split at a comma (","); a label and at least one value are needed. The line looks as if it is separated by a semicolon (";"): set "delimiter": ";"',
  ],
  ["tab", {}, "1\t2\ta\n", undefined, 'separated by a tab ("\\t"): set "delimiter": "\\t"'],
  ["one column", {}, "12\n", undefined, ':1: found one value, "12", when split at a comma (","); a label'],
  ["delimiter beside decimal commas", {}, "1,5;2,5;a\n", undefined, ':1: column 2: found "5;2"'],
  ["… with a hint", {}, "1,5;2,5;a\n", undefined, 'Then set "delimiter": ";"'],
  ["decimal comma", { delimiter: ";" }, "1,5;2;a\n", undefined, "a point before the decimals, not a comma"],
  ["one class", {}, "1,a\n2,a\n", undefined, ':1: column 2: found the label "a" on every sequence'],
  ["unseen class", {}, small, "1,2,c\n", ':1: column 3: found label "c", which no sequence of '],
  ["unseen class, allowed", {}, small, "1,2,c\n", 'allowed are "a", "b"'],
  ["unseen number", {}, "0,1\n0,2\n", "0,3\n", 'To predict a quantity set "target": "number"'],
  [
    "number target",
    { target: "number" },
    small,
    small,
    ':1: column 3: found "a"; allowed is a finite number',
  ],
  ["inputSize", { inputSize: 2 }, "1,2,3,a\n", undefined, ":1: found 3 values beside the label"],
  ["other length in test", {}, small, "1,2,3,a\n", ":1: found 3 timesteps; expected 2 as in "],
  ["open quote", {}, '1,2,"a\n3,4,b\n', undefined, "a quotation mark opened before here is never closed"],
  ["stray quote", {}, '1,2,a\n1,2"3,a\n', undefined, ":2: a quotation mark stands inside a value"],
  ["too few to hold out", {}, small, undefined, ": its 2 sequences are too few"],
  ["one number to hold out", { target: "number" }, "1,2\n", undefined, ": its 1 sequences are too few"],
  ["long: no columns", long, "sequence;label;x\n", undefined, 'set "delimiter": ";"'],
  [
    "long: no label",
    long,
    "sequence,x\n",
    undefined,
    ':1: found columns "sequence", "x" and no column "label"',
  ],
  ["long: no inputs", long, "sequence,label\n", undefined, ":1: found no column with values"],
  ["long: repeated", long, "sequence,label,x,X\n", undefined, ':1: column 4: found column "X" twice'],
  ["long: header only", long, header, undefined, ": the file holds a header and no sequence"],
  ["long: empty", long, "", undefined, ": the file is empty"],
  ["long: ragged", long, `${header}a,1,k\n`, undefined, ":2: found 3 values; expected 4 as in the header"],
  ["long: no sequence", long, `${header},1,k,3\n`, undefined, ':2: column 1: found "" for the sequence'],
  ["long: NaN", long, `${header}a,1,k,NaN\n`, undefined, ':2: column 4: found "NaN"'],
  [
    "long: unequal lengths",
    long,
    `${header}a,1,k,3\na,2,k,3\nb,1,l,3\nc,1,l,3\n`,
    undefined,
    ':4: sequence "b", which starts here, has 1 timesteps; expected 2 as in sequence "a"',
  ],
  [
    "long: split sequence",
    long,
    `${header}a,1,k,3\nb,1,l,3\na,2,k,3\n`,
    undefined,
    ':4: column 1: sequence "a" goes on here after other sequences; it began in line 2',
  ],
  [
    "long: two labels",
    long,
    `${header}a,1,k,3\na,2,l,3\n`,
    undefined,
    ':3: column 3: found label "l"; expected "k"',
  ],
  ["long: time", long, `${header}a,2,k,3\na,2,k,3\n`, undefined, ':3: column 2: found timestep "2" after 2'],
  [
    "long: other inputs in test",
    long,
    `${header}a,1,k,3\nb,1,l,3\n`,
    "sequence,label,x,y\na,k,1,2\n",
    ":1: found 2 columns with values; expected 1 as in ",
  ],
])("%s", async (_, settings, train, held, message) => {
  await expect(load(settings, train, held)).rejects.toThrow(message);
});

test("a file of more than 512 MiB is refused before it is read", async () => {
  const path = join(folder, "huge.csv");
  await writeFile(path, small);
  await truncate(path, 512 * 2 ** 20 + 1);
  const settings = taskSchema.parse({ kind: "csv", train: "huge.csv" });
  const places = { baseDirectory: folder, root: folder, allowOutside: false };
  await expect(loadTask(settings, 1, places)).rejects.toThrow("has 513 MiB; at most 512 MiB are allowed");
});

test("files outside the root, missing files and folders are refused by name", async () => {
  const root = join(folder, "project");
  const experiments = join(root, "experiments");
  await mkdir(experiments, { recursive: true });
  await writeFile(join(folder, "outside.csv"), "1,a\n2,b\n3,a\n4,b\n");
  await writeFile(join(root, "..data.csv"), "1,a\n2,b\n3,a\n4,b\n");
  await symlink(join(folder, "outside.csv"), join(experiments, "link.csv"));
  const open = (train: string, allowOutside = false) =>
    loadTask(taskSchema.parse({ kind: "csv", train }), 1, { baseDirectory: experiments, root, allowOutside });
  expect((await open("../..data.csv")).length).toBe(1);
  await expect(open("../../outside.csv")).rejects.toThrow(/task\.train: .* lies outside .*project/);
  await expect(open("link.csv")).rejects.toThrow(/leads to .*outside\.csv, which lies outside/);
  await expect(open(join(folder, "outside.csv"))).rejects.toThrow("lies outside");
  expect((await open("link.csv", true)).trainSize).toBe(3);
  await expect(open("nowhere.csv")).rejects.toThrow(/task\.train: "nowhere.csv", which is .* does not exist/);
  await expect(open(".")).rejects.toThrow("is not a regular file");
});
