/**
 * W = U diag(σ) Vᵀ and its gradient (householder.ts) in rounds that threads share, for all of a model's matrices.
 *
 * A step is four rounds, each of which the threads finish before the next begins: prepare, right, left (together
 * W = U Σ Vᵀ), and, once G = ∂L/∂W is known, pull. Each is called for every piece, with scratch memory of the thread's
 * own. The pieces are the same for any number of threads, and so are the numbers.
 */
import { field } from "./descriptor";
import { factorBytes, floats, normsOf, productBytes, triangleOf } from "./factor";
import { blockBytes, pullFactor, pullSigma, squareFloats } from "./householder";
import { applyLeft, applyRight, blockRows, prepare, strideT } from "./reflectors";

/** Bytes of both factors' prepared reflectors, which the host keeps for each matrix. */
export function spectralFactorBytes(rows: i32, columns: i32, m1: i32, m2: i32): i32 {
  return factorBytes(rows, m1) + factorBytes(columns, m2);
}

/** Bytes of scratch, starting at a multiple of 16, that a thread needs for a matrix. */
export function spectralScratch(rows: i32, columns: i32, m1: i32, m2: i32): i32 {
  return (
    productBytes(max(rows, columns)) +
    blockBytes(rows, columns, m1, m2) +
    floats(squareFloats(rows, columns, m1, m2))
  );
}

// A matrix's record: SPECTRAL_BYTES, of 32-bit integers, addresses among them.
const SPECTRAL_BYTES: i32 = 64;
const ROWS: i32 = 0;
const COLUMNS: i32 = 1;
const M1: i32 = 2;
const M2: i32 = 3;
const REFLECTORS_U: i32 = 4;
const REFLECTORS_V: i32 = 5;
/** σ [min(rows, columns)], or 0 for σ ≡ 1. */
const SIGMA: i32 = 6;
/** W and G = ∂L/∂W, [rows, columns] row-major. */
const MATRIX: i32 = 7;
const GRADIENT: i32 = 8;
/** [m1, rows]; the first i entries of row i, and the row of a reflector of length 1 (a sign), become exactly 0. */
const GRADIENT_U: i32 = 9;
/** [m2, columns], likewise; not written if m2 = 0. */
const GRADIENT_V: i32 = 10;
/** [min(rows, columns)]; not written if 0 or if sigma = 0. */
const GRADIENT_SIGMA: i32 = 11;
/** `spectralFactorBytes`. */
const FACTORS: i32 = 12;

/** Slices of a matrix that threads may work on at the same time. Fixed: so is every rounding error. */
const SLICES: i32 = 4;

/** How many pieces a matrix makes in `spectralRight` and `spectralLeft`. */
export function spectralSlices(): i32 {
  return SLICES;
}

// @ts-expect-error: decorator
@inline
function vFactor(record: usize): usize {
  return <usize>field(record, FACTORS) + factorBytes(field(record, ROWS), field(record, M1));
}

/** First line of slice `slice` of `count` lines; a multiple of 8, so that only the last has a ragged edge. */
// @ts-expect-error: decorator
@inline
function sliceStart(slice: i32, count: i32): i32 {
  return min(count, slice * (((count + SLICES - 1) / SLICES + 7) & ~7));
}

/** Round 1, piece `piece` for matrix `piece`: unit reflectors and triangles of U and V. */
export function spectralPrepare(records: usize, scratch: usize, piece: i32): void {
  const record = records + <usize>(piece * SPECTRAL_BYTES);
  const rows = field(record, ROWS);
  const columns = field(record, COLUMNS);
  const m1 = field(record, M1);
  const m2 = field(record, M2);
  const U = <usize>field(record, FACTORS);
  const V = vFactor(record);
  const gram = scratch + productBytes(max(rows, columns));
  const u = <usize>field(record, REFLECTORS_U);
  const v = <usize>field(record, REFLECTORS_V);
  prepare(rows, m1, u, U, normsOf(rows, m1, U), triangleOf(rows, m1, U), gram, scratch);
  prepare(columns, m2, v, V, normsOf(columns, m2, V), triangleOf(columns, m2, V), gram, scratch);
}

