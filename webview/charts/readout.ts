/** What stands under the pointer, in words. */
import type { Series } from "./lineChart.ts";
import { formatInteger, formatNumber } from "./numbers.ts";

/** Index of the value nearest to `wanted` in ascending values; −1 when there are none. */
export function nearestIndex(values: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && wanted - values[low - 1]! <= values[low]! - wanted) low--;
  return Math.min(low, values.length - 1);
}

/** e.g. "step 1,200: vanilla 0.166 · spectral 0.0031". */
export function readout(series: readonly Series[], x: number): string {
  const nearest = series.map(({ x: xs }) => xs[nearestIndex(xs, x)]);
  const step = nearest.find((value) => value !== undefined);
  if (step === undefined) return "";
  const values = series.map(({ name, x: xs, y }) => {
    const i = nearestIndex(xs, x);
    return `${name} ${formatNumber(y[i] ?? Number.NaN, 4)}`;
  });
  return `step ${formatInteger(step)}: ${values.join(" · ")}`;
}
