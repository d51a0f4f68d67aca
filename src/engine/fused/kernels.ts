/** The WebAssembly kernels: which build this runtime can run, and their types. */
import { readFileSync } from "node:fs";
import { builtFile } from "../../builtFile.ts";
import { supportsRelaxedSimd } from "./relaxedSimd.ts";
import { askForWideVectors, type Tiles } from "./wideVectors.ts";

export type KernelBuild = "simd" | "relaxed";

/** A module that holds one SIMD instruction: (func (result v128) (i32x4.splat …)). */
const simdProbe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17, 11],
);

export function supportsSimd(): boolean {
  return WebAssembly.validate(simdProbe);
}

/** The faster build that this runtime supports. */
export function bestBuild(): KernelBuild {
  return supportsRelaxedSimd() ? "relaxed" : "simd";
}

/** Pointers are byte offsets into the shared memory. */
export interface Kernels {
  chunkTimesteps(): number;
  heapBase(): number;
  runShard(model: number, scratch: number, shard: number, flags: number): void;
  packWeights(
    dst: number,
    kTotal: number,
    rowOffset: number,
    kOffset: number,
    src: number,
    rows: number,
    columns: number,
  ): void;
  packTransposed(
    dst: number,
    kTotal: number,
    kOffset: number,
    src: number,
    rows: number,
    columns: number,
  ): void;
  unpackGradient(
    dst: number,
    src: number,
    quads: number,
    rowOffset: number,
    columnOffset: number,
    rows: number,
    columns: number,
  ): void;
  reducePartials(dst: number, src: number, strideFloats: number, count: number, shards: number): void;
  sumOfSquares(src: number, count: number): number;
  /** Whether products use tiles of up to twelve rows: the faster where vectors are joined (wideVectors.ts). */
  useWideTiles(on: number): void;
  /** Runs the bare micro-kernel; returns the floating-point operations done. */
  microKernelPeak(repeats: number, scratch: number): number;
  microKernelPeakScratch(): number;
  /** The updates return Σ(change²). */
  adam(
    value: number,
    gradient: number,
    m: number,
    v: number,
    count: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    correction1: number,
    correction2: number,
    scale: number,
    decay: number,
  ): number;
  rmsprop(
    value: number,
    gradient: number,
    v: number,
    count: number,
    learningRate: number,
    rho: number,
    epsilon: number,
    scale: number,
    decay: number,
  ): number;
  sgd(
    value: number,
    gradient: number,
    m: number,
    count: number,
    learningRate: number,
    momentum: number,
    scale: number,
    decay: number,
  ): number;
  spectralFactorBytes(rows: number, columns: number, m1: number, m2: number): number;
  spectralScratch(rows: number, columns: number, m1: number, m2: number): number;
  spectralSlices(): number;
  /** The four rounds of src/kernels/assembly/spectral.ts. */
  spectralPrepare(records: number, scratch: number, piece: number): void;
  spectralRight(records: number, scratch: number, piece: number): void;
  spectralLeft(records: number, scratch: number, piece: number): void;
  spectralPull(records: number, scratch: number, piece: number): void;
  lowRankWorkspace(n: number, m1: number, m2: number): number;
  lowRankMaterialize(
    n: number,
    m1: number,
    m2: number,
    u: number,
    v: number,
    sigma: number,
    P: number,
    Qt: number,
    workspace: number,
  ): void;
  lowRankPullback(
    n: number,
    m1: number,
    m2: number,
    u: number,
    v: number,
    sigma: number,
    P: number,
    Qt: number,
    dP: number,
    dQt: number,
    diagonal: number,
    dU: number,
    dV: number,
    dSigma: number,
    workspace: number,
  ): void;
}

export function compileKernels(build: KernelBuild): WebAssembly.Module {
  if (!supportsSimd())
    throw new Error("this JavaScript runtime has no WebAssembly SIMD, which the fused engine needs");
  askForWideVectors();
  return new WebAssembly.Module(readFileSync(builtFile(`kernels-${build}.wasm`)));
}

export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  tiles: Tiles = "narrow",
): Kernels {
  const imports = {
    env: {
      memory,
      abort: () => {
        throw new Error("a kernel stopped on a failed check");
      },
    },
  };
  const kernels = new WebAssembly.Instance(module, imports).exports as unknown as Kernels;
  kernels.useWideTiles(tiles === "wide" ? 1 : 0);
  return kernels;
}
