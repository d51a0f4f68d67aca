/** The element-wise functions over whole arrays. */
import { expPs, sigmoidPs, tanhPs } from "./elementwise";

/** Loads 1 to 3 floats; the other lanes are 0. */
// @ts-expect-error: decorator
@inline
function loadTail(src: usize, count: i32): v128 {
  let lanes = v128.load32_zero(src);
  if (count > 1) lanes = f32x4.replace_lane(lanes, 1, load<f32>(src, 4));
  if (count > 2) lanes = f32x4.replace_lane(lanes, 2, load<f32>(src, 8));
  return lanes;
}

/** Stores the first 1 to 3 lanes. */
// @ts-expect-error: decorator
@inline
function storeTail(dst: usize, lanes: v128, count: i32): void {
  store<f32>(dst, f32x4.extract_lane(lanes, 0));
  if (count > 1) store<f32>(dst, f32x4.extract_lane(lanes, 1), 4);
  if (count > 2) store<f32>(dst, f32x4.extract_lane(lanes, 2), 8);
}

/** dst[i] = tanh(src[i]) for i < count; src and dst may be the same. */
export function tanhArray(src: usize, dst: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, src += 16, dst += 16) v128.store(dst, tanhPs(v128.load(src)));
  if (i < count) storeTail(dst, tanhPs(loadTail(src, count - i)), count - i);
}

/** dst[i] = sigmoid(src[i]) for i < count; src and dst may be the same. */
export function sigmoidArray(src: usize, dst: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, src += 16, dst += 16) v128.store(dst, sigmoidPs(v128.load(src)));
  if (i < count) storeTail(dst, sigmoidPs(loadTail(src, count - i)), count - i);
}

/** dst[i] = e^src[i] for i < count; src and dst may be the same. */
export function expArray(src: usize, dst: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4, src += 16, dst += 16) v128.store(dst, expPs(v128.load(src)));
  if (i < count) storeTail(dst, expPs(loadTail(src, count - i)), count - i);
}
