/**
 * A training step makes nothing anew: no lists, no views, no messages between threads, no memory; but for the result
 * that it hands out.
 */
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Batch, ModelSpec, OptimizerSettings, StepResult } from "../../../src/engine/engine.ts";
import { bestBuild, compileKernels } from "../../../src/engine/fused/kernels.ts";
import { Arena, createSharedMemory } from "../../../src/engine/fused/memory.ts";
import { FusedModel } from "../../../src/engine/fused/model.ts";
import { Threads } from "../../../src/engine/fused/threads.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { allocationsOf } from "../../support/allocations.ts";
import { specOf } from "./specs.ts";

/**
 * Bytes of a step, whatever its sizes: its result with four numbers in boxes (136), and the pair of loss and metric that
 * this is made of (72); V8 may box a number or two more on its way to the kernels.
 */
const most = 136 + 72 + 2 * 16;

const settings: OptimizerSettings = { optimizer: "adam", momentum: 0, weightDecay: 0, clipNorm: 1 };

const specs: Record<string, Partial<ModelSpec>> = {
  rnn: { cell: "rnn" },
  spectral: { cell: "spectral" },
  orthogonal: { cell: "orthogonal", head: "regressLast" },
  lstm: { cell: "lstm", head: "classifyEach" },
  gru: { cell: "gru" },
  "an mlp": { cell: "spectral", net: "mlp", inputSize: 9 },
  "a resnet": { cell: "rnn", net: "resnet", inputSize: 9 },
  "symbols that are looked up": { inputSize: 1, vocabulary: 6, embedding: "free", head: "classifyEach" },
};

function batchOf(spec: ModelSpec, size: number): Batch {
  const length = spec.net === undefined ? 12 : 1;
  const each = spec.head === "classifyEach" ? length : 1;
  return {
    size,
    length,
    inputs: new Float32Array(size * length * spec.inputSize).fill(1),
    targets:
      spec.head === "regressLast" ? new Float32Array(size * spec.outputSize) : new Int32Array(size * each),
  };
}

const received = vi.spyOn(Worker.prototype, "emit");
const sent = vi.spyOn(Worker.prototype, "postMessage");
let threads: Threads;
let arena: Arena;
/** Kept, as the training loop keeps it, so that the compiler cannot do without it. */
let newest: StepResult | undefined;

beforeAll(async () => {
  const memory = createSharedMemory();
  threads = await Threads.start(compileKernels(bestBuild()), memory, 2);
  arena = new Arena(memory, threads.kernels.heapBase());
});
afterAll(() => threads.stop());

describe.each(Object.entries(specs))("a step of %s", (_, changes) => {
  const spec = specOf(changes);

  /** Steps of a model of this cell in a batch of `size` sequences, after so many that the code is compiled for good. */
  function withModel<Result>(size: number, use: (step: () => void) => Result): Result {
    const model = new FusedModel(arena, threads, spec, settings, initializeParameters(spec, "orthogonal", 1));
    const batch = batchOf(spec, size);
    const step = () => {
      newest = model.trainStep(batch, 1e-3, false);
    };
    try {
      return use(step);
    } finally {
      model.dispose();
    }
  }

  it("leaves its result on the heap and nothing else", () => {
    withModel(24, (step) => {
      let least = allocationsOf(step, 300);
      for (let round = 0; round < 40 && least.bytes > most; round++) {
        for (let i = 0; i < 500; i++) step();
        const next = allocationsOf(step, 300);
        if (next.bytes < least.bytes) least = next;
      }
      expect(least.bytes, least.by.join("\n")).toBeLessThanOrEqual(most);
      // A result is handed out: what seems to leave less was not measured.
      expect(least.bytes).toBeGreaterThan(130);
      expect(newest?.finite).toBe(true);
    });
  });

  it("makes no typed array, and takes no more memory for the kernels than the first step did", () => {
    withModel(24, (step) => {
      step();
      const kernels = arena.memory.buffer.byteLength;
      const views = arena.floats;
      const { arrayBuffers } = process.memoryUsage();
      for (let i = 0; i < 200; i++) step();
      // Less, where what others left was collected meanwhile.
      expect(process.memoryUsage().arrayBuffers).toBeLessThanOrEqual(arrayBuffers);
      expect(arena.memory.buffer.byteLength).toBe(kernels);
      expect(arena.floats).toBe(views);
    });
  });

  it("sends no message between threads", async () => {
    await nextTurn();
    received.mockClear();
    sent.mockClear();
    withModel(24, (step) => {
      for (let i = 0; i < 50; i++) step();
    });
    // What was sent would have arrived after a turn.
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    expect(received.mock.calls.filter(([event]) => event === "message")).toEqual([]);
    expect(sent).not.toHaveBeenCalled();
  });
});

it("the measure sees what is allocated, also when it was collected since", () => {
  const kept: number[][] = [];
  const numbers = 1000;
  const call = () => {
    kept[0] = Array.from({ length: numbers }, (_, i) => i);
  };
  for (let i = 0; i < 200; i++) call();
  // 32 MB altogether: more than the young generation holds.
  const { bytes } = allocationsOf(call, 4000);
  expect(bytes).toBeGreaterThan(8 * numbers);
  expect(bytes).toBeLessThan(80 * numbers);
});

it("the spies see the messages that there are", async () => {
  received.mockClear();
  sent.mockClear();
  const worker = new Worker(
    "require('worker_threads').parentPort.once('message', (m) => require('worker_threads').parentPort.postMessage(m))",
    {
      eval: true,
    },
  );
  worker.postMessage("there");
  await once(worker, "message");
  expect(received.mock.calls.some(([event]) => event === "message")).toBe(true);
  expect(sent).toHaveBeenCalledOnce();
  await worker.terminate();
});
