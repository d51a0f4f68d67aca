/**
 * How cost grows: the time of a training step against n, T, B and m, one of them varied while the others stay, beside
 * the multiplications that the kernels count as they do them; and the kernels' memory against T and n.
 */
import { readFileSync } from "node:fs";
import { builtFile } from "../src/builtFile.ts";
import { median } from "../src/diagnostics/select.ts";
import type { Batch, ModelSpec } from "../src/engine/engine.ts";
import { bestBuild } from "../src/engine/fused/kernels.ts";
import { Arena } from "../src/engine/fused/memory.ts";
import { FusedModel } from "../src/engine/fused/model.ts";
import { type GradientCheckpointing, scratchBytes } from "../src/engine/fused/scratch.ts";
import { Threads } from "../src/engine/fused/threads.ts";
import { initializeParameters } from "../src/engine/initialize.ts";
import { countInstructions, readCounts } from "./countInstructions.ts";
import { randomBatch } from "./measure.ts";

export type Variable = "n" | "T" | "B" | "m";

interface Sizes {
  readonly n: number;
  readonly T: number;
  readonly B: number;
}

/** Reflectors: 0 for an rnn, "n" for as many as units. */
type Reflectors = number | "n";

export interface GrowthLine {
  readonly name: string;
  /** The variable's values. */
  readonly at: readonly number[];
  readonly values: readonly number[];
  /** Of a time: the multiplications that the kernels did. Of memory: the states' part of it, in the same unit. */
  readonly beside: readonly number[];
  /** Slopes of the logarithms against the variable's, by least squares. */
  readonly exponent: number;
  readonly besideExponent: number;
}

export interface GrowthChart {
  readonly variable: Variable;
  readonly quantity: "time" | "memory";
  /** The others, in words. */
  readonly fixed: string;
  readonly lines: readonly GrowthLine[];
}

interface Contender {
  readonly name: string;
  readonly m: Reflectors;
}

interface TimeSweep {
  readonly variable: Variable;
  readonly values: readonly number[];
  readonly fixed: Sizes;
  readonly contenders: readonly Contender[];
}

const rnn: Contender = { name: "rnn", m: 0 };
const few: Contender = { name: "spectral, m = 16", m: 16 };
const full: Contender = { name: "spectral, m = n", m: "n" };

const timeSweeps: readonly TimeSweep[] = [
  {
    variable: "n",
    values: [32, 64, 128, 256, 512, 1024],
    fixed: { n: 0, T: 50, B: 32 },
    contenders: [rnn, few, full],
  },
  {
    variable: "T",
    values: [25, 50, 100, 200, 400, 800],
    fixed: { n: 128, T: 0, B: 32 },
    contenders: [rnn, few, full],
  },
  {
    variable: "B",
    values: [8, 16, 32, 64, 128, 256],
    fixed: { n: 128, T: 50, B: 0 },
    contenders: [rnn, few, full],
  },
  {
    variable: "m",
    values: [4, 8, 16, 32, 64, 128, 256],
    fixed: { n: 256, T: 50, B: 32 },
    contenders: [{ name: "spectral", m: 0 }],
  },
];

interface MemorySweep {
  readonly variable: "T" | "n";
  readonly values: readonly number[];
  readonly fixed: Sizes;
}

const memorySweeps: readonly MemorySweep[] = [
  { variable: "T", values: [200, 500, 1000, 2000, 5000, 10_000, 20_000], fixed: { n: 128, T: 0, B: 8 } },
  { variable: "n", values: [32, 64, 128, 256, 512, 1024], fixed: { n: 0, T: 1000, B: 8 } },
];

const checkpointings: readonly { readonly name: string; readonly value: GradientCheckpointing }[] = [
  { name: "all states kept", value: "off" },
  { name: "gradient checkpointing", value: "auto" },
];

const settings = { optimizer: "adam", momentum: 0, weightDecay: 0, clipNorm: undefined } as const;

/** @param rounds every point of a chart is measured in turn so often. @param say told of each chart when it is done. */
export async function benchGrowth(rounds: number, say: (chart: GrowthChart) => void): Promise<GrowthChart[]> {
  const kernels = readFileSync(builtFile(`kernels-${bestBuild()}.wasm`));
  const counted = new WebAssembly.Module(countInstructions(kernels));
  const timed = new WebAssembly.Module(kernels);
  const charts: GrowthChart[] = [];
  const take = (chart: GrowthChart) => {
    charts.push(chart);
    say(chart);
  };
  for (const sweep of timeSweeps) take(await timeChart(sweep, rounds, timed, counted));
  for (const sweep of memorySweeps) take(await memoryChart(sweep, timed));
  return charts;
}

async function timeChart(
  { variable, values, fixed, contenders }: TimeSweep,
  rounds: number,
  timed: WebAssembly.Module,
  counted: WebAssembly.Module,
): Promise<GrowthChart> {
  const points = contenders.flatMap(({ m }) =>
    values.map((value) => {
      const sizes = variable === "m" ? fixed : { ...fixed, [variable]: value };
      return { spec: specOf(sizes, variable === "m" ? value : m), batch: randomBatch(sizes) };
    }),
  );
  const operations: number[] = [];
  for (const { spec, batch } of points)
    operations.push(
      await withModel(counted, spec, "off", (model, kernels) => multiplications(model, batch, kernels)),
    );
  const times = points.map((): number[] => []);
  await withKernels(timed, async (arena, threads) => {
    for (let round = 0; round < rounds; round++)
      for (const [i, { spec, batch }] of points.entries()) {
        const model = modelOf(arena, threads, spec, "off");
        times[i]!.push(stepTime(model, batch));
        model.dispose();
      }
  });
  const lines = contenders.map(({ name }, i): GrowthLine => {
    const of = <T>(list: readonly T[]) => list.slice(i * values.length, (i + 1) * values.length);
    const ms = of(times).map(median);
    return {
      name,
      at: values,
      values: ms,
      beside: of(operations),
      exponent: exponent(values, ms),
      besideExponent: exponent(values, of(operations)),
    };
  });
  return { variable, quantity: "time", fixed: inWords(fixed, variable), lines };
}

