/** Rules: a level to compare with (horizontal), a moment when something happened (vertical). */
import { type Plot, round } from "./frame.ts";
import { type ElementNode, element } from "./node.ts";

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

/** The label is shown on hover and in the list of events; a row of them would overlap. */
export const momentMark = (plot: Plot, at: number, label: string): ElementNode =>
  element(
    "g",
    { class: "moment" },
    element("title", {}, label),
    element("line", { x1: round(at), x2: round(at), y1: plot.top, y2: plot.bottom }),
    element("path", { d: `M${round(at)},${plot.top + 7}l-5,-7h10z` }),
  );
