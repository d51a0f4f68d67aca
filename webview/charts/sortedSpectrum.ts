/** The singular values at one moment of training, from the largest to the smallest. */
import { frame, plotOf, round, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { lineMark, type Point } from "./line.ts";
import { type ElementNode, element } from "./node.ts";
import { formatInteger, formatNumber } from "./numbers.ts";
import { levelMark } from "./rule.ts";
import { linearAxis } from "./scales.ts";

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
}

/** Most values drawn as dots on the line. */
const mostDots = 64;

export function sortedSpectrum(options: SortedSpectrumOptions): ElementNode {
  const { spectra } = options;
  const plot = plotOf(options);
  const most = Math.max(2, ...spectra.map(({ values }) => values.length));
  const x = linearAxis([1, most], [plot.left, plot.right], ticksAcross(plot), formatInteger);
  const y = linearAxis(options.yDomain, [plot.bottom, plot.top], ticksUp(plot));
  const marks: ElementNode[] = [levelMark(plot, y.position(1))];
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
