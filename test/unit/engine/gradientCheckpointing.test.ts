/**
 * Gradient checkpointing over time changes no number: bit for bit what the engine computes without it. And it bounds
 * the memory of long sequences.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  Batch,
  Engine,
  Model,
  ModelSpec,
  OptimizerSettings,
  TensorMap,
} from "../../../src/engine/engine.ts";
import { allocateBatchBuffers } from "../../../src/engine/fused/batchBuffers.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { layerRecordBytes, modelRecordBytes } from "../../../src/engine/fused/descriptor.ts";
import { compileKernels } from "../../../src/engine/fused/kernels.ts";
import { Arena, createSharedMemory } from "../../../src/engine/fused/memory.ts";
import { FusedModel } from "../../../src/engine/fused/model.ts";
import { planLayer } from "../../../src/engine/fused/plan.ts";
import {
  chunkTimesteps,
  type GradientCheckpointing,
  scratchBytes,
  segmentTimesteps,
} from "../../../src/engine/fused/scratch.ts";
import { Threads } from "../../../src/engine/fused/threads.ts";
import { OutOfMemory } from "../../../src/engine/outOfMemory.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import { Random } from "../../../src/random.ts";
import {
  deepKinds,
  headNames,
  instructiveBatch,
  randomBatch,
  randomParameters,
  randomStates,
  specOf,
  symbolKinds,
  toDoubles,
} from "../../reference/cases.ts";
import { builds } from "../kernels/compile.ts";
import { expectAgreement, expectSameBits } from "./agreement.ts";

const settings: OptimizerSettings = { optimizer: "adam", momentum: 0, weightDecay: 0.01, clipNorm: 1 };

/** 20 is rounded up to 32. */
const options = [16, 20, "auto"] as const satisfies readonly GradientCheckpointing[];

/** Of each build, the engine without checkpointing and one for each of the options. */
let engines: { plain: Engine; checkpointed: Engine[] }[] = [];
beforeAll(async () => {
  engines = await Promise.all(
    builds.map(async (build) => ({
      plain: await createFusedEngine({ threads: 2, build }),
      checkpointed: await Promise.all(
        options.map((gradientCheckpointing) =>
          createFusedEngine({ threads: 2, build, gradientCheckpointing }),
        ),
      ),
    })),
  );
});
afterAll(async () => {
  const all = engines.flatMap(({ plain, checkpointed }) => [plain, ...checkpointed]);
  await Promise.all(all.map((engine) => engine.dispose()));
});

/** All that a model says of batches one after the other, and what becomes of its parameters. */
function trace(model: Model, batches: readonly Batch[], probe: boolean): TensorMap {
  const all: TensorMap = new Map();
  const put = (name: string, data: Float32Array) => all.set(name, { shape: [data.length], data });
  const putNumbers = (name: string, ...values: number[]) =>
    put(name, new Float32Array(Float64Array.from(values).buffer));
  for (const [step, batch] of batches.entries()) {
    const result = model.trainStep(batch, 0.01, probe);
    putNumbers(`step ${step}`, result.loss, result.metric, result.gradientNorm);
    for (const [layer, { gradientNorm, saturation }] of (result.probe?.layers ?? []).entries()) {
      put(`step ${step}, layer ${layer}, norms`, gradientNorm);
      put(`step ${step}, layer ${layer}, saturation`, saturation);
    }
    const evaluation = model.evaluate(batch);
    putNumbers(`step ${step}, evaluation`, evaluation.loss, evaluation.metric);
    for (const [what, final] of [
      ["trained", result.final],
      ["evaluated", evaluation.final],
    ] as const) {
      if (final) put(`step ${step}, ${what}, h`, final.h);
      if (final?.c) put(`step ${step}, ${what}, c`, final.c);
    }
    put(`step ${step}, predictions`, model.predict(batch));
  }
  for (const [name, tensor] of [...model.getParameters(), ...model.getOptimizerState()])
    all.set(name, tensor);
  return all;
}

function expectSameWithAll(
  spec: ModelSpec,
  parameters: TensorMap,
  batches: readonly Batch[],
  probe: boolean,
  own: OptimizerSettings = settings,
): void {
  const traced = (engine: Engine) => {
    const model = engine.createModel(spec, own, parameters);
    const result = trace(model, batches, probe);
    model.dispose();
    return result;
  };
  for (const { plain, checkpointed } of engines) {
    const expected = traced(plain);
    for (const [i, engine] of checkpointed.entries())
      expectSameBits(traced(engine), expected, `segments of ${options[i]}`);
  }
}

/** Lengths around the borders of chunks and segments, and any other. */
const lengths = fc.oneof(
  fc.constantFrom(1, 15, 16, 17, 31, 32, 33, 47, 48, 64, 65),
  fc.integer({ min: 1, max: 100 }),
);

