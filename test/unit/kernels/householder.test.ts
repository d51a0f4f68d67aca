import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import { materializeOrthogonal, pullbackOrthogonal } from "../../../src/spectral/orthogonal.ts";
import { sigmaDerivative, sigmaOf } from "../../../src/spectral/sigma.ts";
import { materialize, pullback } from "../../../src/spectral/spectral.ts";
import { Bench, builds, compile, relativeError } from "./compile.ts";

interface Exports {
  spectralFactorBytes(rows: number, columns: number, m1: number, m2: number): number;
  spectralScratch(rows: number, columns: number, m1: number, m2: number): number;
  spectralSlices(): number;
  spectralPrepare(records: number, scratch: number, piece: number): void;
  spectralRight(records: number, scratch: number, piece: number): void;
  spectralLeft(records: number, scratch: number, piece: number): void;
  spectralPull(records: number, scratch: number, piece: number): void;
}

/** Single-precision rounding, accumulated over products of up to 130 reflectors. */
const tolerance = 1e-5;
const band = { radius: 0.3, center: 0.9 };

/** [n, m1, m2]: one block and several, even and odd, with and without a reflector of length 1. */
const shapes: [number, number, number][] = [
  ...([
    [1, 1, 1],
    [2, 1, 2],
    [2, 2, 1],
    [3, 3, 3],
    [5, 5, 4],
    [7, 1, 7],
    [16, 16, 16],
  ] as const),
  ...([
    [32, 32, 32],
    [33, 33, 33],
    [37, 35, 2],
    [64, 64, 16],
    [65, 40, 65],
    [100, 97, 33],
  ] as const),
  ...([
    [130, 32, 130],
    [130, 33, 20],
    [131, 131, 1],
  ] as const),
].map(([n, m1, m2]) => [n, m1, m2]);

/** m right-aligned reflectors of n; the entries that count as zero hold `outside`. */
function reflectors(random: Random, n: number, m: number, outside: number): Float32Array {
  return Float32Array.from({ length: m * n }, (_, index) => {
    const [row, column] = [Math.floor(index / n), index % n];
    return column < row ? outside : random.normal();
  });
}

/** What stands in the entries that count as zero must not matter; the double-precision side gets true zeros. */
function cleared(u: Float32Array, n: number): Float64Array {
  return Float64Array.from(u, (value, index) => (index % n < Math.floor(index / n) ? 0 : value));
}

