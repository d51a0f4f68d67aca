/**
 * The orthogonal parameterization: W = H_n(u_n) ⋯ H_{n−m+1}(u_{n−m+1}), a product of m Householder reflectors
 * (Mhammedi, Hellicar, Rahman & Bailey, ICML 2017); the case σ ≡ 1, V = I of the SVD parameterization.
 */
import {
  productColumns,
  reflectorGradient,
  reflectorsOf,
  skewProduct,
  unitReflectors,
} from "./householder.ts";
import { singularValueDecomposition } from "./singularValueDecomposition.ts";

export interface OrthogonalShape {
  /** n: W is [n, n]. */
  readonly size: number;
  /** m: 1 ≤ m ≤ n. */
  readonly reflectors: number;
}

/** u [m, n] → W [n, n]. */
export function materializeOrthogonal({ size, reflectors }: OrthogonalShape, u: Float64Array): Float64Array {
  return productColumns(unitReflectors(u, reflectors, size), size);
}

/** ∂L/∂W [n, n] → ∂L/∂u [m, n]. */
export function pullbackOrthogonal(
  shape: OrthogonalShape,
  u: Float64Array,
  gradient: Float64Array,
): Float64Array {
  const { size, reflectors } = shape;
  if (gradient.length !== size * size)
    throw new Error(`∂L/∂W of a ${size} × ${size} matrix has ${size * size} values, not ${gradient.length}`);
  const w = materializeOrthogonal(shape, u);
  return reflectorGradient(unitReflectors(u, reflectors, size), skewProduct(gradient, w, size, size));
}

/** The orthogonal matrix nearest to W in the Frobenius norm, A Bᵀ of its decomposition A Σ Bᵀ: [n, n]. */
export function nearestOrthogonal(w: Float64Array, size: number): { matrix: Float64Array; distance: number } {
  const { values, left, right } = singularValueDecomposition(w, size, size);
  const matrix = new Float64Array(size * size);
  for (let r = 0; r < size; r++)
    for (let c = 0; c < size; c++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += left[r * size + i]! * right[c * size + i]!;
      matrix[r * size + c] = sum;
    }
  return { matrix, distance: values.reduce((farthest, value) => Math.max(farthest, Math.abs(value - 1)), 0) };
}

/**
 * W → u: the reflectors of the orthogonal matrix nearest to W. With m = n, materialize(fromMatrix(W)) = W to
 * rounding for every orthogonal W of either determinant. With fewer, only the first m columns are those of W.
 * @returns u [m, n], rows of length 1; `distance`, the farthest that a singular value of W lies from 1; and
 *   `relativeError`, ‖Q − materialize(u)‖ / ‖Q‖ for that nearest orthogonal matrix Q.
 */
export function orthogonalFromMatrix(
  w: Float64Array,
  shape: OrthogonalShape,
): { u: Float64Array; distance: number; relativeError: number } {
  const { size, reflectors } = shape;
  const { matrix, distance } = nearestOrthogonal(w, size);
  const u = reflectorsOf(matrix, size, size, reflectors);
  const product = materializeOrthogonal(shape, u);
  let sum = 0;
  for (const [i, value] of matrix.entries()) sum += (value - product[i]!) ** 2;
  return { u, distance, relativeError: Math.sqrt(sum / size) };
}
