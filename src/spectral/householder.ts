/**
 * Products of Householder reflectors, in double precision, row-major.
 *
 * `m` reflectors of size n are stored as an array [m, n]: row i is u_{n−i} ∈ R^{n−i}, right-aligned, so that its
 * first i entries count as zero and H_{n−i} = I − 2uuᵀ/‖u‖² acts on the last n − i coordinates. The product is
 * Q = H_n(row 0) · H_{n−1}(row 1) ⋯ H_{n−m+1}(row m − 1). A zero row is H = I. The row of length 1 (i = n − 1) is a
 * sign: −1 for any non-zero entry; it is stored and never trained, so its gradient is zero.
 *
 * Only + − × ÷ and √ are used (no `**`, no `Math.hypot`), so that parameters drawn from a seed have the same bits
 * on every platform.
 */

/** Reflectors scaled to length 1, and the lengths they had. */
export interface UnitReflectors {
  /** n: the size of the product. */
  readonly size: number;
  /** m: the number of reflectors, 1 ≤ m ≤ n. */
  readonly count: number;
  /** [m, n]; the first i entries of row i are zero, and all entries of a row whose reflector is zero. */
  readonly rows: Float64Array;
  /** ‖u‖ of each row: [m]; zero marks H = I. */
  readonly norms: Float64Array;
}

/**
 * Scales reflectors to length 1. Entries left of the diagonal are ignored.
 * @param reflectors [count, size]
 * @throws Error when count is not in 1 … size, or the array has another length.
 */
export function unitReflectors(reflectors: Float64Array, count: number, size: number): UnitReflectors {
  if (!(count >= 1 && count <= size))
    throw new Error(`the number of reflectors of size ${size} must be 1 … ${size}, not ${count}`);
  if (reflectors.length !== count * size)
    throw new Error(
      `${count} reflectors of size ${size} take ${count * size} values, not ${reflectors.length}`,
    );
  const rows = new Float64Array(count * size);
  const norms = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    // Scaling by the largest entry first keeps the squares of very small and very large entries in range.
    let largest = 0;
    for (let j = i; j < size; j++) largest = Math.max(largest, Math.abs(reflectors[i * size + j]!));
    if (largest === 0) continue;
    let sum = 0;
    for (let j = i; j < size; j++) {
      const value = reflectors[i * size + j]! / largest;
      sum += value * value;
    }
    const length = Math.sqrt(sum);
    for (let j = i; j < size; j++) rows[i * size + j] = reflectors[i * size + j]! / largest / length;
    norms[i] = largest * length;
  }
  return { size, count, rows, norms };
}

/**
 * X ← H X for the reflector of row i; X is [size, columns], and its columns before `from` are left alone.
 * `dots` is working memory: [columns].
 */
function reflect(
  unit: UnitReflectors,
  i: number,
  x: Float64Array,
  columns: number,
  from: number,
  dots: Float64Array,
): void {
  const { size, rows, norms } = unit;
  if (norms[i] === 0) return;
  dots.fill(0);
  for (let r = i; r < size; r++) {
    const value = rows[i * size + r]!;
    if (value === 0) continue;
    for (let c = from; c < columns; c++) dots[c]! += value * x[r * columns + c]!;
  }
  for (let r = i; r < size; r++) {
    const twice = 2 * rows[i * size + r]!;
    if (twice === 0) continue;
    for (let c = from; c < columns; c++) x[r * columns + c]! -= twice * dots[c]!;
  }
}

/** X ← Q X in place; X is [size, columns]. */
export function applyProduct(unit: UnitReflectors, x: Float64Array, columns: number): void {
  const dots = new Float64Array(columns);
  for (let i = unit.count - 1; i >= 0; i--) reflect(unit, i, x, columns, 0, dots);
}

/** X ← Qᵀ X in place; X is [size, columns]. */
export function applyTransposedProduct(unit: UnitReflectors, x: Float64Array, columns: number): void {
  const dots = new Float64Array(columns);
  for (let i = 0; i < unit.count; i++) reflect(unit, i, x, columns, 0, dots);
}

/** The first `columns` columns of Q: [size, columns]. */
export function productColumns(unit: UnitReflectors, columns: number): Float64Array {
  const x = new Float64Array(unit.size * columns);
  for (let i = 0; i < Math.min(unit.size, columns); i++) x[i * columns + i] = 1;
  const dots = new Float64Array(columns);
  // The reflectors from row i + 1 on have left the first i columns of the identity as they were: zero where H acts.
  for (let i = unit.count - 1; i >= 0; i--) reflect(unit, i, x, columns, i, dots);
  return x;
}

