/** The rate of the bare micro-kernel on operands in the first-level cache: what a training step is held against. */
import { performance } from "node:perf_hooks";
import { median } from "../src/diagnostics/select.ts";
import { bestBuild, compileKernels, instantiateKernels } from "../src/engine/fused/kernels.ts";
import { createSharedMemory } from "../src/engine/fused/memory.ts";
import { fasterTiles } from "../src/engine/fused/wideVectors.ts";

/** GFLOP/s on one thread, the median of several runs. */
export function microKernelPeak(): number {
  const memory = createSharedMemory();
  const build = bestBuild();
  const kernels = instantiateKernels(compileKernels(build), memory);
  kernels.useWideTiles(fasterTiles(build, kernels, memory) === "wide" ? 1 : 0);
  const scratch = Math.ceil(kernels.heapBase() / 64) * 64;
  const missing = scratch + kernels.microKernelPeakScratch() - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
  // Pages that nobody has written to are one and the same page of zeros, which a first-level cache may not hold twice.
  new Float32Array(memory.buffer, scratch, kernels.microKernelPeakScratch() / 4).fill(0.5);
  const rates: number[] = [];
  for (let run = 0; run < 12; run++) {
    const start = performance.now();
    const operations = kernels.microKernelPeak(1500, scratch);
    // The first runs compile.
    if (run >= 3) rates.push(operations / (performance.now() - start) / 1e6);
  }
  return median(rates);
}
