import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import { Bench, builds, compile, relativeError } from "./compile.ts";

type Numbers = number[];
interface Exports {
  adam(...values: Numbers): number;
  rmsprop(...values: Numbers): number;
  sgd(...values: Numbers): number;
  sumOfSquares(ptr: number, count: number): number;
  reducePartials(dst: number, src: number, stride: number, count: number, shards: number): void;
}

/** The rule of one optimizer in double precision: the direction for gradient g at step t, from its moments. */
interface Rule {
  readonly name: "adam" | "rmsprop" | "sgd";
  /** Number of moment arrays. */
  readonly moments: number;
  readonly scalars: (t: number) => number[];
  readonly direction: (g: number, moment: number[], t: number) => number;
}

const [beta1, beta2, rho, momentum, epsilon] = [0.9, 0.999, 0.99, 0.85, 1e-8];

const rules: Rule[] = [
  {
    name: "adam",
    moments: 2,
    scalars: (t) => [beta1, beta2, epsilon, 1 - beta1 ** t, 1 - beta2 ** t],
    direction: (g, moment, t) => {
      moment[0] = beta1 * moment[0]! + (1 - beta1) * g;
      moment[1] = beta2 * moment[1]! + (1 - beta2) * g ** 2;
      return moment[0] / (1 - beta1 ** t) / (Math.sqrt(moment[1] / (1 - beta2 ** t)) + epsilon);
    },
  },
  {
    name: "rmsprop",
    moments: 1,
    scalars: () => [rho, epsilon],
    direction: (g, moment) => {
      moment[0] = rho * moment[0]! + (1 - rho) * g ** 2;
      return g / (Math.sqrt(moment[0]) + epsilon);
    },
  },
  {
    name: "sgd",
    moments: 1,
    scalars: () => [momentum],
    direction: (g, moment) => {
      moment[0] = momentum * moment[0]! + g;
      return moment[0];
    },
  },
];

describe.each(builds)("%s build", (build) => {
  let bench: Bench<Exports>;
  beforeAll(async () => {
    bench = new Bench(await compile("optimizer.ts", build));
  });

  const normals = (random: Random, count: number) =>
    Float32Array.from({ length: count }, () => random.normal());

  describe.each(rules)("$name", ({ name, moments, scalars, direction }) => {
    it("follows the double-precision rule over ten steps, with clipping and decay, and measures its update", () => {
      const [rate, scale, decay] = [0.01, 0.4, 0.05];
      for (const count of [1, 2, 3, 4, 7, 64, 101]) {
        const random = new Random(12, name, count);
        bench.clear();
        const start = normals(random, count);
        const param = bench.place(start);
        const state = Array.from({ length: moments }, () => bench.place(new Float32Array(count)));
        const exact = Float64Array.from(start);
        const exactState = Array.from({ length: count }, () => new Array<number>(moments).fill(0));
        for (let t = 1; t <= 10; t++) {
          const gradient = normals(random, count);
          const pointers = [param, bench.place(gradient), ...state];
          const moved = bench.kernels[name](...pointers, count, rate, ...scalars(t), scale, decay);
          let expected = 0;
          for (let i = 0; i < count; i++) {
            const change = rate * (direction(gradient[i]! * scale, exactState[i]!, t) + decay * exact[i]!);
            exact[i]! -= change;
            expected += change ** 2;
          }
          expect(Math.abs(moved / expected - 1)).toBeLessThan(1e-5);
        }
        expect(relativeError(bench.read(param, count), exact)).toBeLessThan(1e-6);
        expect(bench.floats[param / 4 + count], "the float after the parameter").toBeNaN();
        for (const [k, address] of state.entries())
          expect(
            relativeError(
              bench.read(address, count),
              exactState.map((moment) => moment[k]!),
            ),
          ).toBeLessThan(1e-5);
      }
    });

    it("gives the same bits when threads split the parameter at multiples of four", () => {
      const count = 103;
      const random = new Random(13, name);
      const arrays = Array.from({ length: 2 + moments }, () => normals(random, count).map(Math.abs));
      const update = (parts: [number, number][]) => {
        bench.clear();
        const addresses = arrays.map((values) => bench.place(values));
        for (const [from, to] of parts)
          bench.kernels[name](
            ...addresses.map((address) => address + 4 * from),
            ...[to - from, 0.01, ...scalars(3), 1, 0],
          );
        return addresses.map((address) => bench.read(address, count));
      };
      const whole = update([[0, count]]);
      expect(whole[0]).not.toEqual(arrays[0]);
      expect(
        update([
          [60, count],
          [0, 32],
          [32, 60],
        ]),
      ).toEqual(whole);
    });
  });

  it("sums squares in double precision for every length", () => {
    for (const count of [0, 1, 2, 3, 4, 5, 1001]) {
      bench.clear();
      const values = normals(new Random(14, count), count);
      const expected = values.reduce((sum, value) => sum + value ** 2, 0);
      const found = bench.kernels.sumOfSquares(bench.place(values, 4), count);
      expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-13 * expected);
    }
    bench.clear();
    expect(bench.kernels.sumOfSquares(bench.place([1e30, 1e30]), 2)).toBeGreaterThan(1e60);
    expect(bench.kernels.sumOfSquares(bench.place([1, Number.NaN]), 2)).toBeNaN();
  });

  it("adds shards one after the other in single precision", () => {
    const [count, stride, shards] = [11, 16, 5];
    const random = new Random(15);
    bench.clear();
    const partials = normals(random, stride * shards);
    const [src, dst] = [bench.place(partials), bench.allocate(count)];
    bench.kernels.reducePartials(dst, src, stride, count, shards);
    const expected = Array.from({ length: count }, (_, i) => {
      let sum = partials[i]!;
      for (let s = 1; s < shards; s++) sum = Math.fround(sum + partials[s * stride + i]!);
      return sum;
    });
    expect([...bench.read(dst, count)]).toEqual(expected);
    expect(bench.floats[dst / 4 + count]).toBeNaN();
    bench.kernels.reducePartials(src, src, stride, count, shards);
    expect([...bench.read(src, count)], "in place").toEqual(expected);
  });
});
