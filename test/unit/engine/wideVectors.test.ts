/** A runtime whose joined vectors give other sums: made up here, since none is known. */
import { expect, it } from "vitest";
import type { Kernels } from "../../../src/engine/fused/kernels.ts";
import { fasterTiles, wideVectors } from "../../../src/engine/fused/wideVectors.ts";

it("is refused, with the way out; and one that is not asked takes narrow tiles unseen", () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  let [wide, runs] = [0, 0];
  const kernels = {
    heapBase: () => 100,
    microKernelPeakScratch: () => 4096,
    useWideTiles: (on: number) => {
      wide = on;
    },
    microKernelPeak: (repeats: number, scratch: number) => {
      runs++;
      // The last of the sums alone.
      new Float32Array(memory.buffer, scratch)[12 * 8 - 1] = wide;
      return repeats;
    },
  } as unknown as Kernels;
  const choose = () => fasterTiles("relaxed", kernels, memory);
  if (wideVectors() === "runtime") {
    expect(choose()).toBe("narrow");
    expect(runs).toBe(0);
  } else {
    expect(choose).toThrow(/joins vectors wrongly.*sigmascope\.wideVectors.*SIGMASCOPE_WIDE_VECTORS/);
    expect(new Float32Array(memory.buffer).every((value) => value === 0)).toBe(true);
  }
});