describe("with gradient checkpointing every number is the same bit for bit", () => {
  for (const cell of cellNames)
    for (const head of headNames) {
      it(`${cell} ${head}: any shape, 1 to 3 layers, states carried or not, probed or not`, () => {
        const shapes = fc.record({
          layers: fc.integer({ min: 1, max: 3 }),
          sizes: fc.array(fc.record({ batch: fc.integer({ min: 1, max: 20 }), length: lengths }), {
            minLength: 1,
            maxLength: 2,
          }),
          hidden: fc.integer({ min: 1, max: 13 }),
          inputSize: fc.integer({ min: 1, max: 5 }),
          outputSize: fc.integer({ min: 1, max: 6 }),
          carried: fc.boolean(),
          probe: fc.boolean(),
          seed: fc.integer({ min: 0, max: 999 }),
        });
        fc.assert(
          fc.property(shapes, ({ layers, sizes, hidden, carried, probe, seed, ...rest }) => {
            const random = new Random(seed, "checkpointing");
            const reflectors = [1 + random.below(hidden), 1 + random.below(hidden)] as const;
            const spec = specOf(
              random,
              { cell, activation: "tanh", head, layers },
              { batch: 1, length: 1, hidden, reflectors, ...rest },
            );
            const batches = sizes.map(({ batch, length }) => ({
              ...randomBatch(random, spec, batch, length),
              ...(carried ? { initial: randomStates(random, spec, batch) } : {}),
            }));
            expectSameWithAll(spec, randomParameters(random, spec), batches, probe);
          }),
          { seed: 6, numRuns: 25 },
        );
      });

      it(`${cell} ${head}: several panels a shard, batches that grow and shrink`, () => {
        const random = new Random(2, "checkpointing", cell, head);
        const shape = { hidden: 9, inputSize: 2, outputSize: 5, reflectors: [9, 4] } as const;
        const spec = specOf(
          random,
          { cell, activation: "relu", head, layers: 2 },
          { batch: 1, length: 1, ...shape },
        );
        // 140 sequences are 18 panels, two to a shard. A segment is of the longest sequences seen.
        const batches = [
          [140, 33],
          [9, 90],
          [8, 20],
          [3, 1],
          [17, 49],
        ].map(([size, length]) => randomBatch(random, spec, size!, length!));
        expectSameWithAll(spec, randomParameters(random, spec), batches, true);
      });
    }

  for (const [index, kind] of symbolKinds().entries())
    it(`${kind.cell} of symbols, ${kind.embedding ?? "one-hot"}: gradients of the inputs too`, () => {
      const random = new Random(3, "checkpointing", index);
      const shape = { hidden: 7, inputSize: 1, outputSize: 6, reflectors: [7, 3] } as const;
      const spec = specOf(random, kind, { batch: 1, length: 1, ...shape });
      const batches = [41, 7].map((length) => ({
        ...randomBatch(random, spec, 11, length),
        initial: randomStates(random, spec, 11),
      }));
      const parameters = randomParameters(random, spec);
      expectSameWithAll(spec, parameters, batches, true);
      if (spec.embedding)
        expectSameWithAll(spec, parameters, batches, false, { ...settings, sampledSoftmax: 6 });
    });

  for (const cell of ["spectral", "orthogonal"] as const)
    it(`${cell} of so few reflectors that W is multiplied by its factors`, () => {
      for (const head of headNames) {
        const random = new Random(6, "checkpointing", cell, head);
        const shape = { hidden: 26, inputSize: 3, outputSize: 4, reflectors: [2, 3] } as const;
        const spec = specOf(
          random,
          { cell, activation: "tanh", head, layers: 2 },
          { batch: 1, length: 1, ...shape },
        );
        const batches = [77, 48].map((length) => randomBatch(random, spec, 17, length));
        expectSameWithAll(spec, randomParameters(random, spec), batches, true);
      }
    });

  it("feed-forward nets, whose sequences have one timestep", () => {
    for (const [index, kind] of deepKinds().entries()) {
      const random = new Random(4, "checkpointing", index);
      const shape = { hidden: 6, inputSize: 3, outputSize: 4, reflectors: [6, 3] } as const;
      const spec = specOf(random, kind, { batch: 1, length: 1, ...shape });
      expectSameWithAll(spec, randomParameters(random, spec), [randomBatch(random, spec, 9, 1)], true);
    }
  });

  it("and agrees with the double-precision reference", () => {
    for (const cell of ["spectral", "lstm", "gru"] as const)
      for (const head of ["classifyEach", "classifyLast"] as const) {
        const random = new Random(5, "checkpointing", cell, head);
        const shape = { hidden: 6, inputSize: 3, outputSize: 4, reflectors: [6, 3] } as const;
        const spec = specOf(
          random,
          { cell, activation: "tanh", head, layers: 2 },
          { batch: 1, length: 1, ...shape },
        );
        const parameters = randomParameters(random, spec);
        const initial = randomStates(random, spec, 9);
        const batch = instructiveBatch(random, spec, toDoubles(parameters), 9, 53, initial);
        for (const { checkpointed } of engines)
          for (const engine of checkpointed) {
            const model = engine.createModel(spec, settings, parameters);
            expectAgreement(model, spec, toDoubles(parameters), batch);
            model.dispose();
          }
      }
  });
});

