/** Rules: a level to compare with (horizontal), a moment when something happened (vertical). */
import { type Plot, round } from "./frame.ts";
import { type ElementNode, element } from "./node.ts";
import type { Axis } from "./scales.ts";

export interface Level {
  readonly y: number;
  readonly label: string;
}

export interface Moment {
  readonly x: number;
  readonly label: string;
}

export const levelMark = (plot: Plot, at: number): ElementNode =>
  element("line", { class: "level", x1: plot.left, x2: plot.right, y1: round(at), y2: round(at) });

/** Stands above the line, at the right end; below it when there is no room above. */
export const levelLabel = (plot: Plot, at: number, label: string): ElementNode =>
  element(
    "text",
    {
      class: "note",
      x: plot.right - 2,
      y: round(at < plot.top + 14 ? at + 12 : at - 4),
      "text-anchor": "end",
    },
    label,
  );

/** Values from low to high, both positive: what is usual. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly label: string;
}

/** Top and bottom in pixels, cut off at the plot's edges. */
function edges(plot: Plot, y: Axis, { low, high }: Range): [number, number] {
  const clamped = (value: number) => Math.min(Math.max(y.position(value), plot.top), plot.bottom);
  return [clamped(high), clamped(low)];
}

export function rangeMark(plot: Plot, y: Axis, range: Range): ElementNode {
  const [top, bottom] = edges(plot, y, range);
  return element("rect", {
    class: "usual",
    x: plot.left,
    y: round(top),
    width: plot.right - plot.left,
    height: round(bottom - top),
  });
}

/** Within the range's upper left corner; none where the range is not in sight or too flat for text. */
export function rangeLabel(plot: Plot, y: Axis, range: Range): ElementNode[] {
  const [top, bottom] = edges(plot, y, range);
  if (bottom - top < 16) return [];
  return [element("text", { class: "note", x: plot.left + 6, y: round(top + 13) }, range.label)];
}

/** The label is shown on hover and in the list of events; a row of them would overlap. */
export const momentMark = (plot: Plot, at: number, label: string): ElementNode =>
  element(
    "g",
    { class: "moment" },
    element("title", {}, label),
    element("line", { x1: round(at), x2: round(at), y1: plot.top, y2: plot.bottom }),
    element("path", { d: `M${round(at)},${plot.top + 7}l-5,-7h10z` }),
  );
