/**
 * TensorFlow.js seeds an initializer that was given no seed from `Math.random`. A test of weights drawn anew each time
 * can fail once in a few hundred runs, so a test file that builds models calls this: each test draws the same ones.
 */
import { afterEach, beforeEach, vi } from "vitest";
import { Random } from "../../../src/random.ts";

/** Before each test of the calling file, starts `Math.random` anew from `seed`; puts the real one back afterwards. */
export function seedWeights(seed = 1): void {
  beforeEach(() => {
    const random = new Random(seed, "weights");
    vi.spyOn(Math, "random").mockImplementation(() => random.uniform());
  });
  afterEach(() => {
    vi.mocked(Math.random).mockRestore();
  });
}
