/** The line mark: a polyline with gaps where values are missing. */
import { line as linePath } from "d3";
import { round } from "./frame.ts";
import { type Attributes, type ElementNode, element } from "./node.ts";

export type Point = readonly [number, number];

/**
 * Points in pixels for a line of any length: where many fall on one pixel column, its first, lowest, highest and last are
 * kept, so that no spike is lost. Points without a place (NaN) stay as gaps.
 */
export function thinned(points: readonly Point[]): readonly Point[] {
  const kept: Point[] = [];
  let start = 0;
  while (start < points.length) {
    const column = Math.floor(points[start]![0]);
    let end = start;
    while (end < points.length && Math.floor(points[end]![0]) === column && !Number.isNaN(points[end]![1]))
      end++;
    if (end - start <= 4) {
      end = Math.max(end, start + 1);
      kept.push(...points.slice(start, end));
    } else {
      let low = start;
      let high = start;
      for (let i = start; i < end; i++) {
        if (points[i]![1] < points[low]![1]) low = i;
        if (points[i]![1] > points[high]![1]) high = i;
      }
      const wanted = [...new Set([start, low, high, end - 1])].sort((a, b) => a - b);
      kept.push(...wanted.map((i) => points[i]!));
    }
    start = end;
  }
  return kept;
}

/** A line through points in pixels, broken at gaps; a point between two gaps is drawn as a dot. */
export function lineMark(points: readonly Point[], attributes: Attributes): ElementNode {
  const drawn = thinned(points);
  const defined = (i: number) => i >= 0 && i < drawn.length && drawn[i]!.every(Number.isFinite);
  const path = linePath<Point>()
    .defined((point) => point.every(Number.isFinite))
    .digits(1)(drawn);
  const lonely = drawn.filter((_, i) => defined(i) && !defined(i - 1) && !defined(i + 1));
  const dots = lonely.map(([x, y]) =>
    element("circle", { cx: round(x), cy: round(y), r: 2.5, class: "dot" }),
  );
  return element(
    "g",
    attributes,
    path === null || lonely.length === drawn.length ? undefined : element("path", { class: "line", d: path }),
    ...dots,
  );
}
