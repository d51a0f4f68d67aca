/** Order statistics without a full sort. */

/**
 * Rearranges `values[from … to]` so that the k-th smallest of them stands at index k, nothing larger before it and
 * nothing smaller behind it (Hoare's selection with the median of three as pivot: deterministic, linear on average).
 *
 * @param values numbers without NaN, which has no place in an order.
 * @param k an index, from ≤ k ≤ to.
 * @returns the value at k.
 */
export function select(
  values: Float64Array | Float32Array | Int32Array,
  k: number,
  from: number,
  to: number,
): number {
  let low = from;
  let high = to;
  while (high > low) {
    const first = values[low]!;
    const middle = values[(low + high) >> 1]!;
    const last = values[high]!;
    const pivot = Math.max(Math.min(first, middle), Math.min(Math.max(first, middle), last));
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    // Between j and i all values equal the pivot.
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}

/** The median of the numbers that are not NaN (the mean of the middle two of an even count); NaN of none. */
export function median(numbers: Iterable<number>): number {
  const values = Float64Array.from([...numbers].filter((value) => !Number.isNaN(value)));
  const { length } = values;
  if (length === 0) return Number.NaN;
  const upper = select(values, length >> 1, 0, length - 1);
  if (length % 2 === 1) return upper;
  let lower = values[0]!;
  for (let i = 1; i < length >> 1; i++) if (values[i]! > lower) lower = values[i]!;
  return lower === upper ? upper : (lower + upper) / 2;
}
