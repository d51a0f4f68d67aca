/** Lists of numbers that grow: typed arrays that are doubled when they are full. */
export class Growing<Values extends Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>> {
  #values: Values;
  readonly #make: (length: number) => Values;
  length = 0;

  constructor(make: (length: number) => Values) {
    this.#make = make;
    this.#values = make(64);
  }

  push(value: number): void {
    this.#reserve(this.length + 1);
    this.#values[this.length++] = value;
  }

  pushAll(values: ArrayLike<number>): void {
    this.#reserve(this.length + values.length);
    this.#values.set(values, this.length);
    this.length += values.length;
  }

  /** What there is so far: a view, valid until the next value is added. */
  get values(): Values {
    return this.#values.subarray(0, this.length) as Values;
  }

  #reserve(length: number): void {
    if (length <= this.#values.length) return;
    const larger = this.#make(Math.max(length, 2 * this.#values.length));
    larger.set(this.values);
    this.#values = larger;
  }
}

export type Float32s = Growing<Float32Array<ArrayBuffer>>;
export type Float64s = Growing<Float64Array<ArrayBuffer>>;
export const float32s = (): Float32s => new Growing((length) => new Float32Array(length));
export const float64s = (): Float64s => new Growing((length) => new Float64Array(length));

/** Index of the first of ascending values that is at least `wanted`; their number when there is none. */
export function firstAtLeast(values: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
