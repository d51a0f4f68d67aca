/** `npm run bench -- --engines`: the TensorFlow.js engine on each backend against the fused one, the same steps in turn. */
import { performance } from "node:perf_hooks";
import { median } from "../src/diagnostics/select.ts";
import type { Engine, Model, ModelSpec } from "../src/engine/engine.ts";
import { createFusedEngine } from "../src/engine/fused/createFusedEngine.ts";
import { initializeParameters } from "../src/engine/initialize.ts";
import { backendNames } from "../src/engine/tensorflow/backends.ts";
import { createTensorflowEngine } from "../src/engine/tensorflow/createTensorflowEngine.ts";
import type { CellName } from "../src/experiment/schema.ts";
import { randomBatch } from "./measure.ts";
import { recurrenceOperations, type Shape } from "./shapes.ts";

export interface EngineRow extends Shape {
  readonly cell: CellName;
  readonly engine: string;
  /** Median time of one training step. */
  readonly ms: number;
  readonly gflops: number;
  /** Median over the rounds of this engine's time by that of the fused engine on all threads in the same round. */
  readonly timesFused: number;
}

const shapes: readonly Shape[] = [
  { n: 32, B: 32, T: 100 },
  { n: 128, B: 128, T: 100 },
];
const cells: readonly CellName[] = ["rnn", "spectral", "lstm", "gru"];
/** Rounds that are not counted: they compile and warm caches. */
const warmUp = 2;

interface Contestant {
  readonly name: string;
  readonly model: Model;
  readonly times: number[];
}

function specOf(cell: CellName, n: number): ModelSpec {
  return {
    cell,
    inputSize: 1,
    hidden: n,
    layers: 1,
    activation: "tanh",
    outputSize: 10,
    head: "classifyLast",
    reflectors: [Math.min(16, n), Math.min(16, n)],
    radius: 0.1,
    center: 1,
  };
}

/** The engines that work here by name, the one that the others are held against first. */
async function startEngines(folder: string | undefined): Promise<Map<string, Engine>> {
  const engines = new Map([
    ["fused, all threads", await createFusedEngine()],
    ["fused, 1 thread", await createFusedEngine({ threads: 1 })],
  ]);
  for (const backend of backendNames) {
    try {
      const options = { backend, folder: backend === "native" ? folder : undefined };
      const names = { native: "tfjs libtensorflow", wasm: "tfjs WebAssembly", cpu: "tfjs JavaScript" };
      engines.set(names[backend], await createTensorflowEngine(options));
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  }
  return engines;
}

/** @param rounds counted rounds of each shape and cell. */
export async function benchEngines(folder: string | undefined, rounds: number): Promise<EngineRow[]> {
  const engines = await startEngines(folder);
  for (const [name, { description }] of engines) console.log(`${name.padEnd(20)} ${description}`);
  console.log(`\nOne training step without telemetry, medians of ${rounds} rounds in which all take turns.`);
  console.log("cell           n    B    T  engine                      ms  GFLOP/s  times fused");
  const rows: EngineRow[] = [];
  for (const shape of shapes)
    for (const cell of cells) {
      const spec = specOf(cell, shape.n);
      const parameters = initializeParameters(spec, "orthogonal", 1);
      const settings = { optimizer: "adam", momentum: 0, weightDecay: 0, clipNorm: undefined } as const;
      const contestants: Contestant[] = [...engines].map(([name, engine]) => ({
        name,
        model: engine.createModel(spec, settings, parameters),
        times: [],
      }));
      const batch = randomBatch(shape);
      for (let round = 0; round < warmUp + rounds; round++)
        for (const { model, times } of contestants) {
          const start = performance.now();
          model.trainStep(batch, 1e-4, false);
          if (round >= warmUp) times.push(performance.now() - start);
        }
      const first = contestants[0]!.times;
      for (const { name, model, times } of contestants) {
        model.dispose();
        const ms = median(times);
        const row: EngineRow = {
          cell,
          ...shape,
          engine: name,
          ms,
          gflops: recurrenceOperations(cell, shape) / ms / 1e6,
          timesFused: median(times.map((time, round) => time / first[round]!)),
        };
        rows.push(row);
        console.log(
          `${cell.padEnd(11)}${[shape.n, shape.B, shape.T].map((size) => String(size).padStart(5)).join("")}  ` +
            `${name.padEnd(19)}${ms.toFixed(2).padStart(11)}${row.gflops.toFixed(1).padStart(9)}${row.timesFused.toFixed(1).padStart(13)}`,
        );
      }
    }
  for (const engine of engines.values()) await engine.dispose();
  return rows;
}
