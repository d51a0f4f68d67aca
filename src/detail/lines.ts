/** Columns thinned to what a picture of some width shows. */
import type { Line, LinesAnswer, LinesRequest, Span } from "../protocol/details.ts";
import type { Columns } from "./columns.ts";
import { firstAtLeast } from "./growing.ts";

/**
 * Of the rows on each pixel the first, the smallest, the largest and the last value are kept, which draws the same
 * picture as all of them (M4: Jugel et al., VLDB 2014). Where a pixel holds at most four rows, all are kept. One row on
 * either side of the asked steps is given too, so that lines run out of the picture.
 */
export function answerLines(
  columns: Columns,
  recorded: Span | null,
  { steps, width }: LinesRequest,
): LinesAnswer {
  const all = columns.steps.values;
  const span = steps ?? recorded ?? [0, 0];
  const from = Math.max(0, firstAtLeast(all, span[0]) - 1);
  const to = Math.min(all.length, firstAtLeast(all, span[1]) + 2);
  const edges = pixelEdges(all, from, to, span, width);
  const stepsOf = sharedSteps(all);
  const lines = columns.all.flatMap(({ column, values }): Line[] => {
    const stored = values.values;
    const kept = keep(stored, edges, !/^(?:sigma|lyapunov)/.test(column.name));
    // A column of nothing: the run never had such a parameter.
    if (kept.every((i) => Number.isNaN(stored[i]!))) return [];
    const value = new Float32Array(kept.length);
    for (let k = 0; k < kept.length; k++) value[k] = stored[kept[k]!]!;
    return [{ column, step: stepsOf(kept), value }];
  });
  return { kind: "lines", recorded, rowCount: all.length, lines };
}

/** Columns of which the same rows are kept share one list of steps: it is sent to the page once. */
function sharedSteps(all: Float64Array): (kept: readonly number[]) => Float64Array {
  const known: (readonly [kept: readonly number[], steps: Float64Array])[] = [];
  return (kept) => {
    const same = known.find(
      ([other]) => other.length === kept.length && other.every((row, k) => row === kept[k]),
    );
    if (same) return same[1];
    const steps = Float64Array.from(kept, (row) => all[row]!);
    known.push([kept, steps]);
    return steps;
  };
}

/** Indices where the rows of the next pixel begin, from `from` to `to`, both among them. */
function pixelEdges(
  steps: Float64Array,
  from: number,
  to: number,
  [low, high]: Span,
  width: number,
): number[] {
  const edges = [from];
  const scale = high > low ? width / (high - low) : 0;
  let pixel = Math.floor((steps[from]! - low) * scale);
  for (let i = from + 1; i < to; i++) {
    const next = Math.floor((steps[i]! - low) * scale);
    if (next === pixel) continue;
    edges.push(i);
    pixel = next;
  }
  edges.push(to);
  return edges;
}

/**
 * Indices of the values to keep.
 *
 * @param gaps whether NaN is a gap in the line, of which one NaN is kept; otherwise (singular values and Lyapunov exponents,
 *   measured at some rows only) the line goes on over it.
 */
function keep(values: Float32Array, edges: readonly number[], gaps: boolean): number[] {
  const kept: number[] = [];
  for (let e = 0; e + 1 < edges.length; e++) {
    const from = edges[e]!;
    const to = edges[e + 1]!;
    if (to - from <= 4) {
      for (let i = from; i < to; i++) if (gaps || !Number.isNaN(values[i]!)) kept.push(i);
      continue;
    }
    let first = -1;
    let last = -1;
    let low = -1;
    let high = -1;
    let gap = -1;
    for (let i = from; i < to; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) {
        gap = i;
        continue;
      }
      if (first < 0) {
        first = i;
        low = i;
        high = i;
      }
      if (value < values[low]!) low = i;
      if (value > values[high]!) high = i;
      last = i;
    }
    if (first >= 0)
      for (const pick of [first, Math.min(low, high), Math.max(low, high), last]) {
        if (gaps && gap >= 0 && gap < pick) {
          kept.push(gap);
          gap = -1;
        }
        if (kept.at(-1) !== pick) kept.push(pick);
      }
    if (gaps && gap >= 0) kept.push(gap);
  }
  return kept;
}
