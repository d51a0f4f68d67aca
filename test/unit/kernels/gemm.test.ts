import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../../src/random.ts";
import { Bench, builds, compile } from "./compile.ts";

interface Exports {
  gemm(
    transA: number,
    transB: number,
    M: number,
    N: number,
    K: number,
    alpha: number,
    A: number,
    lda: number,
    B: number,
    ldb: number,
    beta: number,
    C: number,
    ldc: number,
    workspace: number,
  ): void;
  gemmWorkspace(M: number, N: number, K: number): number;
  microKernelPeak(repeats: number, scratch: number): number;
  microKernelPeakScratch(): number;
  useWideTiles(on: number): void;
}

interface Case {
  transA: number;
  transB: number;
  M: number;
  N: number;
  K: number;
  alpha: number;
  beta: number;
  /** Floats between rows beyond the row's own. */
  gap: number;
  /** Bytes by which the arrays miss a multiple of 16. */
  offset: number;
}

const values = (random: Random, count: number) =>
  Float32Array.from({ length: count }, () => random.uniform() * 2 - 1);

function* cases(random: Random): Generator<Case> {
  const sizes: [number, number, number][] = [
    [1, 1, 1],
    [4, 8, 4],
    [5, 9, 3],
    [3, 7, 300],
    [129, 17, 257],
    [133, 1029, 5],
    [64, 64, 64],
    [2, 3, 0],
  ];
  for (let i = 0; i < 60; i++) sizes.push([1 + random.below(40), 1 + random.below(40), 1 + random.below(40)]);
  for (const [i, [M, N, K]] of sizes.entries())
    for (const transA of [0, 1])
      for (const transB of [0, 1])
        yield {
          ...{ transA, transB, M, N, K },
          alpha: i % 2 ? 1 : -0.75,
          beta: [0, 1, 0.5][i % 3]!,
          gap: i % 4,
          offset: 4 * (i % 3),
        };
}

describe.each(
  builds.flatMap((build) => [
    { build, rows: 4 },
    { build, rows: 12 },
  ]),
)("$build build, tiles of up to $rows rows", ({ build, rows }) => {
  let bench: Bench<Exports>;
  beforeAll(async () => {
    bench = new Bench(await compile("index.ts", build));
    bench.kernels.useWideTiles(rows === 12 ? 1 : 0);
  });

  /** Runs one product on fresh arrays; C has `gap` floats after each row, which must stay NaN. */
  function run(
    test: Case,
    seed: number,
  ): { found: Float32Array; A: Float32Array; B: Float32Array; C: Float32Array } {
    const { transA, transB, M, N, K, alpha, beta, gap, offset } = test;
    const random = new Random(seed);
    const [rowsA, columnsA] = transA ? [K, M] : [M, K];
    const [rowsB, columnsB] = transB ? [N, K] : [K, N];
    const [lda, ldb, ldc] = [columnsA + gap, columnsB + gap, N + gap];
    const A = values(random, rowsA * lda);
    const B = values(random, rowsB * ldb);
    const C = new Float32Array(M * ldc).fill(Number.NaN);
    for (let i = 0; i < M; i++)
      for (let j = 0; j < N; j++) if (beta !== 0) C[i * ldc + j] = random.uniform() * 2 - 1;
    bench.clear();
    const [a, b, c] = [bench.place(A, offset), bench.place(B, offset), bench.place(C, offset)];
    const bytes = bench.kernels.gemmWorkspace(M, N, K);
    const workspace = bench.allocate(bytes / 4);
    bench.kernels.gemm(transA, transB, M, N, K, alpha, a, lda, b, ldb, beta, c, ldc, workspace);
    expect(bench.floats[(workspace + bytes) / 4], "the float after the workspace").toBeNaN();
    return { found: bench.read(c, M * ldc), A, B, C };
  }

  it("equals the sum over k in double precision for any size, transposition, stride and alignment", () => {
    for (const test of cases(new Random(5))) {
      const { transA, transB, M, N, K, alpha, beta, gap } = test;
      const { found, A, B, C } = run(test, 6);
      const [lda, ldb, ldc] = [(transA ? M : K) + gap, (transB ? K : N) + gap, N + gap];
      let worst = 0;
      for (let i = 0; i < M; i++) {
        for (let j = 0; j < N; j++) {
          let sum = 0;
          for (let k = 0; k < K; k++)
            sum += A[transA ? k * lda + i : i * lda + k]! * B[transB ? j * ldb + k : k * ldb + j]!;
          const expected = alpha * sum + (beta === 0 ? 0 : beta * C[i * ldc + j]!);
          const error = Math.abs(found[i * ldc + j]! - expected);
          worst = Math.max(worst, error);
        }
        for (let j = N; j < ldc; j++) expect(found[i * ldc + j]).toBeNaN();
      }
      expect(worst, JSON.stringify(test)).toBeLessThan(2e-6 * Math.sqrt(K + 1));
    }
  });

  it("gives the same bits whatever the alignment and the stride", () => {
    const test = { transA: 0, transB: 0, M: 37, N: 45, K: 301, alpha: 1.5, beta: 0, gap: 0, offset: 0 };
    const product = (gap: number, offset: number) => {
      const random = new Random(7);
      const { M, N, K } = test;
      const pad = (rows: number, columns: number) => {
        const dense = values(random, rows * columns);
        const padded = new Float32Array(rows * (columns + gap));
        for (let i = 0; i < rows; i++)
          padded.set(dense.subarray(i * columns, (i + 1) * columns), i * (columns + gap));
        return padded;
      };
      bench.clear();
      const a = bench.place(pad(M, K), offset);
      const b = bench.place(pad(K, N), offset);
      const c = bench.allocate(M * N, offset);
      const workspace = bench.allocate(bench.kernels.gemmWorkspace(M, N, K) / 4);
      bench.kernels.gemm(0, 0, M, N, K, 1.5, a, K + gap, b, N + gap, 0, c, N, workspace);
      return bench.read(c, M * N);
    };
    const first = product(0, 0);
    expect(product(3, 4)).toEqual(first);
    expect(product(1, 12)).toEqual(first);
    expect(first.some((value) => value !== 0)).toBe(true);
  });

  it("counts the operations of its micro-kernel alone", () => {
    bench.clear();
    const scratch = bench.allocate(bench.kernels.microKernelPeakScratch() / 4);
    expect(bench.kernels.microKernelPeak(3, scratch)).toBe(3 * 2 * 12 * 8 * 256);
  });
});
