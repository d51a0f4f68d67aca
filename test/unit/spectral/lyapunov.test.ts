import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import { lyapunovExponents, orthonormalize } from "../../../src/spectral/lyapunov.ts";
import {
  distance,
  gaussian,
  jacobiSingularValues,
  multiply,
  orthogonal,
  orthogonalityError,
  transposed,
} from "./matrices.ts";

/** Multiplies the vectors of a frame by a matrix [n, n]. */
function times(matrix: Float64Array, n: number) {
  return (frame: Float64Array) =>
    frame.set(multiply(frame, transposed(matrix, n, n), frame.length / n, n, n));
}

function constant(
  matrix: readonly number[] | Float64Array,
  options: { steps: number; count?: number; transient?: number; seed?: number },
) {
  const n = Math.sqrt(matrix.length);
  const apply = times(Float64Array.from(matrix), n);
  return lyapunovExponents({ size: n, count: n, ...options, apply: (_, frame) => apply(frame) });
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

describe("lyapunovExponents of a constant map", () => {
  it("are the logarithms of the moduli of the eigenvalues: a triangle", () => {
    // Far from normal: its singular values say otherwise.
    const found = constant([0.5, 7, -3, 0, 2, 11, 0, 0, -1], { steps: 400, transient: 200 });
    expect(distance(found, [Math.log(2), 0, Math.log(0.5)])).toBeLessThan(1e-12);
  });

  it("are the logarithms of the moduli of the eigenvalues: a companion matrix", () => {
    // (x − 3)(x + 1/2)(x − 1/5)(x − 1) = x⁴ − 3.7 x³ + 1.7 x² + 1.3 x − 0.3
    const found = constant([3.7, -1.7, -1.3, 0.3, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], {
      steps: 600,
      transient: 300,
    });
    expect(distance(found, [Math.log(3), 0, Math.log(0.5), Math.log(0.2)])).toBeLessThan(1e-12);
  });

  it("are all 0 for an orthogonal map, however short", () => {
    for (const steps of [1, 2, 50]) {
      const found = constant(orthogonal(9, new Random(steps), -1), { steps });
      expect(distance(found, new Array(9).fill(0))).toBeLessThan(1e-14);
    }
  });

  it("gives −Infinity, and no NaN, for what dies: singular, nilpotent and zero maps", () => {
    const none = Number.NEGATIVE_INFINITY;
    // Of rank 1 with eigenvalue 2: the second direction is lost at the first timestep.
    expect([...constant([1, 1, 1, 1], { steps: 30 })]).toEqual([expect.closeTo(Math.LN2, 12), none]);
    expect([...constant([0, 1, 0, 0, 0, 1, 0, 0, 0], { steps: 5 })]).toEqual([none, none, none]);
    expect([...constant([0, 0, 0, 0], { steps: 1 })]).toEqual([none, none]);
    // Dead units that change with time leave a rank of 2 of 6, hidden by a rotation.
    const rotation = orthogonal(6, new Random(3), 1);
    const apply = times(rotation, 6);
    const found = lyapunovExponents({
      size: 6,
      count: 6,
      steps: 40,
      apply: (t, frame) => {
        apply(frame);
        for (let j = 0; j < 6; j++) for (let i = 0; i < 4; i++) frame[j * 6 + ((i + t) % 6)] = 0;
      },
    });
    expect([...found.subarray(2)]).toEqual([none, none, none, none]);
    expect(found[1]).toBeGreaterThan(-5);
  });

  it("knows no bounds on the way: growth by 1e200 and decay by 1e-200 a timestep", () => {
    const [growth] = constant([1e200], { steps: 100 });
    expect(growth).toBeCloseTo(200 * Math.LN10, 9);
    const [decay] = constant([1e-200], { steps: 100 });
    expect(decay).toBeCloseTo(-200 * Math.LN10, 9);
  });
});

describe("lyapunovExponents of a nonlinear map", () => {
  /** x ← 1 − a x² + y, y ← b x (Hénon 1976) at a = 1.4, b = 0.3, from its attractor. */
  function henon(steps: number) {
    let x = 0.1;
    let y = 0.1;
    return lyapunovExponents({
      size: 2,
      count: 2,
      steps,
      transient: 1000,
      apply: (_, frame) => {
        for (let j = 0; j < 2; j++) {
          const [dx, dy] = [frame[2 * j]!, frame[2 * j + 1]!];
          frame[2 * j] = -2.8 * x * dx + dy;
          frame[2 * j + 1] = 0.3 * dx;
        }
        [x, y] = [1 - 1.4 * x * x + y, 0.3 * x];
      },
    });
  }

  it("agrees with the known exponents of the Hénon map: 0.41922 and −1.62319 (Sprott 2003), whose sum is ln 0.3", () => {
    const [first, second] = henon(200_000) as unknown as [number, number];
    expect(Math.abs(first - 0.41922)).toBeLessThan(2e-3);
    expect(Math.abs(second + 1.62319)).toBeLessThan(2e-3);
    expect(first + second).toBeCloseTo(Math.log(0.3), 10);
  });
});

describe("lyapunovExponents of any maps", () => {
  const anyProduct = fc.record({
    n: fc.integer({ min: 1, max: 8 }),
    steps: fc.integer({ min: 1, max: 12 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
  });
  const product = (n: number, steps: number, seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: steps }, () => gaussian(n * n, random));
  };
  const run = (matrices: Float64Array[], n: number, count: number, transient: number, seed = 0) =>
    lyapunovExponents({
      size: n,
      count,
      steps: matrices.length,
      transient,
      seed,
      apply: (t, frame) => times(matrices[t]!, n)(frame),
    });

  it("sum up to the mean of ln |det J|, in descending order, whatever the transient", () => {
    fc.assert(
      fc.property(anyProduct, fc.nat(), ({ n, steps, seed }, some) => {
        const matrices = product(n, steps, seed);
        const transient = some % steps;
        const found = run(matrices, n, n, transient);
        const logs = matrices
          .slice(transient)
          .map((matrix) => sum(Array.from(jacobiSingularValues(matrix, n, n), Math.log)));
        expect(sum(found)).toBeCloseTo(sum(logs) / logs.length, 8);
        for (let i = 1; i < n; i++) expect(found[i]).toBeLessThanOrEqual(found[i - 1]!);
      }),
      { numRuns: 100 },
    );
  });

  it("are the same to the bit for the same seed, and the leading ones do not depend on how many are asked for", () => {
    fc.assert(
      fc.property(anyProduct, ({ n, steps, seed }) => {
        const matrices = product(n, steps, seed);
        expect(run(matrices, n, n, 0, seed)).toEqual(run(matrices, n, n, 0, seed));
      }),
      { numRuns: 20 },
    );
    const matrices = product(8, 3000, 5);
    const all = run(matrices, 8, 8, 500);
    expect(distance(run(matrices, 8, 3, 500), all.subarray(0, 3))).toBeLessThan(1e-12);
    // The start hardly matters over so long a time.
    expect(distance(run(matrices, 8, 8, 500, 77), all)).toBeLessThan(1e-3);
  });
});

describe("lyapunovExponents of what is no problem", () => {
  const apply = () => {};
  it("names what is out of range", () => {
    const good = { size: 3, count: 2, steps: 10, apply };
    expect(() => lyapunovExponents({ ...good, count: 4 })).toThrow(
      "count must be a whole number from 1 to 3, not 4",
    );
    expect(() => lyapunovExponents({ ...good, steps: 0 })).toThrow("steps must be");
    expect(() => lyapunovExponents({ ...good, transient: 10 })).toThrow(
      "transient must be a whole number from 0 to 9",
    );
  });

  it("names the timestep whose Jacobian is not finite", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() =>
        lyapunovExponents({
          size: 2,
          count: 2,
          steps: 5,
          apply: (t, frame) => {
            if (t === 3) frame[1] = bad;
          },
        }),
      ).toThrow("the Jacobian of timestep 4 is not finite");
  });
});

describe("orthonormalize", () => {
  it("gives A = Q R with an orthonormal Q, for columns that nearly depend on each other too", () => {
    const n = 12;
    for (const spread of [1, 1e-6, 1e-11]) {
      const random = new Random(4);
      const common = gaussian(n, random);
      const a = Float64Array.from({ length: n * n }, (_, i) => common[i % n]! + spread * random.normal());
      const q = a.slice();
      const diagonal = new Float64Array(n);
      orthonormalize(q, n, n, diagonal);
      expect(orthogonalityError(q, n)).toBeLessThan(1e-14);
      // Rows here are columns there: R = Qᵀ A.
      const r = multiply(q, transposed(a, n, n), n, n, n);
      for (let i = 0; i < n; i++) {
        expect(diagonal[i]! / r[i * n + i]!).toBeCloseTo(1, spread < 1e-10 ? 3 : 8);
        for (let j = 0; j < i; j++) expect(Math.abs(r[i * n + j]!)).toBeLessThan(1e-13);
      }
    }
  });
});
