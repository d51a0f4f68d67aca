/**
 * The fused engine gives the same bits for any number of threads, whatever its tiles, from run to run, and after a stop
 * and a restart.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  Batch,
  Engine,
  Model,
  ModelSpec,
  OptimizerSettings,
  TensorMap,
} from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import { Random } from "../../../src/random.ts";
import { randomBatch, randomParameters, specOf } from "../../reference/cases.ts";
import { builds } from "../kernels/compile.ts";
import { expectSameBits } from "./agreement.ts";

const threadCounts = [1, 2, 3] as const;
const learningRate = 0.01;
const settings: OptimizerSettings = { optimizer: "adam", momentum: 0, weightDecay: 0.01, clipNorm: 1 };

/** For each build, an engine for each number of threads, and one of the other tiles. */
let engines: Engine[][] = [];
beforeAll(async () => {
  engines = await Promise.all(
    builds.map((build) =>
      Promise.all([
        ...threadCounts.map((threads) => createFusedEngine({ threads, build, tiles: "narrow" })),
        createFusedEngine({ threads: 2, build, tiles: "wide" }),
      ]),
    ),
  );
});
afterAll(async () => {
  await Promise.all(engines.flat().map((engine) => engine.dispose()));
});

/** Parameters, optimizer state, outputs and everything that the steps reported, as tensors. */
function trace(model: Model, batches: readonly Batch[]): TensorMap {
  const all: TensorMap = new Map();
  const put = (name: string, data: Float32Array) => all.set(name, { shape: [data.length], data });
  for (const [step, batch] of batches.entries()) {
    const { loss, metric, gradientNorm, probe } = model.trainStep(batch, learningRate, step % 2 === 0);
    put(`step ${step}`, new Float32Array(Float64Array.of(loss, metric, gradientNorm).buffer));
    for (const [layer, { gradientNorm: norms, saturation }] of (probe?.layers ?? []).entries()) {
      put(`step ${step}, layer ${layer}, norms`, norms);
      put(`step ${step}, layer ${layer}, saturation`, saturation);
    }
  }
  put("predictions", model.predict(batches[0]!));
  for (const [name, tensor] of [...model.getParameters(), ...model.getOptimizerState()])
    all.set(name, tensor);
  return all;
}

function caseOf(cell: ModelSpec["cell"], head: ModelSpec["head"]) {
  const random = new Random(1, "same bits", cell, head);
  const shape = {
    batch: 1,
    length: 1,
    hidden: 33,
    inputSize: 5,
    outputSize: 7,
    reflectors: [33, 20],
  } as const;
  const spec = specOf(random, { cell, activation: "tanh", head, layers: 2 }, shape);
  const parameters = randomParameters(random, spec);
  // 150 sequences are 19 panels, two to a shard; 61 are 8, each its own.
  const batches = [150, 61, 150, 7, 61].map((size) => randomBatch(random, spec, size, 19));
  return { spec, parameters, batches };
}

describe("the fused engine's bits", () => {
  for (const cell of cellNames)
    for (const head of ["classifyLast", "classifyEach"] as const) {
      it(`${cell} ${head}: the same for 1, 2 and 3 threads, narrow and wide tiles, and from run to run`, () => {
        const { spec, parameters, batches } = caseOf(cell, head);
        for (const ofBuild of engines) {
          const traces = [...ofBuild, ...ofBuild].map((engine) => {
            const model = engine.createModel(spec, settings, parameters);
            const result = trace(model, batches);
            model.dispose();
            return result;
          });
          const moved = traces[0]!
            .get("head.W")!
            .data.some((value, i) => value !== parameters.get("head.W")!.data[i]);
          expect(moved, "training moves the parameters").toBe(true);
          for (const [run, other] of traces.entries()) expectSameBits(other, traces[0]!, `run ${run}`);
        }
      });
    }

  // What is left of a matrix after tiles of twelve rows is four or eight of them, or eight twice.
  it.each([1, 8, 12, 16, 20, 24, 28, 40])("the same for narrow and wide tiles of %i units", (hidden) => {
    for (const cell of cellNames) {
      const random = new Random(2, "tiles", cell, hidden);
      // Few reflectors: W as a diagonal and a matrix of low rank, for spectral cells from n = 20 on, orthogonal from 12.
      const reflectors = [Math.min(hidden, 3), Math.min(hidden, 5)] as const;
      const shape = { batch: 1, length: 1, hidden, inputSize: 3, outputSize: 9, reflectors };
      const spec = specOf(random, { cell, activation: "tanh", head: "classifyEach", layers: 2 }, shape);
      const parameters = randomParameters(random, spec);
      const batches = [20, 9].map((size) => randomBatch(random, spec, size, 18));
      for (const [narrow, , , wide] of engines as [Engine, Engine, Engine, Engine][]) {
        const [one, other] = [narrow, wide].map((engine) => {
          const model = engine.createModel(spec, settings, parameters);
          const result = trace(model, batches);
          model.dispose();
          return result;
        });
        expectSameBits(other!, one!, cell);
      }
    }
  });

  for (const cell of cellNames)
    for (const optimizer of ["adam", "rmsprop", "sgd"] as const) {
      it(`${cell} ${optimizer}: the same when another model goes on from its parameters and state`, () => {
        const { spec, parameters, batches } = caseOf(cell, "regressLast");
        const own = { ...settings, optimizer, momentum: 0.9 };
        for (const [engine, , , other] of engines as [Engine, Engine, Engine, Engine][]) {
          const whole = engine.createModel(spec, own, parameters);
          const firstHalf = engine.createModel(spec, own, parameters);
          trace(whole, batches.slice(0, 2));
          trace(firstHalf, batches.slice(0, 2));
          const resumed = other.createModel(
            spec,
            own,
            firstHalf.getParameters(),
            firstHalf.getOptimizerState(),
          );
          expectSameBits(resumed.getParameters(), firstHalf.getParameters(), "parameters");
          expectSameBits(resumed.getOptimizerState(), firstHalf.getOptimizerState(), "optimizer state");
          expectSameBits(trace(resumed, batches.slice(2)), trace(whole, batches.slice(2)), "resumed");
          for (const model of [whole, firstHalf, resumed]) model.dispose();
        }
      });
    }
});
