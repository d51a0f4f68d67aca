/** What the comparison with peers says of its rounds, of peers that are not there, and of its options. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { numbers, words } from "../../../bench/options.ts";
import { readEvaluation } from "../../../bench/peers/adding.ts";
import { quietShare } from "../../../bench/peers/foreignLoad.ts";
import { frameworkNames } from "../../../bench/peers/framework.ts";
import { peerLine } from "../../../bench/peers/print.ts";
import { interpreterOf } from "../../../bench/peers/pythonPeer.ts";
import { bestPeers, lossDifference, peerRow } from "../../../bench/peers/rounds.ts";
import { benchPeers } from "../../../bench/peers.ts";
import { contendersAt, shapes } from "../../../bench/shapes.ts";

const what = { cell: "rnn", n: 32, B: 32, T: 100, m: null, threads: 2, peer: "torch nn.RNN" } as const;

test("a row's ratio is the median of the rounds' ratios, not the ratio of medians", () => {
  const rounds = [
    { ms: 1, peerMs: 10 },
    { ms: 2, peerMs: 6 },
    { ms: 4, peerMs: 8 },
  ];
  expect(peerRow(what, rounds)).toEqual({ ...what, ms: 2, peerMs: 8, ratio: 3, rounds: 3 });
  expect(() => peerRow(what, [])).toThrow("torch nn.RNN: no round was timed");
});

test("the best peer of a framework is the one with the smallest ratio at that shape", () => {
  const row = (peer: string, peerMs: number, m: number | null = null) =>
    peerRow({ ...what, m, peer }, [{ ms: 1, peerMs }]);
  const rows = [row("torch a", 5), row("torch b", 3), row("tfjs c", 40), row("torch a", 7, 16)];
  expect(bestPeers(rows).map(({ peer, ratio }) => [peer, ratio])).toEqual([
    ["torch b", 3],
    ["tfjs c", 40],
    ["torch a", 7],
  ]);
  expect(peerLine(rows[0]!)).toMatch(/^rnn +32 +32 +100 +2 {2}torch a +5\.00 +1\.00 +5\.00$/);
});

test("losses that are missing or not finite never agree", () => {
  expect(lossDifference([2, 1], [2.2, 1], 2)).toBeCloseTo(0.1);
  expect(lossDifference([2, 1], [2, 3], 1)).toBe(0);
  expect(lossDifference([2, 1], [2], 2)).toBe(Number.POSITIVE_INFINITY);
  expect(lossDifference([2], [Number.NaN], 1)).toBe(Number.POSITIVE_INFINITY);
});

test("every shape of the goals is measured with 16, n/4 and n reflectors", () => {
  expect(shapes.map(({ n, B, T }) => [n, B, T])).toContainEqual([128, 128, 784]);
  const reflectors = (n: number) => contendersAt(n).filter(({ cell }) => cell === "spectral");
  expect(reflectors(32).map(({ m }) => m)).toEqual([8, 16, 32]);
  expect(reflectors(64).map(({ m }) => m)).toEqual([16, 64]);
  expect(reflectors(1024).map(({ m }) => m)).toEqual([16, 256, 1024]);
  expect(contendersAt(64).filter(({ m }) => m === null)).toHaveLength(3);
});

test("an environment that is not whole counts as absent", () => {
  const root = mkdtempSync(join(tmpdir(), "sigmascope-peers-"));
  const [bin, python] = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  try {
    expect(interpreterOf(root, "torch")).toBeUndefined();
    mkdirSync(join(root, ".venv", "bench", bin), { recursive: true });
    writeFileSync(join(root, ".venv", "bench", bin, python), "");
    expect(interpreterOf(root, "torch")).toBeUndefined();
    writeFileSync(join(root, ".venv", "bench", "installed.txt"), "");
    expect(interpreterOf(root, "torch")).toBe(join(root, ".venv", "bench", bin, python));
    expect(interpreterOf(root, "tensorflow")).toBeUndefined();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test("absent peers are told of, and make no rows", async () => {
  const root = mkdtempSync(join(tmpdir(), "sigmascope-peers-"));
  const told: string[] = [];
  try {
    const { rows, notes } = await benchPeers({
      root,
      frameworks: ["torch", "tensorflow"],
      shapes,
      takes: () => true,
      threads: [1],
      quick: true,
      processorTime: false,
      onRow: () => told.push("a row"),
      onNote: (note) => told.push(note),
    });
    expect(rows).toEqual([]);
    expect(notes).toEqual([
      "torch: absent; bench/setup makes its environment (6 GB)",
      "tensorflow: absent; bench/setup --tensorflow makes its environment (2 GB)",
    ]);
    expect(told).toEqual(notes);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test("lists on the command line are refused with the part that is wrong", () => {
  expect(numbers("threads", "1,2")).toEqual([1, 2]);
  expect(() => numbers("threads", "1,x")).toThrow("--threads: x is not a whole number of at least 1");
  expect(words("peers", "tfjs,torch,tfjs", frameworkNames)).toEqual(["tfjs", "torch"]);
  expect(() => words("peers", "jax", frameworkNames)).toThrow(
    "--peers: jax is none of torch, tensorflow, tfjs",
  );
});

test("one thread of two leaves room for others, two do not", () => {
  expect(quietShare(2, 2)).toBe(0.08);
  expect(quietShare(1, 2)).toBeCloseTo(0.4);
  expect(quietShare(4, 2)).toBe(0.08);
});

test("the line of an evaluation, as both programs print it", () => {
  expect(readEvaluation("step 1450: test mean squared error 0.008845")).toEqual({
    step: 1450,
    error: 0.008845,
  });
  expect(readEvaluation("step 50: test mean squared error 1.2e-05")).toEqual({ step: 50, error: 1.2e-5 });
  expect(readEvaluation("step 26/4000  loss 0.2183, 29.9 steps/s")).toBeUndefined();
});