describe("long sequences", () => {
  const cases: readonly Pick<ModelSpec, "cell" | "head" | "layers">[] = [
    { cell: "lstm", head: "classifyEach", layers: 2 },
    { cell: "spectral", head: "classifyLast", layers: 1 },
  ];
  const specOfCase = (kind: (typeof cases)[number]): ModelSpec => {
    const shape = {
      batch: 8,
      length: 1,
      hidden: 12,
      inputSize: 1,
      outputSize: 3,
      reflectors: [4, 4],
    } as const;
    return specOf(new Random(1, "long"), { ...kind, activation: "tanh" }, shape);
  };

  /** One step of training in a memory of its own: what it gave, and how far the memory grew. */
  async function stepOf(spec: ModelSpec, length: number, checkpointing: GradientCheckpointing) {
    // Grows from next to nothing, so that all that is taken is seen.
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 65_536, shared: true });
    const threads = await Threads.start(compileKernels("simd"), memory, 1);
    expect(threads.kernels.chunkTimesteps()).toBe(chunkTimesteps);
    const arena = new Arena(memory, threads.kernels.heapBase());
    const random = new Random(2, "long");
    const parameters = randomParameters(random, spec);
    const model = new FusedModel(arena, threads, spec, settings, parameters, undefined, checkpointing);
    const traced = trace(model, [randomBatch(random, spec, 8, length)], true);
    model.dispose();
    await threads.stop();
    return { traced, bytes: memory.buffer.byteLength };
  }

  for (const kind of cases)
    it(`${kind.cell} ${kind.head}: T = 20,000 is trained on as without, in memory that grows with √T`, async () => {
      const spec = specOfCase(kind);
      const scratch = (length: number, checkpointing: GradientCheckpointing) =>
        scratchBytes(spec, length, checkpointing);
      const page = 65_536;
      for (const length of [5_000, 20_000]) {
        const plain = await stepOf(spec, length, "off");
        const checkpointed = await stepOf(spec, length, "auto");
        expectSameBits(checkpointed.traced, plain.traced, `T = ${length}`);
        // What `scratchBytes` tells is what is taken.
        const saved = scratch(length, "off") - scratch(length, "auto");
        expect(Math.abs(plain.bytes - checkpointed.bytes - saved)).toBeLessThanOrEqual(page);
        expect(scratch(length, "off") / scratch(length, "auto")).toBeGreaterThan(0.3 * Math.sqrt(length));
      }
      expect(scratch(20_000, "off") / scratch(5_000, "off")).toBeGreaterThan(3.9);
      expect(scratch(20_000, "auto") / scratch(5_000, "auto")).toBeLessThan(2);
      // Far out nothing counts but the states: four times the timesteps take twice the memory.
      const far = scratch(4e8, "auto") / scratch(1e8, "auto");
      expect(far).toBeGreaterThan(1.99);
      expect(far).toBeLessThan(2.01);
    });

  it("too long a sequence for the memory names the option, where that would help", () => {
    const spec = { ...specOfCase(cases[1]!), hidden: 1024 };
    const plans = [planLayer(spec, 0)];
    const arena = new Arena(createSharedMemory(), 0);
    const [record, layers] = [arena.allocate(modelRecordBytes), arena.allocate(layerRecordBytes)];
    const allocate = (batch: number, length: number, checkpointing: GradientCheckpointing) =>
      allocateBatchBuffers(arena, spec, plans, { batch, length }, 1, checkpointing, 64, record, layers);
    const message = /needs \d+ MiB of memory.*, or "auto" for training\.gradientCheckpointing/;
    expect(() => allocate(8, 200_000, "off")).toThrow(message);
    expect(() => allocate(8, 200_000, "off")).toThrow(OutOfMemory);
    allocate(8, 200_000, "auto").release();
    // The inputs alone are too much.
    expect(() => allocate(65_536, 20_000, "off")).toThrow(/sequence length$/);
  });

  it("a segment is a multiple of the chunk, or the whole sequence", () => {
    expect(segmentTimesteps("auto", 20_000)).toBe(144);
    expect(segmentTimesteps("auto", 256)).toBe(16);
    expect(segmentTimesteps("auto", 257)).toBe(32);
    expect(segmentTimesteps("auto", 10)).toBe(10);
    expect(segmentTimesteps(1, 100)).toBe(16);
    expect(segmentTimesteps(17, 100)).toBe(32);
    expect(segmentTimesteps(1000, 100)).toBe(100);
    expect(segmentTimesteps("off", 100)).toBe(100);
  });

  it("what is no length of a segment is refused", async () => {
    for (const gradientCheckpointing of [0, -16, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(createFusedEngine({ threads: 1, gradientCheckpointing })).rejects.toThrow(
        /gradientCheckpointing: .*; allowed: "off", "auto" or a whole number from 1 on/,
      );
  });
});
