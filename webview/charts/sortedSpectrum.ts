/** The singular values at one moment of training, from the largest to the smallest. */
import { frame, type Plot, plotOf, round, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { lineMark, type Point } from "./line.ts";
import { type ElementNode, element } from "./node.ts";
import { formatInteger, formatNumber } from "./numbers.ts";
import { levelMark } from "./rule.ts";
import { type Axis, linearAxis } from "./scales.ts";

export interface Spectrum {
  readonly name: string;
  readonly color: number;
  readonly step: number;
  /** Descending. */
  readonly values: ArrayLike<number>;
}

export interface SortedSpectrumOptions extends Size {
  readonly spectra: readonly Spectrum[];
  /** From `spectrumDomain`. */
  readonly yDomain: readonly [number, number];
  /** Where the values may lie. */
  readonly band?: { readonly low: number; readonly high: number };
}

/** The axes of the chart: a page finds what stands under the pointer by them. */
export function sortedSpectrumAxes(options: SortedSpectrumOptions): {
  readonly plot: Plot;
  readonly x: Axis;
  readonly y: Axis;
} {
  const plot = plotOf(options);
  const most = Math.max(2, ...options.spectra.map(({ values }) => values.length));
  return {
    plot,
    x: linearAxis([1, most], [plot.left, plot.right], ticksAcross(plot), formatInteger),
    y: linearAxis(options.yDomain, [plot.bottom, plot.top], ticksUp(plot)),
  };
}

/** Most values drawn as dots on the line. */
const mostDots = 64;

export function sortedSpectrum(options: SortedSpectrumOptions): ElementNode {
  const { spectra } = options;
  const { plot, x, y } = sortedSpectrumAxes(options);
  const marks: ElementNode[] = [];
  if (options.band)
    marks.push(
      element("rect", {
        class: "allowed",
        x: plot.left,
        y: round(y.position(options.band.high)),
        width: plot.right - plot.left,
        height: Math.max(2, round(y.position(options.band.low) - y.position(options.band.high))),
      }),
    );
  marks.push(levelMark(plot, y.position(1)));
  for (const { name, color, values } of spectra) {
    const points = Array.from(values, (value, i): Point => [x.position(i + 1), y.position(value)]);
    const dots =
      points.length <= mostDots
        ? points.map(([px, py]) => element("circle", { class: "dot", cx: round(px), cy: round(py), r: 2 }))
        : [];
    marks.push(
      element("g", { class: `series-${color % 8}`, "data-series": name }, lineMark(points, {}), ...dots),
    );
  }
  return frame(
    {
      ...options,
      x,
      y,
      xTitle: "rank i, 1 = largest",
      yTitle: "singular values σᵢ",
      description: `Sorted singular values. ${spectra
        .map(
          ({ name, step, values }) =>
            `${name} at step ${formatInteger(step)}: largest ${formatNumber(values[0] ?? Number.NaN, 4)}, ` +
            `smallest ${formatNumber(values[values.length - 1] ?? Number.NaN, 4)}.`,
        )
        .join(" ")}`,
    },
    marks,
  );
}
