/** Compiles kernel files in memory, so that these tests need no dist/, and lays out shared memory for them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { main } from "assemblyscript/asc";
import type { KernelBuild } from "../../../src/engine/fused/kernels.ts";
import { supportsRelaxedSimd } from "../../../src/engine/fused/relaxedSimd.ts";
import { askForWideVectors } from "../../../src/engine/fused/wideVectors.ts";

// As the engine does. And compiled for good at once, so that where V8 joins vectors these tests see what comes of it.
askForWideVectors();
setFlagsFromString("--no-liftoff");

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The builds to test: both where the runtime has relaxed SIMD (Node 20, 22 and newer), else only the plain one, which it runs. */
export const builds: readonly KernelBuild[] = supportsRelaxedSimd() ? ["simd", "relaxed"] : ["simd"];

const flags: Record<KernelBuild, readonly string[]> = {
  simd: ["--use", "RELAXED=0"],
  relaxed: ["--enable", "relaxed-simd", "--use", "RELAXED=1"],
};

/**
 * Compiles one file of src/kernels/assembly as the build script does.
 * @param more of the compiler's options.
 * @throws Error with the compiler's messages.
 */
export async function compile(
  file: string,
  build: KernelBuild,
  more: readonly string[] = [],
): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const messages: string[] = [];
  const { error } = await main(
    [
      ...[
        `src/kernels/assembly/${file}`,
        "--outFile",
        "kernel.wasm",
        "--config",
        "none",
        "-O3",
        "--noAssert",
      ],
      ...["--runtime", "stub", "--importMemory", "--initialMemory", "2", "--maximumMemory", "65536"],
      ...["--sharedMemory", "--memoryBase", "65536", "--enable", "simd", "--enable", "threads"],
      ...flags[build],
      ...more,
    ],
    {
      readFile: (name) => readFile(join(root, name), "utf8").catch(() => null),
      writeFile: (_name, contents) => {
        if (typeof contents !== "string") binary = contents;
      },
      listFiles: () => null,
      stderr: { write: (text: string | Uint8Array) => void messages.push(String(text)) },
    },
  );
  if (error || !binary) throw new Error(`${file} does not compile: ${error?.message}\n${messages.join("")}`);
  return binary;
}

/** An instance of a compiled file with memory of its own. Pointers are byte offsets. */
export class Bench<Exports> {
  readonly kernels: Exports;
  readonly floats: Float32Array;
  readonly words: Uint32Array;
  #next = 1 << 20;

  constructor(binary: Uint8Array, pages = 512) {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    this.kernels = instance.exports as Exports;
    this.floats = new Float32Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
  }

  /** Address of `count` floats at a multiple of 16, `offset` bytes more; NaN until written, and between two arrays. */
  allocate(count: number, offset = 0): number {
    const start = this.#next + offset;
    this.#next = Math.ceil((start + count * 4 + 64) / 16) * 16;
    this.floats.fill(Number.NaN, start / 4, this.#next / 4);
    return start;
  }

  /** A copy of `values` in memory. */
  place(values: ArrayLike<number>, offset = 0): number {
    const start = this.allocate(values.length, offset);
    this.floats.set(values, start / 4);
    return start;
  }

  read(start: number, count: number): Float32Array {
    return this.floats.slice(start / 4, start / 4 + count);
  }

  /** Forgets all arrays. */
  clear(): void {
    this.#next = 1 << 20;
  }
}

/** ‖found − expected‖ / ‖expected‖ in the Frobenius norm; NaN if anything is not finite. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference += (found[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference) / (norm === 0 ? 1 : Math.sqrt(norm));
}