/**
 * Gradient with respect to the reflectors of a function of W = Q X, for any X that does not depend on them.
 *
 * With G = ∂L/∂W and P = H_n ⋯ H_{k+1} the reflectors left of H = H_k, ∂L/∂H = PᵀG (H PᵀW)ᵀ = K H with
 * K = PᵀGWᵀP. Through H = I − 2ûûᵀ that is ∂L/∂u = 2 (K − Kᵀ) û / ‖u‖, which is already orthogonal to u. So only the
 * skew part S = K − Kᵀ matters, and it moves on by S ← H S H = S + 2û(Sû)ᵀ − 2(Sû)ûᵀ. O(n²) a reflector.
 *
 * @param skew GWᵀ − WGᵀ: [size, size]; overwritten.
 * @returns [count, size]. Rows of zero reflectors (where H is not continuous) and of the sign are zero.
 */
export function reflectorGradient(unit: UnitReflectors, skew: Float64Array): Float64Array {
  const { size, count, rows, norms } = unit;
  const gradient = new Float64Array(count * size);
  const image = new Float64Array(size);
  for (let i = 0; i < Math.min(count, size - 1); i++) {
    if (norms[i] === 0) continue;
    // Later reflectors act on later coordinates only, so the block from i on is all that is needed.
    for (let r = i; r < size; r++) {
      let sum = 0;
      for (let c = i; c < size; c++) sum += skew[r * size + c]! * rows[i * size + c]!;
      image[r] = sum;
      gradient[i * size + r] = (2 * sum) / norms[i]!;
    }
    for (let r = i; r < size; r++) {
      const u = 2 * rows[i * size + r]!;
      const v = 2 * image[r]!;
      for (let c = i; c < size; c++) skew[r * size + c]! += u * image[c]! - v * rows[i * size + c]!;
    }
  }
  return gradient;
}

/** A Bᵀ − B Aᵀ for A, B of [size, inner]: what `reflectorGradient` takes, with A = ∂L/∂W and B = W. */
export function skewProduct(a: Float64Array, b: Float64Array, size: number, inner: number): Float64Array {
  const skew = new Float64Array(size * size);
  for (let r = 0; r < size; r++)
    for (let c = 0; c < r; c++) {
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum += a[r * inner + k]! * b[c * inner + k]! - b[r * inner + k]! * a[c * inner + k]!;
      skew[r * size + c] = sum;
      skew[c * size + r] = -sum;
    }
  return skew;
}

/**
 * Reflectors, of length 1, whose product Q turns A into an upper triangle with a positive diagonal: A = Q R. For A
 * with orthonormal columns R is the identity, so the first columns of Q are those of A.
 *
 * A reflector maps its column to the positive axis; where the length is 1 this is the sign H_1. A column that lies
 * on the positive axis already would need H = I, whose zero reflector has no gradient and could never be trained
 * again; it is left in place by a reflector orthogonal to it instead, where a later reflector makes up for that or
 * no column is left to be changed.
 *
 * @param a [size, columns], columns ≤ size, of full rank; left alone.
 * @param count reflectors to use; with fewer than `columns`, only the first `count` columns are treated.
 * @returns [count, size]; rows past the last column are zero, since they cannot change the first columns of Q.
 */
export function reflectorsOf(a: Float64Array, size: number, columns: number, count: number): Float64Array {
  const rest = a.slice();
  const rows = new Float64Array(count * size);
  const norms = new Float64Array(count);
  const unit: UnitReflectors = { size, count, rows, norms };
  const dots = new Float64Array(columns);
  const last = Math.min(count, columns);
  for (let i = 0; i < last; i++) {
    const head = rest[i * columns + i]!;
    let square = 0;
    for (let r = i + 1; r < size; r++) {
      const value = rest[r * columns + i]!;
      square += value * value;
    }
    const tail = Math.sqrt(square);
    const row = rows.subarray(i * size, (i + 1) * size);
    if (tail === 0 && head >= 0) {
      const madeUpFor = i + 1 < last || (i === columns - 1 && i + 1 < size);
      if (madeUpFor) row[i + 1] = 1;
    } else {
      // head − √(head² + tail²), without cancellation for a positive head.
      const length = Math.sqrt(head * head + square);
      const first = head <= 0 ? head - length : (-tail / (head + length)) * tail;
      const scale = Math.sqrt(first * first + square);
      row[i] = first / scale;
      for (let r = i + 1; r < size; r++) row[r] = rest[r * columns + i]! / scale;
    }
    norms[i] = row.some((value) => value !== 0) ? 1 : 0;
    reflect(unit, i, rest, columns, i, dots);
  }
  return rows;
}
