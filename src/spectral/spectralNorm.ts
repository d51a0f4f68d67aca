/** ‖A‖₂, the largest singular value, of matrices that may be long and thin. */
import { singularValues } from "./singularValueDecomposition.ts";

/**
 * Largest singular value of a row-major [rows, columns] matrix, relative error about 1e-15 · min(rows, columns).
 *
 * By the smaller of A Aᵀ and Aᵀ A: its largest singular value is σ_max², and only the small ones lose digits by the
 * square. O(rows · columns · min(rows, columns)).
 *
 * @throws Error as `singularValues`: the length does not fit, or an entry is not finite, naming its place.
 */
export function spectralNorm(matrix: Float64Array | Float32Array, rows: number, columns: number): number {
  let largest = 0;
  for (let i = 0; i < matrix.length; i++) {
    const value = Math.abs(matrix[i]!);
    // Refused there, with its place.
    if (!Number.isFinite(value)) return singularValues(matrix, rows, columns)[0]!;
    largest = Math.max(largest, value);
  }
  if (matrix.length !== rows * columns) return singularValues(matrix, rows, columns)[0]!;
  if (largest === 0) return 0;
  const size = Math.min(rows, columns);
  const depth = Math.max(rows, columns);
  // [size, depth], with entries of at most 1: their squares neither overflow nor vanish.
  const a = Float64Array.from({ length: matrix.length }, (_, i) => {
    const [r, k] = [Math.floor(i / depth), i % depth];
    return matrix[rows <= columns ? i : k * columns + r]! / largest;
  });
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a[i * depth + k]! * a[j * depth + k]!;
      gram[i * size + j] = sum;
      gram[j * size + i] = sum;
    }
  return largest * Math.sqrt(singularValues(gram, size, size)[0]!);
}
