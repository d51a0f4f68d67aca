/** The fused engine: WebAssembly SIMD over shared memory, the batch split over worker threads. */
import { availableParallelism } from "node:os";
import type { Engine, Model, ModelSpec, OptimizerSettings, TensorMap } from "../engine.ts";
import { bestBuild, compileKernels, instantiateKernels, type KernelBuild } from "./kernels.ts";
import { Arena, createSharedMemory } from "./memory.ts";
import { FusedModel } from "./model.ts";
import { type GradientCheckpointing, segmentTimesteps } from "./scratch.ts";
import { Threads } from "./threads.ts";
import { fasterTiles, type Tiles } from "./wideVectors.ts";

export { type KernelBuild, supportsSimd } from "./kernels.ts";
export { supportsRelaxedSimd } from "./relaxedSimd.ts";
export { type GradientCheckpointing, scratchBytes } from "./scratch.ts";
export { type WideVectors, wideVectors } from "./wideVectors.ts";

export interface FusedOptions {
  /** Threads, the caller's own included; default: as many as the machine runs at once. The numbers are the same for any. */
  readonly threads?: number | undefined;
  /** Default: the faster of those that the runtime supports. Builds differ in the last bits. */
  readonly build?: KernelBuild | undefined;
  /** For tests. Default: the faster on this runtime. The numbers are the same bit for bit. */
  readonly tiles?: Tiles | undefined;
  /** Default: "off". Less memory for long sequences at a third more time; the numbers are the same bit for bit. */
  readonly gradientCheckpointing?: GradientCheckpointing | undefined;
}

const maximumThreads = 64;

/**
 * @throws RangeError for a number of threads outside 1 … 64, or segments that are not allowed; Error when the runtime lacks SIMD or shared memory.
 */
export async function createFusedEngine(options: FusedOptions = {}): Promise<Engine> {
  const count = options.threads ?? Math.min(availableParallelism(), maximumThreads);
  if (!(Number.isInteger(count) && count >= 1 && count <= maximumThreads))
    throw new RangeError(`threads: ${count}; allowed: a whole number from 1 to ${maximumThreads}`);
  const { gradientCheckpointing = "off" } = options;
  segmentTimesteps(gradientCheckpointing, 1);
  const build = options.build ?? bestBuild();
  const memory = createSharedMemory();
  const module = compileKernels(build);
  const tiles = options.tiles ?? fasterTiles(build, instantiateKernels(module, memory), memory);
  const threads = await Threads.start(module, memory, count, tiles);
  const arena = new Arena(memory, threads.kernels.heapBase());
  const vectors = `WebAssembly ${build === "relaxed" ? "relaxed SIMD" : "SIMD"}${tiles === "wide" ? " of 256 bits" : ""}`;
  const description = `${vectors}, ${count} ${count === 1 ? "thread" : "threads"}`;
  return {
    name: "fused",
    description,
    createModel: (
      spec: ModelSpec,
      optimizer: OptimizerSettings,
      parameters: TensorMap,
      state?: TensorMap,
    ): Model => new FusedModel(arena, threads, spec, optimizer, parameters, state, gradientCheckpointing),
    dispose: () => threads.stop(),
  };
}
