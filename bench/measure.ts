/** Times whole training steps, contenders in turn, so that a machine that speeds up or slows down does so for all. */
import { performance } from "node:perf_hooks";
import { median } from "../src/diagnostics/select.ts";
import type { Batch, Engine, Model, ModelSpec } from "../src/engine/engine.ts";
import { initializeParameters } from "../src/engine/initialize.ts";
import { Random } from "../src/random.ts";
import { type Contender, contendersAt, recurrenceOperations, type Shape } from "./shapes.ts";

export interface Row {
  readonly cell: string;
  readonly n: number;
  readonly B: number;
  readonly T: number;
  /** Reflectors; null for cells without. */
  readonly m: number | null;
  readonly threads: number;
  /** Whether every step was recorded. */
  readonly telemetry: boolean;
  /** Median time of one training step. */
  readonly ms: number;
  readonly gflops: number;
  readonly stepsPerSecond: number;
}

const inputSize = 1;
const outputSize = 10;

export function randomBatch(shape: Shape): Batch {
  const random = new Random(1, "bench");
  const { B, T } = shape;
  return {
    size: B,
    length: T,
    inputs: Float32Array.from({ length: B * T * inputSize }, () => random.uniform()),
    targets: Int32Array.from({ length: B }, () => random.below(outputSize)),
  };
}

/** One layer of a cell that reads the last state for classes. */
export function specOf({ cell, m }: Contender, n: number): ModelSpec {
  const reflectors = m ?? n;
  return {
    cell,
    inputSize,
    hidden: n,
    layers: 1,
    activation: "tanh",
    outputSize,
    head: "classifyLast",
    reflectors: [reflectors, reflectors],
    radius: 0.1,
    center: 1,
  };
}

/** Adam without weight decay or clipping. */
export const settings = { optimizer: "adam", momentum: 0, weightDecay: 0, clipNorm: undefined } as const;

interface Contestant {
  readonly threads: number;
  readonly telemetry: boolean;
  readonly model: Model;
  readonly times: number[];
}

/**
 * Every cell at one shape, on each engine, with and without telemetry.
 * @param takes which cells.
 * @param seconds about how long to measure each contestant.
 */
export function* measureShape(
  shape: Shape,
  takes: (contender: Contender) => boolean,
  engines: ReadonlyMap<number, Engine>,
  seconds: number,
): Generator<Row> {
  const batch = randomBatch(shape);
  for (const contender of contendersAt(shape.n).filter(takes)) {
    const { cell, m } = contender;
    const spec = specOf(contender, shape.n);
    const parameters = initializeParameters(spec, "orthogonal", 1);
    const contestants: Contestant[] = [];
    for (const [threads, engine] of engines) {
      for (const telemetry of [false, true])
        contestants.push({
          threads,
          telemetry,
          model: engine.createModel(spec, settings, parameters),
          times: [],
        });
    }
    for (let round = 0, spent = 0; round < 4 || spent < seconds * contestants.length; round++) {
      for (const { model, telemetry, times } of contestants) {
        const start = performance.now();
        model.trainStep(batch, 1e-4, telemetry);
        const ms = performance.now() - start;
        spent += ms / 1000;
        // The first rounds compile and warm caches.
        if (round > 0) times.push(ms);
      }
    }
    for (const { threads, telemetry, model, times } of contestants) {
      model.dispose();
      const ms = median(times);
      yield {
        cell,
        ...shape,
        m,
        threads,
        telemetry,
        ms,
        gflops: recurrenceOperations(cell, shape) / ms / 1e6,
        stepsPerSecond: 1000 / ms,
      };
    }
  }
}
