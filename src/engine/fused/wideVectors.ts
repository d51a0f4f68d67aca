/**
 * Vectors of eight floats where the runtime can be had to use them.
 *
 * WebAssembly has vectors of four. V8 13 and 14 can join operations on two neighbouring ones into one of AVX2, behind
 * a flag, on x86-64. The kernels' wide tiles (src/kernels/assembly/tiles.ts) are made for that, and slower without it; so
 * both are timed, once for a process. They give the same numbers bit for bit: the choice is one of speed alone.
 */
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { wideVectorsVariable } from "../../wideVectorsVariable.ts";
import type { KernelBuild, Kernels } from "./kernels.ts";

export type Tiles = "narrow" | "wide";

/**
 * Majors of V8 that are asked. Older ones lack the flag or join nothing in these kernels; of newer ones nobody knows yet:
 * one is added here when the tests have passed on it (they have on 13.6, 14.1 and 14.6, of Node 24 to 26).
 */
const majors = [13, 14];

function mayJoin(): boolean {
  const major = Number.parseInt(process.versions.v8, 10);
  return process.arch === "x64" && majors.includes(major) && process.env[wideVectorsVariable] !== "0";
}

const flag = "experimental-wasm-revectorize";
let asked = false;

/** Asks V8 to join vectors in what it compiles from now on in this process. */
export function askForWideVectors(): void {
  if (asked || !mayJoin()) return;
  asked = true;
  setFlagsFromString(`--${flag}`);
}

/** How much faster the wide tile has to be, an operation, before it is taken: twice or half is what is seen. */
const margin = 1.15;

const faster = new Map<KernelBuild, Tiles>();

/**
 * The faster tiles of this runtime for a build. Takes some milliseconds, once for each build.
 *
 * Wide ones are taken only if they give what narrow ones do; if they are not taken, V8 is asked to join no more.
 * @param kernels freshly instantiated, from a module compiled after `askForWideVectors`.
 * @param memory theirs, with nothing in it yet; it is left zero.
 */
export function fasterTiles(build: KernelBuild, kernels: Kernels, memory: WebAssembly.Memory): Tiles {
  if (!mayJoin()) return "narrow";
  let tiles = faster.get(build);
  if (!tiles) {
    const scratch = Math.ceil(kernels.heapBase() / 64) * 64;
    const operands = new Float32Array(memory.buffer, scratch, kernels.microKernelPeakScratch() / 4);
    // Timed as they are in the end, without waiting for V8 to find out that they matter.
    setFlagsFromString("--no-liftoff");
    try {
      const [narrow, wide] = [0, 1].map((on) => {
        kernels.useWideTiles(on);
        for (let i = 0; i < operands.length; i++) operands[i] = Math.sin(i);
        return {
          rate: Math.max(...Array.from({ length: 6 }, () => rate(kernels, scratch))),
          sums: operands.slice(0, 32),
        };
      });
      const agree = narrow!.sums.every((sum, i) => sum === wide!.sums[i]);
      tiles = agree && wide!.rate > margin * narrow!.rate ? "wide" : "narrow";
    } finally {
      setFlagsFromString("--liftoff");
      operands.fill(0);
    }
    faster.set(build, tiles);
    if (!hasWideVectors()) setFlagsFromString(`--no-${flag}`);
  }
  return tiles;
}

/** Whether an engine of this process has found vectors of eight to be the faster. */
export function hasWideVectors(): boolean {
  return [...faster.values()].includes("wide");
}

/** Operations a millisecond. */
function rate(kernels: Kernels, scratch: number): number {
  const start = performance.now();
  const operations = kernels.microKernelPeak(60, scratch);
  return operations / (performance.now() - start);
}