/** Round 2, `spectralSlices()` pieces a matrix: some rows of Σ Vᵀ. */
export function spectralRight(records: usize, scratch: usize, piece: i32): void {
  const record = records + <usize>((piece / SLICES) * SPECTRAL_BYTES);
  const rows = field(record, ROWS);
  const columns = field(record, COLUMNS);
  const m2 = field(record, M2);
  const sigma = <usize>field(record, SIGMA);
  const W = <usize>field(record, MATRIX);
  const V = vFactor(record);
  const top = sliceStart(piece % SLICES, rows);
  const bottom = sliceStart((piece % SLICES) + 1, rows);
  const temporary = scratch + productBytes(max(rows, columns));
  memory.fill(W + ((top * columns) << 2), 0, ((bottom - top) * columns) << 2);
  for (let i = top; i < min(bottom, columns); i++) {
    store<f32>(W + ((i * columns + i) << 2), sigma ? load<f32>(sigma + (i << 2)) : 1);
  }
  // From the last block to the first, W is still diagonal outside the rows and columns that the block acts on.
  const b2 = blockRows(columns, m2);
  for (let first = lastBlock(m2, b2); first >= 0; first -= b2) {
    const row = max(first, top);
    if (row >= bottom) continue;
    const T = triangleOf(columns, m2, V) + ((first * strideT(b2)) << 2);
    applyRight(
      1,
      min(b2, m2 - first),
      columns - first,
      bottom - row,
      V + ((first * columns + first) << 2),
      columns,
      T,
      strideT(b2),
      W + ((row * columns + first) << 2),
      columns,
      temporary,
      scratch,
    );
  }
}

/** Round 3, `spectralSlices()` pieces a matrix: some columns of W = U (Σ Vᵀ). */
export function spectralLeft(records: usize, scratch: usize, piece: i32): void {
  const record = records + <usize>((piece / SLICES) * SPECTRAL_BYTES);
  const rows = field(record, ROWS);
  const columns = field(record, COLUMNS);
  const m1 = field(record, M1);
  const U = <usize>field(record, FACTORS);
  const left = sliceStart(piece % SLICES, columns);
  const right = sliceStart((piece % SLICES) + 1, columns);
  const b1 = blockRows(rows, m1);
  for (let first = lastBlock(m1, b1); first >= 0; first -= b1) {
    // Where V = I, what stands left of the block's first column is still zero in its rows.
    const column = max(left, field(record, M2) == 0 ? first : 0);
    if (column >= right) continue;
    const T = triangleOf(rows, m1, U) + ((first * strideT(b1)) << 2);
    applyLeft(
      0,
      min(b1, m1 - first),
      rows - first,
      right - column,
      U + ((first * rows + first) << 2),
      rows,
      T,
      strideT(b1),
      <usize>field(record, MATRIX) + ((first * columns + column) << 2),
      columns,
      scratch + productBytes(max(rows, columns)),
      scratch,
    );
  }
}

/** First row of the last block, or −1 if there is none. */
function lastBlock(m: i32, b: i32): i32 {
  return m == 0 ? -1 : ((m - 1) / b) * b;
}

/** Round 4, three pieces a matrix: the gradients of u, of v and of σ from G = ∂L/∂W. */
export function spectralPull(records: usize, scratch: usize, piece: i32): void {
  const record = records + <usize>((piece / 3) * SPECTRAL_BYTES);
  const rows = field(record, ROWS);
  const columns = field(record, COLUMNS);
  const m1 = field(record, M1);
  const m2 = field(record, M2);
  const W = <usize>field(record, MATRIX);
  const G = <usize>field(record, GRADIENT);
  const U = <usize>field(record, FACTORS);
  const V = vFactor(record);
  const square = scratch + productBytes(max(rows, columns));
  const temporary = square + floats(squareFloats(rows, columns, m1, m2));
  const part = piece % 3;
  if (part == 0) {
    const gradient = <usize>field(record, GRADIENT_U);
    pullFactor(0, rows, columns, columns, m1, U, W, G, gradient, square, temporary, scratch);
  } else if (part == 1) {
    const gradient = <usize>field(record, GRADIENT_V);
    pullFactor(1, columns, rows, columns, m2, V, W, G, gradient, square, temporary, scratch);
  } else if (field(record, SIGMA) && field(record, GRADIENT_SIGMA)) {
    const gradient = <usize>field(record, GRADIENT_SIGMA);
    pullSigma(rows, columns, m1, m2, U, V, G, gradient, square, temporary, scratch);
  }
}
