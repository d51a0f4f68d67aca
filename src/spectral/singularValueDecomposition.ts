/**
 * The library's singular value decomposition, made safe for any finite matrix.
 *
 * ml-matrix meets what is needed here: on matrices that are singular, orthogonal, permutations, or have clusters of
 * equal singular values, its factors are orthogonal and multiply back to rounding. But its iteration has no bound,
 * and never ends on entries whose squares underflow (1e-300) or that are not finite. So entries are scaled to at
 * most 1, those too small to matter are dropped, and what is not finite is refused.
 */
import { Matrix, SVD } from "ml-matrix";

/** W = A diag(values) Bᵀ with k = min(rows, columns). */
export interface Decomposition {
  /** Descending, ≥ 0: [k]. */
  readonly values: Float64Array;
  /** A, with orthonormal columns: [rows, k]. */
  readonly left: Float64Array;
  /** B, with orthonormal columns: [columns, k]. */
  readonly right: Float64Array;
}

/** Relative to the largest entry, far below rounding and with a square far above underflow. */
const negligible = 1e-60;

function prepare(matrix: Float64Array | Float32Array, rows: number, columns: number) {
  if (!(rows >= 1 && columns >= 1) || matrix.length !== rows * columns)
    throw new Error(`a ${rows} × ${columns} matrix takes ${rows * columns} values, not ${matrix.length}`);
  let largest = 0;
  for (let i = 0; i < matrix.length; i++) {
    const value = matrix[i]!;
    if (!Number.isFinite(value))
      throw new Error(
        `the matrix has ${value} at row ${Math.floor(i / columns)}, column ${i % columns}; singular values need finite numbers`,
      );
    largest = Math.max(largest, Math.abs(value));
  }
  const scale = largest === 0 ? 1 : largest;
  const scaled = new Matrix(rows, columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const value = matrix[r * columns + c]! / scale;
      scaled.set(r, c, Math.abs(value) < negligible ? 0 : value);
    }
  return { scaled, scale };
}

function flatten(matrix: Matrix): Float64Array {
  const flat = new Float64Array(matrix.rows * matrix.columns);
  for (let r = 0; r < matrix.rows; r++)
    for (let c = 0; c < matrix.columns; c++) flat[r * matrix.columns + c] = matrix.get(r, c);
  return flat;
}

/**
 * Singular values and vectors of a row-major [rows, columns] matrix.
 * @throws Error when the length does not fit or an entry is not finite, naming its place.
 */
export function singularValueDecomposition(
  matrix: Float64Array | Float32Array,
  rows: number,
  columns: number,
): Decomposition {
  const { scaled, scale } = prepare(matrix, rows, columns);
  const svd = new SVD(scaled, { autoTranspose: true });
  return {
    values: Float64Array.from(svd.diagonal, (value) => value * scale),
    left: flatten(svd.leftSingularVectors),
    right: flatten(svd.rightSingularVectors),
  };
}

/**
 * Singular values alone, descending: about a quarter of the time of the full decomposition.
 * @throws Error as `singularValueDecomposition`.
 */
export function singularValues(
  matrix: Float64Array | Float32Array,
  rows: number,
  columns: number,
): Float64Array {
  const { scaled, scale } = prepare(matrix, rows, columns);
  const svd = new SVD(scaled, {
    autoTranspose: true,
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  return Float64Array.from(svd.diagonal, (value) => value * scale);
}
