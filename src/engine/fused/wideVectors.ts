/**
 * Vectors of eight floats where the runtime can be had to use them.
 *
 * WebAssembly has vectors of four. V8 13 and newer can join operations on two neighbouring ones into one of AVX2, behind
 * a flag, on x86-64. The kernels' wide tiles (src/kernels/assembly/tiles.ts) are made for that, and slower without it; so
 * both are timed, once for a process. They give the same numbers bit for bit: the choice is one of speed alone.
 */
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import type { KernelBuild, Kernels } from "./kernels.ts";

export type Tiles = "narrow" | "wide";

/** Set to 0 where the flag is not to be set: V8 calls what it does experimental. */
const variable = "SIGMASCOPE_WIDE_VECTORS";

/** Whether V8 may have the flag. Older ones either lack it or join nothing in these kernels. */
function mayJoin(): boolean {
  const major = Number.parseInt(process.versions.v8, 10);
  return process.arch === "x64" && major >= 13 && process.env[variable] !== "0";
}

let asked = false;

/** Asks V8 to join vectors in what it compiles from now on in this process. */
export function askForWideVectors(): void {
  if (asked || !mayJoin()) return;
  asked = true;
  setFlagsFromString("--experimental-wasm-revectorize");
}

/** How much faster the wide tile has to be, an operation, before it is taken: twice or half is what is seen. */
const margin = 1.15;

const faster = new Map<KernelBuild, Tiles>();

/**
 * The faster tiles of this runtime for a build. Takes some milliseconds, once for each build.
 * @param kernels freshly instantiated, from a module compiled after `askForWideVectors`; nothing else may lie in its
 *   memory yet.
 */
export function fasterTiles(build: KernelBuild, kernels: Kernels): Tiles {
  if (!mayJoin()) return "narrow";
  let tiles = faster.get(build);
  if (!tiles) {
    // Timed as they are in the end, without waiting for V8 to find out that they matter.
    setFlagsFromString("--no-liftoff");
    try {
      const [narrow, wide] = [0, 1].map((on) => {
        kernels.useWideTiles(on);
        return Math.max(...Array.from({ length: 6 }, () => rate(kernels)));
      });
      tiles = wide! > margin * narrow! ? "wide" : "narrow";
    } finally {
      setFlagsFromString("--liftoff");
    }
    faster.set(build, tiles);
  }
  return tiles;
}

/** Operations a millisecond. */
function rate(kernels: Kernels): number {
  const scratch = Math.ceil(kernels.heapBase() / 64) * 64;
  const start = performance.now();
  const operations = kernels.microKernelPeak(60, scratch);
  return operations / (performance.now() - start);
}
