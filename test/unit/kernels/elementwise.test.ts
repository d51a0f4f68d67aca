import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import { Bench, builds, compile } from "./compile.ts";

type ArrayFunction = (src: number, dst: number, count: number) => void;
interface Exports {
  tanhArray: ArrayFunction;
  sigmoidArray: ArrayFunction;
  expArray: ArrayFunction;
}

const smallestNormal = 2 ** -126;
const largest = (2 - 2 ** -23) * 2 ** 127;
const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** The spacing of single-precision numbers just below |y|, at least that of the smallest normal number. */
function ulp(y: number): number {
  float[0] = Math.max(Math.abs(y), smallestNormal);
  const exponent = (word[0]! >>> 23) - 127;
  return 2 ** ((float[0] === 2 ** exponent ? exponent - 1 : exponent) - 23);
}

/** 1,499 numbers in every binary interval of either sign, with random low bits, and the neighbourhoods of their ends. */
function grid(random: Random): Float32Array {
  const values: number[] = [];
  for (let exponent = 0; exponent < 255; exponent++)
    for (let i = 0; i < 1499; i++) {
      const mantissa =
        i < 8 ? i : i < 16 ? 0x7fffff - (i - 8) : Math.floor((i * 0x800000) / 1499) ^ random.below(4096);
      for (const sign of [0, 0x80000000]) {
        word[0] = (sign | (exponent << 23) | mantissa) >>> 0;
        values.push(float[0]!);
      }
    }
  return Float32Array.from(values);
}

/** Numbers where the functions are neither constant nor linear. */
function middle(random: Random): Float32Array {
  return Float32Array.from({ length: 200_000 }, (_, i) =>
    i % 2 ? 20 * (random.uniform() - 0.5) : 4 * (random.uniform() - 0.5),
  );
}

const functions = [
  { name: "tanhArray", exact: Math.tanh, bound: 3 },
  { name: "sigmoidArray", exact: (x: number) => 1 / (1 + Math.exp(-x)), bound: 2.5 },
  { name: "expArray", exact: Math.exp, bound: 1.5 },
] as const;

describe.each(builds)("%s build", (build) => {
  let bench: Bench<Exports>;
  beforeAll(async () => {
    bench = new Bench(await compile("arrays.ts", build));
  });

  function evaluate(name: keyof Exports, inputs: ArrayLike<number>): Float32Array {
    bench.clear();
    const src = bench.place(inputs);
    const dst = bench.allocate(inputs.length);
    bench.kernels[name](src, dst, inputs.length);
    return bench.read(dst, inputs.length);
  }

  describe.each(functions)("$name", ({ name, exact, bound }) => {
    it(`is within ${bound} units in the last place of the double-precision function`, () => {
      for (const inputs of [grid(new Random(1)), middle(new Random(2))]) {
        const found = evaluate(name, inputs);
        let [worst, at] = [0, 0];
        for (const [i, x] of inputs.entries()) {
          const y = exact(x);
          // Only sigmoid may round results below the normal range to zero.
          const slack = name === "sigmoidArray" && y < smallestNormal ? smallestNormal : 0;
          const overflowed = Math.abs(y) > largest && found[i] === Number.POSITIVE_INFINITY;
          const error = overflowed ? 0 : (Math.abs(found[i]! - y) - slack) / ulp(y);
          if (error > worst || Number.isNaN(error)) [worst, at] = [Number.isNaN(error) ? Infinity : error, x];
        }
        expect(worst, `at x = ${at}`).toBeLessThanOrEqual(bound);
      }
    });

    it("lets NaN through and saturates at infinity", () => {
      const limits = { tanhArray: [-1, 1], sigmoidArray: [0, 1], expArray: [0, Number.POSITIVE_INFINITY] };
      const found = evaluate(name, [
        Number.NEGATIVE_INFINITY,
        Number.POSITIVE_INFINITY,
        Number.NaN,
        -Number.NaN,
      ]);
      expect([...found]).toEqual([...limits[name], Number.NaN, Number.NaN]);
    });

    it("treats every length alike and writes nothing beyond it", () => {
      const inputs = Float32Array.from({ length: 21 }, (_, i) => (i - 10) / 3);
      const whole = evaluate(name, inputs);
      for (let count = 0; count <= inputs.length; count++) {
        bench.clear();
        const src = bench.place(inputs, 4);
        const dst = bench.allocate(24, 8);
        bench.kernels[name](src, dst, count);
        expect([...bench.read(dst, count)]).toEqual([...whole.subarray(0, count)]);
        expect([...bench.read(dst + 4 * count, 3)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      }
    });
  });

  it("tanh is odd, bounded by 1, and keeps the sign of zero", () => {
    const inputs = grid(new Random(3));
    const positive = evaluate("tanhArray", inputs);
    const negative = evaluate(
      "tanhArray",
      inputs.map((x) => -x),
    );
    expect(positive.every((y, i) => Object.is(-y, negative[i]))).toBe(true);
    expect(positive.every((y) => Math.abs(y) <= 1)).toBe(true);
    expect([...evaluate("tanhArray", [0, -0])]).toEqual([0, -0]);
  });

  it("sigmoid stays within [0, 1] and exp is never negative", () => {
    const inputs = grid(new Random(4));
    expect(evaluate("sigmoidArray", inputs).every((y) => y >= 0 && y <= 1)).toBe(true);
    expect(evaluate("expArray", inputs).every((y) => y >= 0)).toBe(true);
  });
});
