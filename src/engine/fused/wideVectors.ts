/**
 * Vectors of eight floats where the runtime can be had to use them.
 *
 * WebAssembly has vectors of four. V8 13 and 14 can join operations on two neighbouring ones into one of AVX2, behind
 * a flag, on x86-64. The kernels' wide tiles (src/kernels/assembly/tiles.ts) are made for that, and slower without it; so
 * both are timed, once for each build of them. They give the same numbers bit for bit: the choice is one of speed alone.
 */
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { wideVectorsVariable } from "../../wideVectorsVariable.ts";
import type { KernelBuild, Kernels } from "./kernels.ts";

export type Tiles = "narrow" | "wide";

/** Whether vectors are joined, or why not: the user's wish, a runtime that cannot, a processor on which it is no faster. */
export type WideVectors = "yes" | "switched off" | "runtime" | "processor";

/**
 * Majors of V8 that are asked. Older ones lack the flag or join nothing in these kernels; of newer ones nobody knows yet:
 * one is added here when the tests have passed on it (they have on 13.6, 14.1 and 14.6, of Node 24 to 26).
 */
const majors = [13, 14];

/** Why V8 is not to be asked. */
function obstacle(): "switched off" | "runtime" | undefined {
  if (process.env[wideVectorsVariable] === "0") return "switched off";
  const major = Number.parseInt(process.versions.v8, 10);
  const { variables } = process.config as { variables: Record<string, unknown> };
  // Node is built without it for macOS. What Electron is built with it does not say.
  const builtIn = process.versions.electron !== undefined || variables.v8_enable_wasm_simd256_revec === 1;
  const can = process.arch === "x64" && process.platform !== "darwin" && majors.includes(major) && builtIn;
  return can ? undefined : "runtime";
}

const flag = "experimental-wasm-revectorize";
let asked = false;

/** Asks V8 to join vectors in what it compiles from now on in this process. */
export function askForWideVectors(): void {
  if (asked || obstacle()) return;
  asked = true;
  setFlagsFromString(`--${flag}`);
}

/** How much faster the wide tile has to be, an operation, before it is taken: 1.7 times or half is what is seen. */
const margin = 1.15;

/** Rows of the wide tile times its eight columns. */
const tileFloats = 12 * 8;

const faster = new Map<KernelBuild, Tiles>();

/**
 * The faster tiles of this runtime for a build. Takes some milliseconds, once for each build.
 * @param kernels freshly instantiated, from a module compiled after `askForWideVectors`.
 * @param memory theirs, with nothing in it yet; it is left zero.
 * @throws Error where both give other sums. That is a check of one kernel; what V8 makes of all is for the tests.
 */
export function fasterTiles(build: KernelBuild, kernels: Kernels, memory: WebAssembly.Memory): Tiles {
  if (obstacle()) return "narrow";
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
        const rates = Array.from({ length: 6 }, () => rate(kernels, scratch));
        return { rate: Math.max(...rates), sums: operands.slice(0, tileFloats) };
      });
      if (!narrow!.sums.every((sum, i) => sum === wide!.sums[i]))
        throw new Error(
          "this runtime joins vectors wrongly: switch the setting sigmascope.wideVectors off, " +
            `or set ${wideVectorsVariable} to 0 in the environment`,
        );
      tiles = wide!.rate > margin * narrow!.rate ? "wide" : "narrow";
    } finally {
      setFlagsFromString("--liftoff");
      operands.fill(0);
    }
    faster.set(build, tiles);
    // Joining is of no use here, so let what is compiled from now on be as everywhere else.
    if (![...faster.values()].includes("wide")) setFlagsFromString(`--no-${flag}`);
  }
  return tiles;
}

/** Whether the engines of this process work with vectors of eight; to be asked after one was created. */
export function wideVectors(): WideVectors {
  return obstacle() ?? ([...faster.values()].includes("wide") ? "yes" : "processor");
}

/** Operations a millisecond. */
function rate(kernels: Kernels, scratch: number): number {
  const start = performance.now();
  const operations = kernels.microKernelPeak(20, scratch);
  return operations / (performance.now() - start);
}
