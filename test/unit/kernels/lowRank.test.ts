import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import { materializeOrthogonal, pullbackOrthogonal } from "../../../src/spectral/orthogonal.ts";
import { sigmaDerivative, sigmaOf } from "../../../src/spectral/sigma.ts";
import { materialize, pullback } from "../../../src/spectral/spectral.ts";
import { Bench, builds, compile, relativeError } from "./compile.ts";

interface Exports {
  lowRankWorkspace(n: number, m1: number, m2: number): number;
  lowRankMaterialize(...addresses: number[]): void;
  lowRankPullback(...addresses: number[]): void;
}

const tolerance = 1e-5;
const band = { radius: 0.3, center: 0.9 };

/** [n, m1, m2]: m2 = 0 is the orthogonal cell. */
const shapes: [number, number, number][] = [
  [1, 1, 1],
  [2, 1, 2],
  [5, 5, 4],
  [16, 16, 16],
  [33, 7, 1],
  [40, 32, 32],
  [64, 16, 16],
  [130, 1, 32],
  [133, 33, 20],
  [6, 6, 0],
  [1, 1, 0],
  [70, 16, 0],
  [130, 32, 0],
];

/** Σ_k a[k, i] b[k, j] of a [depth, rows] and b [depth, columns]. */
function product(a: (k: number, i: number) => number, b: (k: number, j: number) => number) {
  return (depth: number, rows: number, columns: number) =>
    Float64Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a(k, i) * b(k, j);
      return sum;
    });
}

describe.each(builds)("%s build", (build) => {
  let bench: Bench<Exports>;
  beforeAll(async () => {
    bench = new Bench(await compile("lowRank.ts", build));
  });

  it.each(shapes)("n = %i, m = [%i, %i] agrees with double precision", (n, m1, m2) => {
    const random = new Random(31, n, m1, m2);
    const rank = m1 + m2;
    /** The first i entries of row i hold what must not matter. */
    const reflectors = (m: number) =>
      Float32Array.from({ length: m * n }, (_, at) => (at % n < Math.floor(at / n) ? 9 : random.normal()));
    const cleared = (u: Float32Array) =>
      Float64Array.from(u, (value, at) => (at % n < Math.floor(at / n) ? 0 : value));
    const [u, v] = [reflectors(m1), reflectors(m2)];
    if (m1 > 3) u.fill(0, 2 * n, 3 * n);
    if (m2 > 1) v.fill(0, (m2 - 2) * n, (m2 - 1) * n);
    const p = Float64Array.from({ length: n }, () => random.normal());
    const sigma = Float32Array.from(p, (value) => (m2 === 0 ? 1 : sigmaOf(value, band)));
    const G = Float64Array.from({ length: n * n }, () => random.normal());

    bench.clear();
    const { kernels } = bench;
    const [atU, atV, atSigma] = [bench.place(u), bench.place(v), bench.place(sigma)];
    const [atP, atQt] = [bench.allocate(n * rank), bench.allocate(rank * n)];
    const bytes = kernels.lowRankWorkspace(n, m1, m2);
    const workspace = bench.allocate(bytes / 4);
    kernels.lowRankMaterialize(n, m1, m2, atU, atV, atSigma, atP, atQt, workspace);
    bench.floats.fill(Number.NaN, workspace / 4, (workspace + bytes) / 4);
    const P = bench.read(atP, n * rank);
    const Qt = bench.read(atQt, rank * n);

    const low = product(
      (k, i) => P[i * rank + k]!,
      (k, j) => Qt[k * n + j]!,
    )(rank, n, n);
    const W = low.map((value, at) => value + (at % (n + 1) === 0 ? sigma[at / (n + 1)]! : 0));
    const dP = product(
      (k, i) => G[i * n + k]!,
      (k, j) => Qt[j * n + k]!,
    )(n, n, rank);
    const dQt = product(
      (k, i) => P[k * rank + i]!,
      (k, j) => G[k * n + j]!,
    )(n, rank, n);
    // diag(G) in eight parts.
    const diagonal = new Float32Array(n * 8);
    for (let i = 0; i < n; i++) {
      diagonal[i * 8 + 3] = G[i * n + i]! - 2;
      diagonal[i * 8 + 7] = 2;
    }
    const [dU, dV, dSigma] = [bench.allocate(m1 * n), bench.allocate(m2 * n), bench.allocate(n)];
    kernels.lowRankPullback(
      ...[n, m1, m2, atU, atV, atSigma, atP, atQt],
      ...[bench.place(Float32Array.from(dP)), bench.place(Float32Array.from(dQt)), bench.place(diagonal)],
      ...[dU, dV, m2 === 0 ? 0 : dSigma, workspace],
    );
    expect(bench.floats[(workspace + bytes) / 4], "the float after the workspace").toBeNaN();

    if (m2 === 0) {
      const shape = { size: n, reflectors: m1 };
      expect(relativeError(W, materializeOrthogonal(shape, cleared(u)))).toBeLessThan(tolerance);
      const expected = pullbackOrthogonal(shape, cleared(u), G);
      expect(relativeError(bench.read(dU, m1 * n), expected)).toBeLessThan(tolerance);
      expect(bench.read(dSigma, n).every(Number.isNaN), "∂L/∂σ is not written").toBe(true);
      return;
    }
    const shape = { rows: n, columns: n, reflectors: [m1, m2], ...band } as const;
    const parameters = { u: cleared(u), v: cleared(v), p };
    const expected = pullback(shape, parameters, G);
    expect(relativeError(W, materialize(shape, parameters))).toBeLessThan(tolerance);
    expect(relativeError(bench.read(dU, m1 * n), expected.u)).toBeLessThan(tolerance);
    expect(relativeError(bench.read(dV, m2 * n), expected.v)).toBeLessThan(tolerance);
    const found = bench.read(dSigma, n).map((value, i) => value * sigmaDerivative(p[i]!, band));
    expect(relativeError(found, expected.p)).toBeLessThan(tolerance);
  });
});
