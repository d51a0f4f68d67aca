/**
 * How much work a training step is: counted by the kernels themselves, held against what the plan of the step says. No
 * clock is read, so that whoever makes the engine do work twice hears of it on any machine.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type Counts, countInstructions, readCounts } from "../../../bench/countInstructions.ts";
import { stepOperations } from "../../../bench/stepOperations.ts";
import type { Batch, ModelSpec } from "../../../src/engine/engine.ts";
import type { KernelBuild } from "../../../src/engine/fused/kernels.ts";
import { Arena, createSharedMemory } from "../../../src/engine/fused/memory.ts";
import { FusedModel } from "../../../src/engine/fused/model.ts";
import type { GradientCheckpointing } from "../../../src/engine/fused/scratch.ts";
import { Threads } from "../../../src/engine/fused/threads.ts";
import type { Tiles } from "../../../src/engine/fused/wideVectors.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { parameterCount } from "../../../src/engine/parameters.ts";
import { builds, compile } from "../kernels/compile.ts";
import { specOf } from "./specs.ts";

const adam = { optimizer: "adam", momentum: 0, weightDecay: 0, clipNorm: 1 } as const;

function batchOf(spec: ModelSpec, size: number, length: number): Batch {
  const each = spec.head === "classifyEach" ? length : 1;
  return {
    size,
    length,
    inputs: new Float32Array(size * length * spec.inputSize).fill(1),
    targets:
      spec.head === "regressLast" ? new Float32Array(size * spec.outputSize) : new Int32Array(size * each),
  };
}

const kinds: [KernelBuild, Tiles][] = builds.flatMap((build) => [
  [build, "narrow"],
  [build, "wide"],
]);

describe.each(kinds)("the %s build, %s tiles", (build, tiles) => {
  let module: WebAssembly.Module;
  beforeAll(async () => {
    module = new WebAssembly.Module(countInstructions(await compile("index.ts", build, ["--debug"])));
  });

  /** Work of one step, after one that packed and allocated; `parts` are kernels' files, or a file and a function. */
  async function work(
    spec: ModelSpec,
    size: number,
    length: number,
    probe = false,
    checkpointing: GradientCheckpointing = "off",
  ) {
    const memory = createSharedMemory();
    const threads = await Threads.start(module, memory, 1, tiles);
    const arena = new Arena(memory, threads.kernels.heapBase());
    const parameters = initializeParameters(spec, "orthogonal", 1);
    const model = new FusedModel(arena, threads, spec, adam, parameters, undefined, checkpointing);
    const batch = batchOf(spec, size, length);
    const counts = () => readCounts(threads.kernels);
    model.trainStep(batch, 1e-3, probe);
    const before = counts();
    model.trainStep(batch, 1e-3, probe);
    const after = counts();
    return (...parts: string[]): Counts => {
      const total = { multiplications: 0, loads: 0 };
      for (const [name, { multiplications, loads }] of after) {
        if (!parts.some((part) => name.includes(`/assembly/${part}`))) continue;
        total.multiplications += multiplications - before.get(name)!.multiplications;
        total.loads += loads - before.get(name)!.loads;
      }
      return total;
    };
  }

  const specs: Record<string, Partial<ModelSpec>> = {
    rnn: { cell: "rnn" },
    "rnn, padded": { cell: "rnn", hidden: 13, inputSize: 2, outputSize: 7, layers: 1 },
    "spectral, by W": { cell: "spectral" },
    "spectral, by low rank": { cell: "spectral", hidden: 30, reflectors: [3, 4] },
    "orthogonal, by W": { cell: "orthogonal", head: "regressLast" },
    "orthogonal, by low rank": { cell: "orthogonal", hidden: 24, head: "classifyEach" },
    lstm: { cell: "lstm", head: "classifyEach" },
    gru: { cell: "gru", hidden: 10 },
    mlp: { cell: "spectral", net: "mlp", layers: 3, inputSize: 9 },
    resnet: { cell: "rnn", net: "resnet", layers: 4, inputSize: 9 },
    symbols: { cell: "rnn", inputSize: 1, vocabulary: 6, embedding: "free", head: "classifyEach" },
  };

  it.each(Object.entries(specs))(
    "%s: multiplies in its products as often as its plan says",
    async (_, changes) => {
      const spec = specOf(changes);
      // 21 timesteps are two rings of gradients, the second not full; 20 sequences are three panels.
      const length = spec.net === undefined ? 21 : 1;
      const batch = { size: 20, length };
      const found = await work(spec, batch.size, batch.length);
      expect(found("panel/", "outer/").multiplications).toBe(stepOperations(spec, batch).total);
    },
  );

  it.each(["classifyLast", "classifyEach"] as const)(
    "%s: gradient checkpointing goes forward once more, but for the last segment",
    async (head) => {
      const spec = specOf({ cell: "rnn", head });
      const batch = { size: 8, length: 37 };
      const found = await work(spec, batch.size, batch.length, false, "auto");
      const { total, forward } = stepOperations(spec, batch, "auto");
      expect(found("panel/", "outer/").multiplications).toBe(total);
      const without = stepOperations(spec, batch);
      // The last of three segments has five timesteps.
      expect(forward / without.forward).toBeCloseTo(1 + 32 / 37, 2);
      expect(total - forward).toBe(without.total - without.forward);
    },
  );

  it("of a plain layer that is 3·T·B·n² and what inputs, bias, head and the missing first step make of it", () => {
    const [n, d, k, B, T] = [16, 3, 4, 24, 50];
    const spec = specOf({ cell: "rnn", hidden: n, inputSize: d, outputSize: k, layers: 1 });
    const columns = n + 4;
    const { total } = stepOperations(spec, { size: B, length: T });
    expect(total).toBe(B * (2 * T * n * columns + (T - 1) * n * n + 2 * k * (n + 4) + k * n));
    expect(total).toBeGreaterThan(3 * T * B * n * n);
  });

  it("recording multiplies no matrix more", async () => {
    const spec = specOf({ cell: "spectral" });
    const plain = await work(spec, 16, 9);
    const recorded = await work(spec, 16, 9, true);
    for (const part of ["panel/", "outer/", "gemm/"]) expect(recorded(part)).toEqual(plain(part));
  });

  it("a spectral layer's matrix costs the same for any B and T", async () => {
    const spec = specOf({ cell: "spectral", hidden: 24, reflectors: [6, 6] });
    const few = await work(spec, 8, 2);
    const many = await work(spec, 40, 30);
    expect(few("gemm/").multiplications).toBeGreaterThan(0);
    expect(many("gemm/")).toEqual(few("gemm/"));
  });

  /*
   * W takes each factor's two products of n × n and m × n once: 4·n²·m. ∂L/∂W takes eight such to the reflectors and four
   * to σ: 12·n²·m. What is m × m × n is a guess from above. Where m = n, blocks leave out the zeros of the reflectors.
   * Few reflectors have no W: then all is of the order n·(2m)².
   */
  it.each([
    [64, 16, 16 * 64 ** 2 * 16 + 26 * 64 * 16 ** 2],
    [64, 64, 17 * 64 ** 3],
    [64, 8, 8 * 64 * 16 ** 2],
    [128, 16, 8 * 128 * 32 ** 2],
  ])("n = %i, m = %i: a spectral layer's matrix takes at most %i multiplications", async (n, m, most) => {
    const spec = specOf({ cell: "spectral", hidden: n, reflectors: [m, m], layers: 1 });
    const found = (await work(spec, 8, 2))("gemm/").multiplications;
    expect(found).toBeLessThanOrEqual(most);
    expect(found).toBeGreaterThan(most / 2);
  });

  it.each([
    ["rnn", 9],
    ["lstm", 60],
    ["gru", 45],
  ] as const)(
    "%s: at most %i multiplications a unit, timestep and sequence beside the products",
    async (cell, most) => {
      const spec = specOf({ cell, layers: 1, hidden: 16 });
      const found = await work(spec, 16, 40);
      const each = found("cells/").multiplications + found("recurrence/").multiplications;
      expect(each / (16 * 40 * 16)).toBeLessThanOrEqual(most);
      expect(each / (16 * 40 * 16)).toBeGreaterThan(most / 2);
    },
  );

  it("an update takes at most 9 multiplications a parameter", async () => {
    const spec = specOf({ cell: "rnn", hidden: 16 });
    const found = (await work(spec, 8, 3))("optimizer/adam").multiplications;
    expect(found / parameterCount(spec)).toBeLessThanOrEqual(9);
    expect(found / parameterCount(spec)).toBeGreaterThan(4);
  });

  /**
   * 4 × 8 numbers at a time: four of one operand, each in a load of its own, and two vectors of the other. Wide: 8 × 8 or
   * 12 × 8.
   */
  const loadsOfATile = tiles === "narrow" ? 6 / 32 : 10 / 64;

  it("products load no more than their tiles must", async () => {
    const spec = specOf({ cell: "rnn", hidden: 64, layers: 1 });
    const found = await work(spec, 16, 32);
    const forward = found("panel/");
    expect(forward.loads / forward.multiplications).toBeLessThanOrEqual(loadsOfATile * 1.02);
    // A tile of sums is added to memory after sixteen timesteps of eight sequences.
    const outer = found("outer/accumulateOuter", "outer/outer", "outer/halfTile");
    expect(outer.loads / outer.multiplications).toBeLessThanOrEqual(loadsOfATile * 1.08);
    const tile = (await work(specOf({ cell: "spectral", hidden: 64, layers: 1 }), 8, 2))(
      "gemm/block",
      "gemm/tile",
    );
    expect(tile.multiplications).toBeGreaterThan(0);
    expect(tile.loads / tile.multiplications).toBeLessThanOrEqual(loadsOfATile * 1.25);
  });
});

describe("the count itself", () => {
  it("sees a multiplication of numbers, one of vectors, and every turn of a loop", async () => {
    const exports = await instance("optimizer.ts");
    const { sumOfSquares, sgd } = exports as unknown as Record<string, (...args: number[]) => number>;
    sumOfSquares!(0, 40);
    sgd!(0, 256, 512, 33, 0.1, 0.9, 1, 0);
    const before = readCounts(exports);
    sgd!(0, 256, 512, 66, 0.1, 0.9, 1, 0);
    const after = readCounts(exports);
    const name = [...after.keys()].find((key) => key.endsWith("/sgd"))!;
    const once = before.get(name)!.multiplications;
    expect(once).toBeGreaterThan(33);
    expect(after.get(name)!.multiplications - once).toBeGreaterThan(1.8 * once);
  });
});

async function instance(file: string): Promise<Record<string, unknown>> {
  const binary = await compile(file, "simd", ["--debug"]);
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
  return new WebAssembly.Instance(new WebAssembly.Module(countInstructions(binary)), { env: { memory } })
    .exports;
}