describe.each(builds)("%s build", (build) => {
  let bench: Bench<Exports>;
  beforeAll(async () => {
    bench = new Bench(await compile("spectral.ts", build));
  });

  /** Runs both kernels; `sigma` undefined: σ ≡ 1. */
  function run(
    [rows, columns]: readonly [number, number],
    u: Float32Array,
    v: Float32Array,
    sigma: Float32Array | undefined,
    G: Float32Array,
  ) {
    bench.clear();
    const { kernels } = bench;
    const [m1, m2] = [u.length / rows, v.length / columns];
    const count = Math.min(rows, columns);
    const inputs = { u: bench.place(u), v: bench.place(v), sigma: sigma ? bench.place(sigma) : 0 };
    const [W, g] = [bench.allocate(rows * columns), bench.place(G)];
    const [dU, dV, dSigma] = [bench.allocate(u.length), bench.allocate(v.length), bench.allocate(count)];
    const factors = bench.allocate(kernels.spectralFactorBytes(rows, columns, m1, m2) / 4);
    const bytes = kernels.spectralScratch(rows, columns, m1, m2);
    const scratch = bench.allocate(bytes / 4);
    // The second of two records; the first is never touched.
    const records = bench.allocate(32);
    const record = [rows, columns, m1, m2, inputs.u, inputs.v, inputs.sigma, W, g, dU, dV, dSigma, factors];
    bench.words.set(record, records / 4 + 16);
    /** Every piece of the second matrix, the last first: the order is free. What scratch holds must not matter. */
    const round = (work: (records: number, scratch: number, piece: number) => void, pieces: number) => {
      for (let piece = 2 * pieces - 1; piece >= pieces; piece--) {
        bench.floats.fill(Number.NaN, scratch / 4, (scratch + bytes) / 4);
        work(records, scratch, piece);
        expect(bench.floats[(scratch + bytes) / 4], "the float after the scratch").toBeNaN();
      }
    };
    round(kernels.spectralPrepare, 1);
    round(kernels.spectralRight, kernels.spectralSlices());
    round(kernels.spectralLeft, kernels.spectralSlices());
    round(kernels.spectralPull, 3);
    return {
      W: bench.read(W, rows * columns),
      dU: bench.read(dU, u.length),
      dV: bench.read(dV, v.length),
      dSigma: bench.read(dSigma, count),
    };
  }

  it.each([
    [1, 5, 1, 1],
    [5, 1, 5, 1],
    [3, 7, 3, 3],
    [7, 3, 2, 3],
    [6, 40, 6, 40],
    [40, 6, 40, 6],
    [33, 70, 33, 33],
    [70, 33, 70, 33],
    [12, 150, 12, 12],
    [150, 35, 40, 35],
    [36, 130, 36, 130],
  ])("%i × %i, m = [%i, %i] agrees with double precision", (rows, columns, m1, m2) => {
    const random = new Random(12, rows, columns, m1, m2);
    const count = Math.min(rows, columns);
    const p = Float64Array.from({ length: count }, () => random.normal());
    const [u, v] = [reflectors(random, rows, m1, 7), reflectors(random, columns, m2, -7)];
    const G = Float32Array.from({ length: rows * columns }, () => random.normal());
    for (const values of [p, new Float64Array(count)]) {
      // p = 0 in a band around 1 is σ ≡ 1, for which there is a way without σ.
      const own = values === p ? band : { radius: 0.3, center: 1 };
      const sigma = values === p ? Float32Array.from(p, (value) => sigmaOf(value, own)) : undefined;
      const found = run([rows, columns], u, v, sigma, G);
      const shape = { rows, columns, reflectors: [m1, m2], ...own } as const;
      const parameters = { u: cleared(u, rows), v: cleared(v, columns), p: values };
      const expected = pullback(shape, parameters, Float64Array.from(G));
      expect(relativeError(found.W, materialize(shape, parameters))).toBeLessThan(tolerance);
      expect(relativeError(found.dU, expected.u)).toBeLessThan(tolerance);
      expect(relativeError(found.dV, expected.v)).toBeLessThan(tolerance);
      if (!sigma) continue;
      const dP = found.dSigma.map((value, i) => value * sigmaDerivative(p[i]!, own));
      expect(relativeError(dP, expected.p)).toBeLessThan(tolerance);
    }
  });

  function problem(random: Random, n: number, m1: number, m2: number, outside = 0) {
    const p = Float64Array.from({ length: n }, () => random.normal());
    return {
      u: reflectors(random, n, m1, outside),
      v: reflectors(random, n, m2, outside),
      p,
      sigma: Float32Array.from(p, (value) => sigmaOf(value, band)),
      G: Float32Array.from({ length: n * n }, () => random.normal()),
    };
  }

  it.each(shapes)("n = %i, m = [%i, %i] agrees with double precision", (n, m1, m2) => {
    const { u, v, p, sigma, G } = problem(new Random(8, n, m1, m2), n, m1, m2);
    if (m1 > 3) u.fill(0, 2 * n, 3 * n);
    if (m2 > 1) v.fill(0, (m2 - 2) * n, (m2 - 1) * n);
    const found = run([n, n], u, v, sigma, G);
    const shape = { rows: n, columns: n, reflectors: [m1, m2], ...band } as const;
    const parameters = { u: cleared(u, n), v: cleared(v, n), p };
    const expected = pullback(shape, parameters, Float64Array.from(G));
    expect(relativeError(found.W, materialize(shape, parameters))).toBeLessThan(tolerance);
    expect(relativeError(found.dU, expected.u)).toBeLessThan(tolerance);
    expect(relativeError(found.dV, expected.v)).toBeLessThan(tolerance);
    const dP = found.dSigma.map((value, i) => value * sigmaDerivative(p[i]!, band));
    expect(relativeError(dP, expected.p)).toBeLessThan(tolerance);
  });

  it.each([
    [1, 1],
    [6, 6],
    [33, 5],
    [70, 70],
    [130, 40],
  ])("the orthogonal cell, n = %i, m = %i, agrees with double precision", (n, m) => {
    const { u, G } = problem(new Random(9, n, m), n, m, 0);
    const found = run([n, n], u, new Float32Array(0), undefined, G);
    const shape = { size: n, reflectors: m };
    const [exact, gradient] = [cleared(u, n), Float64Array.from(G)];
    expect(relativeError(found.W, materializeOrthogonal(shape, exact))).toBeLessThan(tolerance);
    expect(relativeError(found.dU, pullbackOrthogonal(shape, exact, gradient))).toBeLessThan(tolerance);
    expect(found.dSigma.every(Number.isNaN), "∂L/∂σ is not written").toBe(true);
  });

  it("takes the first i entries of row i as zero and gives them, signs and zero reflectors no gradient", () => {
    for (const n of [9, 70]) {
      const clean = problem(new Random(10, n), n, n, n);
      const dirty = problem(new Random(10, n), n, n, n, 123);
      for (const { u } of [clean, dirty]) u.fill(0, 4 * n, 5 * n);
      const found = run([n, n], dirty.u, dirty.v, dirty.sigma, dirty.G);
      expect(found).toEqual(run([n, n], clean.u, clean.v, clean.sigma, clean.G));
      for (const gradient of [found.dU, found.dV]) {
        const mustBeZero = (value: number, index: number) => {
          const [row, column] = [Math.floor(index / n), index % n];
          return (column >= row && row < n - 1) || value === 0;
        };
        expect(gradient.every(mustBeZero)).toBe(true);
      }
      expect(found.dU.subarray(4 * n, 5 * n).every((value) => value === 0)).toBe(true);
    }
  });

  it("does not depend on the length of the reflectors, however small or large", () => {
    const n = 40;
    const { u, v, sigma, G } = problem(new Random(11), n, n, n);
    const plain = run([n, n], u, v, sigma, G);
    for (const factor of [2 ** -100, 2 ** 100]) {
      const scaled = run(
        [n, n],
        u.map((value) => value * factor),
        v,
        sigma,
        G,
      );
      expect(scaled.W).toEqual(plain.W);
      expect(scaled.dU).toEqual(plain.dU.map((value) => value / factor));
    }
  });
});