async function memoryChart(
  { variable, values, fixed }: MemorySweep,
  module: WebAssembly.Module,
): Promise<GrowthChart> {
  const lines: GrowthLine[] = [];
  for (const { name, value } of checkpointings) {
    const megabytes: number[] = [];
    const states = values.map((size) => {
      const sizes = { ...fixed, [variable]: size };
      return scratchBytes(specOf(sizes, 0), sizes.T, value) / 2 ** 20;
    });
    for (const size of values) {
      const sizes = { ...fixed, [variable]: size };
      const batch = randomBatch(sizes);
      megabytes.push(
        await withModel(module, specOf(sizes, 0), value, (model, _, memory) => {
          model.trainStep(batch, 1e-4, false);
          return memory.buffer.byteLength / 2 ** 20;
        }),
      );
    }
    lines.push({
      name,
      at: values,
      values: megabytes,
      beside: states,
      exponent: exponent(values, megabytes),
      besideExponent: exponent(values, states),
    });
  }
  return { variable, quantity: "memory", fixed: `rnn, ${inWords(fixed, variable)}`, lines };
}

function inWords(sizes: Sizes, varied: Variable): string {
  return (["n", "T", "B"] as const)
    .filter((name) => name !== varied)
    .map((name) => `${name} = ${sizes[name]}`)
    .join(", ");
}

function specOf({ n }: Sizes, m: Reflectors): ModelSpec {
  const reflectors = m === "n" ? n : Math.max(m, 1);
  return {
    cell: m === 0 ? "rnn" : "spectral",
    inputSize: 1,
    hidden: n,
    layers: 1,
    activation: "tanh",
    outputSize: 10,
    head: "classifyLast",
    reflectors: [reflectors, reflectors],
    radius: 0.1,
    center: 1,
  };
}

/** The kernels' own constants. Memory begins with no more, so that all the rest is the model's. */
const firstPages = 2;

/** Kernels on one thread with a memory of their own. */
async function withKernels<Result>(
  module: WebAssembly.Module,
  use: (arena: Arena, threads: Threads) => Result | Promise<Result>,
): Promise<Result> {
  const memory = new WebAssembly.Memory({ initial: firstPages, maximum: 65_536, shared: true });
  const threads = await Threads.start(module, memory, 1);
  return await use(new Arena(memory, threads.kernels.heapBase()), threads);
}

function modelOf(
  arena: Arena,
  threads: Threads,
  spec: ModelSpec,
  checkpointing: GradientCheckpointing,
): FusedModel {
  const parameters = initializeParameters(spec, "orthogonal", 1);
  return new FusedModel(arena, threads, spec, settings, parameters, undefined, checkpointing);
}

async function withModel<Result>(
  module: WebAssembly.Module,
  spec: ModelSpec,
  checkpointing: GradientCheckpointing,
  use: (model: FusedModel, kernels: object, memory: WebAssembly.Memory) => Result,
): Promise<Result> {
  return await withKernels(module, (arena, threads) =>
    use(modelOf(arena, threads, spec, checkpointing), threads.kernels, arena.memory),
  );
}

/** Of one step, in all kernels. */
function multiplications(model: FusedModel, batch: Batch, kernels: object): number {
  const total = () => {
    let sum = 0;
    for (const { multiplications } of readCounts(kernels).values()) sum += multiplications;
    return sum;
  };
  const before = total();
  model.trainStep(batch, 1e-4, false);
  return total() - before;
}

/**
 * Milliseconds of a step: the time that this process had a processor, which on a machine with other work says more than
 * the clock on the wall. The shortest of some after the first, for about a twentieth of a second.
 */
function stepTime(model: FusedModel, batch: Batch): number {
  model.trainStep(batch, 1e-4, false);
  let shortest = Number.POSITIVE_INFINITY;
  for (let spent = 0; spent < 50; ) {
    const began = process.cpuUsage();
    model.trainStep(batch, 1e-4, false);
    const { user, system } = process.cpuUsage(began);
    const ms = (user + system) / 1000;
    shortest = Math.min(shortest, ms);
    spent += ms;
  }
  return shortest;
}

/** Slope of ln y against ln x by least squares. */
export function exponent(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [u, v] = [x.map(Math.log), y.map(Math.log)];
  const [centerU, centerV] = [mean(u), mean(v)];
  let [product, square] = [0, 0];
  for (let i = 0; i < u.length; i++) {
    product += (u[i]! - centerU) * (v[i]! - centerV);
    square += (u[i]! - centerU) ** 2;
  }
  return product / square;
}

/** A chart as lines of text. */
export function growthText({ variable, quantity, fixed, lines }: GrowthChart): string {
  const isTime = quantity === "time";
  const out = [`${isTime ? "Time of a training step" : "Kernels' memory"} against ${variable} (${fixed})`];
  for (const { name, at, values, exponent, besideExponent } of lines) {
    const points = at.map((x, i) => `${x}: ${values[i]!.toPrecision(3)}`).join("  ");
    const beside = `${isTime ? "multiplications" : "states alone"} ${variable}^${besideExponent.toFixed(2)}`;
    out.push(`  ${name.padEnd(24)}${points} ${isTime ? "ms" : "MiB"}`);
    out.push(`${" ".repeat(26)}${variable}^${exponent.toFixed(2)}, ${beside}`);
  }
  return out.join("\n");
}
