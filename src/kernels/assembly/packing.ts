/** Weights on their way from row-major parameters into packed form [row block][k][4], and gradients on their way back. */
import { pairsOf } from "./outer";
import { transposeFour } from "./simd";

/**
 * Puts a row-major matrix into packed weights [row block][k][4] with `kTotal` columns in all, at row `rowOffset`
 * (a multiple of 4) and column `kOffset`. What it does not cover is left as it is (zero).
 */
export function packWeights(
  dst: usize,
  kTotal: i32,
  rowOffset: i32,
  kOffset: i32,
  src: usize,
  rows: i32,
  columns: i32,
): void {
  const stride = <usize>columns << 2;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    let out = dst + ((<usize>((rowOffset + i) >> 2) * kTotal + kOffset) << 4);
    let line = src + <usize>i * stride;
    let j = 0;
    for (; j + 4 <= columns; j += 4, line += 16, out += 64) {
      const low = v128.load(line);
      const middle = line + 2 * stride;
      transposeFour(out, 16, low, v128.load(line + stride), v128.load(middle), v128.load(middle + stride));
    }
    for (; j < columns; j++, line += 4) {
      for (let r: usize = 0; r < 4; r++, out += 4) store<f32>(out, load<f32>(line + r * stride));
    }
  }
  for (; i < rows; i++) {
    const row = rowOffset + i;
    let out = dst + (((<usize>(row >> 2) * kTotal + kOffset) << 2) + (row & 3)) * 4;
    const line = src + <usize>i * stride;
    for (let j = 0; j < columns; j++) {
      store<f32>(out, load<f32>(line + (<usize>j << 2)));
      out += 16;
    }
  }
}

/**
 * Puts the transpose of a row-major matrix into packed weights [row block][k][4]: packed row j, column
 * `kOffset` + i is src[i][j].
 */
export function packTransposed(dst: usize, kTotal: i32, kOffset: i32, src: usize, rows: i32, columns: i32): void {
  const whole = columns & ~3;
  const line = <usize>columns << 2;
  const stride = <usize>kTotal << 4;
  let i = 0;
  // Four rows at a time fill whole cache lines.
  for (; i + 4 <= rows; i += 4) {
    let from = src + <usize>i * line;
    let out = dst + (<usize>(kOffset + i) << 4);
    for (let j = 0; j < whole; j += 4, from += 16, out += stride) {
      v128.store(out, v128.load(from), 0);
      v128.store(out, v128.load(from + line), 16);
      v128.store(out, v128.load(from + 2 * line), 32);
      v128.store(out, v128.load(from + 3 * line), 48);
    }
  }
  for (; i < rows; i++) {
    let from = src + <usize>i * line;
    let out = dst + (<usize>(kOffset + i) << 4);
    for (let j = 0; j < whole; j += 4, from += 16, out += stride) v128.store(out, v128.load(from));
  }
  for (i = 0; whole < columns && i < rows; i++) {
    const out = dst + (<usize>(kOffset + i) << 4) + <usize>(whole >> 2) * stride;
    for (let j = whole; j < columns; j++) {
      store<f32>(out + (<usize>(j & 3) << 2), load<f32>(src + <usize>i * line + (<usize>j << 2)));
    }
  }
}

/** Takes rows × columns out of a gradient [row block][pair][4][8] of `quads` column quads into a row-major matrix. */
export function unpackGradient(
  dst: usize,
  src: usize,
  quads: i32,
  rowOffset: i32,
  columnOffset: i32,
  rows: i32,
  columns: i32,
): void {
  const blockBytes = <usize>pairsOf(quads) << 7;
  for (let i = 0; i < rows; i++) {
    const row = rowOffset + i;
    const line = src + <usize>(row >> 2) * blockBytes + (<usize>(row & 3) << 5);
    let j = 0;
    if ((columnOffset & 3) == 0) {
      for (; j + 4 <= columns; j += 4, dst += 16) v128.store(dst, v128.load(line + columnAt(columnOffset + j)));
    }
    for (; j < columns; j++, dst += 4) store<f32>(dst, load<f32>(line + columnAt(columnOffset + j)));
  }
}

/** Bytes from a line's first column, in [pair][4][8]. */
// @ts-expect-error: decorator
@inline
function columnAt(column: i32): usize {
  return (<usize>(column >> 3) << 7) + (<usize>(column & 7) << 2);
}
