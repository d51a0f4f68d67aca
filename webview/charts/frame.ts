/** What every chart has: the outer picture, the plot's rectangle, axes with titles. */
import { type Child, type ElementNode, element } from "./node.ts";
import type { Axis } from "./scales.ts";

/** The rectangle inside the axes, in pixels. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Room for tick labels and titles. */
export function plotOf({ width, height }: Size): Plot {
  return { left: 52, right: Math.max(width - 12, 92), top: 26, bottom: height - 38 };
}

/** Ticks that fit along an axis of so many pixels. */
export const ticksAcross = (plot: Plot) => Math.max(2, Math.round((plot.right - plot.left) / 90));
export const ticksUp = (plot: Plot) => Math.max(2, Math.round((plot.bottom - plot.top) / 42));

export interface FrameOptions extends Size {
  /** A sentence with the numbers, read aloud in place of the picture. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Lines across the plot at the ticks of y; default true. */
  readonly grid?: boolean;
}

/**
 * The chart: axes, grid, titles and the marks.
 * @param marks drawn inside the plot's rectangle and cut off at its edge.
 * @param over drawn on top and not cut off: labels.
 */
export function frame(
  options: FrameOptions,
  marks: readonly Child[],
  over: readonly Child[] = [],
): ElementNode {
  const { width, height, x, y } = options;
  const plot = plotOf(options);
  // Sideways there is room for a dot on the edge; upwards a line that leaves the axis must be cut off.
  const inner = {
    x: plot.left - 5,
    y: plot.top - 1,
    width: plot.right - plot.left + 10,
    height: plot.bottom - plot.top + 2,
  };
  const grid = (options.grid === false ? [] : y.ticks).map(({ at }) =>
    element("line", { class: "grid", x1: plot.left, x2: plot.right, y1: round(at), y2: round(at) }),
  );
  const yLabels = y.ticks.map(({ at, label }) =>
    element(
      "text",
      { class: "tick", x: plot.left - 6, y: round(at), dy: "0.32em", "text-anchor": "end" },
      label,
    ),
  );
  const xTicks = x.ticks.flatMap(({ at, label }) => [
    element("line", { class: "axis", x1: round(at), x2: round(at), y1: plot.bottom, y2: plot.bottom + 4 }),
    element(
      "text",
      { class: "tick", x: round(at), y: plot.bottom + 16, "text-anchor": anchorAt(at, label, width) },
      label,
    ),
  ]);
  return element(
    "svg",
    {
      class: "chart",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": options.description,
    },
    ...grid,
    ...yLabels,
    ...xTicks,
    element("line", { class: "axis", x1: plot.left, x2: plot.right, y1: plot.bottom, y2: plot.bottom }),
    element("text", { class: "title", x: 2, y: 12 }, options.yTitle),
    element(
      "text",
      { class: "title", x: plot.right, y: height - 6, "text-anchor": "end" },
      `${options.xTitle} →`,
    ),
    // A picture in the picture cuts off what runs over its edge, and needs no id that is unique in the page.
    element(
      "svg",
      {
        ...inner,
        viewBox: `${inner.x} ${inner.y} ${inner.width} ${inner.height}`,
        overflow: "hidden",
        "aria-hidden": "true",
      },
      ...marks,
    ),
    ...over,
  );
}

/** The last tick's label must not run out of the picture. */
function anchorAt(at: number, label: string, width: number): string {
  return at + label.length * 3.5 > width ? "end" : "middle";
}

/** Tenths of a pixel are enough. */
export function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
