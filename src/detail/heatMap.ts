/** The picture timestep × step of the gradient's norm, at the size in which it is shown. */
import type { HeatMapAnswer, HeatMapRequest, Span } from "../protocol/details.ts";
import { firstAtLeast } from "./growing.ts";
import { type LogNorms, zeroNorm } from "./logNorms.ts";

/**
 * @param steps of the rows, ascending.
 * @param extent of the whole run, see `LogNorms.extent`.
 */
export function answerHeatMap(
  norms: LogNorms,
  steps: Float64Array,
  extent: Span | null,
  request: HeatMapRequest,
): HeatMapAnswer {
  const { width } = request;
  const span: Span = request.steps ?? [steps[0] ?? 0, steps.at(-1) ?? 0];
  const timesteps = wholeTimesteps(request.timesteps, norms.length);
  const count = timesteps[1] - timesteps[0] + 1;
  const height = Math.max(0, Math.min(request.height, count));
  const values = new Float32Array(width * height).fill(Number.NaN);
  const means = new Float64Array(Math.max(0, count));
  const scale = (span[1] - span[0]) / width;
  /** Rows on a pixel; where there are none, what was recorded last before it. */
  const rowsOf = (pixel: number): [number, number] => {
    const left = firstAtLeast(steps, span[0] + pixel * scale);
    const isLast = pixel === width - 1 || scale === 0;
    const right = firstAtLeast(steps, isLast ? Math.floor(span[1]) + 1 : span[0] + (pixel + 1) * scale);
    return right > left ? [left, right] : [left - 1, left];
  };
  for (let pixel = 0; pixel < width; pixel++) {
    const [from, to] = rowsOf(pixel);
    if (from < 0) continue;
    norms.meanOver(from, to, timesteps[0] - 1, means);
    for (let row = 0; row < height; row++)
      values[row * width + pixel] = meanBetween(
        means,
        Math.floor((row * count) / height),
        Math.ceil(((row + 1) * count) / height),
      );
  }
  return {
    kind: "heatMap",
    layer: request.layer,
    steps: span,
    timesteps,
    width,
    height,
    values,
    extent,
  };
}

/** Whole timesteps that lie in the span, at least one. */
function wholeTimesteps(span: Span | null, length: number): Span {
  if (span === null) return [1, length];
  const low = Math.min(length, Math.max(1, Math.round(span[0])));
  return [low, Math.min(length, Math.max(low, Math.round(span[1])))];
}

function meanBetween(values: Float64Array, from: number, to: number): number {
  if (to - from === 1) return values[from]!;
  let sum = 0;
  let count = 0;
  let zeros = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    count++;
    if (value === Number.NEGATIVE_INFINITY) {
      zeros++;
      sum += zeroNorm;
    } else sum += value;
  }
  return count === 0 ? Number.NaN : zeros === count ? Number.NEGATIVE_INFINITY : sum / count;
}
