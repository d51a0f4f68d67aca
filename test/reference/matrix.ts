/** Vectors and matrices as plain arrays of double-precision numbers, with the few operations the reference needs. */

export type Vector = number[];
/** Rows of equal length: `A[i][j]`. */
export type Matrix = number[][];

export function zeroVector(size: number): Vector {
  return new Array<number>(size).fill(0);
}

export function zeroMatrix(rows: number, columns: number): Matrix {
  return Array.from({ length: rows }, () => zeroVector(columns));
}

export function identity(n: number): Matrix {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
}

export function transpose(A: Matrix): Matrix {
  return Array.from({ length: A[0]?.length ?? 0 }, (_, j) => A.map((row) => row[j]!));
}

export function dot(x: Vector, y: Vector): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

export function norm(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! ** 2;
  return Math.sqrt(sum);
}

/** A x. */
export function apply(A: Matrix, x: Vector): Vector {
  return A.map((row) => dot(row, x));
}

/** Aᵀ y. */
export function applyTransposed(A: Matrix, y: Vector): Vector {
  const x = zeroVector(A[0]?.length ?? 0);
  for (let i = 0; i < y.length; i++) for (let j = 0; j < x.length; j++) x[j]! += A[i]![j]! * y[i]!;
  return x;
}

/** A B. */
export function multiply(A: Matrix, B: Matrix): Matrix {
  return A.map((row) => applyTransposed(B, row));
}

/** The sum of vectors of one length. */
export function sum(...vectors: readonly Vector[]): Vector {
  return vectors[0]!.map((_, i) => vectors.reduce((total, vector) => total + vector[i]!, 0));
}

/** x ⊙ y. */
export function hadamard(x: Vector, y: Vector): Vector {
  return x.map((value, i) => value * y[i]!);
}

/** into ← into + x. */
export function addTo(into: Vector, x: Vector): void {
  for (let i = 0; i < into.length; i++) into[i]! += x[i]!;
}

/** G ← G + y xᵀ. */
export function addOuter(G: Matrix, y: Vector, x: Vector): void {
  for (let i = 0; i < y.length; i++) for (let j = 0; j < x.length; j++) G[i]![j]! += y[i]! * x[j]!;
}

/** Row-major values as rows. */
export function toRows(values: ArrayLike<number>, rows: number, columns: number): Matrix {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => values[i * columns + j]!),
  );
}

/** Rows as row-major values. */
export function fromRows(A: Matrix): Float64Array {
  return Float64Array.from(A.flat());
}
