/** Lines over training steps: loss, metric, norms, reach. */
import { quantileSorted } from "d3";

import { areaMark } from "./area.ts";
import { frame, type Plot, plotOf, round, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { lineMark, type Point } from "./line.ts";
import { type ElementNode, element } from "./node.ts";
import { finiteExtent, formatInteger, formatNumber } from "./numbers.ts";
import {
  type Level,
  levelLabel,
  levelMark,
  type Moment,
  momentMark,
  type Range,
  rangeLabel,
  rangeMark,
} from "./rule.ts";
import { type Axis, halfLifeAxis, halfLifeRate, linearAxis, logAxis, stepAxis } from "./scales.ts";
import { seriesClass } from "./seriesClass.ts";
import { movingAverage } from "./smooth.ts";

export interface Series {
  readonly name: string;
  /** Index of the colour. */
  readonly color: number;
  readonly x: ArrayLike<number>;
  /** NaN: a gap. */
  readonly y: ArrayLike<number>;
  /** An area around the line, e.g. from the smallest to the largest of several runs. */
  readonly spread?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> };
  /** Single measurements beside the line, e.g. on the test set. */
  readonly points?: readonly Point[];
  /** When something happened. */
  readonly moments?: readonly Moment[];
}

/** `auto`: logarithmic where all values are positive and span more than a factor of 20. */
export type YScale = "linear" | "log" | "auto" | "halfLife";

export interface LineChartOptions extends Size {
  /** What is drawn, for the description: "loss". */
  readonly subject: string;
  readonly series: readonly Series[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly yScale: YScale;
  /** Draw a moving average over the values themselves. */
  readonly smooth?: boolean;
  readonly levels?: readonly Level[];
  /** Ranges of y to compare with; they do not widen the axis. */
  readonly ranges?: readonly Range[];
  /** Values that the y axis has to include. */
  readonly include?: readonly number[];
  /** What the x axis shows; as far as the values go, where it is not given. */
  readonly xDomain?: readonly [number, number];
  /** The y axis shows just this, where it is given (linear and log scales). */
  readonly yDomain?: readonly [number, number];
  /** Drawn over the lines, given the axes: cursor, marks of what happened. */
  readonly over?: (axes: {
    readonly plot: Plot;
    readonly x: Axis;
    readonly y: Axis;
  }) => readonly ElementNode[];
}

export interface LineChart {
  readonly node: ElementNode;
  readonly x: Axis;
  readonly y: Axis;
}

/** Fewest points for which a moving average helps the eye. */
const smoothFrom = 60;
/** Air above and below the values on a log scale. */
const logMargin = 1.12;

export function lineChart(options: LineChartOptions): LineChart {
  const { series, levels = [], ranges = [] } = options;
  const plot = plotOf(options);
  const xExtent = options.xDomain ?? finiteExtent(series.map(({ x }) => x)) ?? [0, 1];
  const x = stepAxis(xExtent, [plot.left, plot.right], ticksAcross(plot));
  const { axis: y, logarithmic } = yAxis(options);

  const marks: ElementNode[] = [
    ...ranges.map((range) => rangeMark(plot, y, range)),
    ...levels.map((level) => levelMark(plot, y.position(level.y))),
  ];
  for (const { moments = [], color } of series)
    for (const moment of moments)
      marks.push(
        element("g", { class: `series-${color % 8}` }, momentMark(plot, x.position(moment.x), moment.label)),
      );
  for (const { color, x: xs, spread } of series)
    if (spread)
      marks.push(
        element(
          "g",
          { class: `series-${color % 8}` },
          areaMark(
            Array.from(
              spread.low,
              (low, i) =>
                [x.position(xs[i]!), y.position(low), y.position(spread.high[i] ?? Number.NaN)] as const,
            ),
            { class: "band" },
          ),
        ),
      );
  for (const { name, color, x: xs, y: ys, points = [] } of series) {
    const pixels = (values: ArrayLike<number>) =>
      Array.from(values, (value, i): Point => [x.position(xs[i]!), y.position(value)]);
    const smoothed = options.smooth === true && ys.length >= smoothFrom;
    if (smoothed) marks.push(lineMark(pixels(ys), { class: `${seriesClass(color)} faint` }));
    const half = Math.max(2, Math.round(ys.length / 60));
    marks.push(
      lineMark(pixels(smoothed ? averaged(ys, half, logarithmic) : ys), {
        class: seriesClass(color),
        "data-series": name,
      }),
    );
    for (const [px, py] of points)
      marks.push(
        element("circle", {
          class: `series-${color % 8} ring`,
          cx: round(x.position(px)),
          cy: round(y.position(py)),
          r: 3.5,
        }),
      );
  }
  const over = options.over?.({ plot, x, y }) ?? [];
  const labels = [
    ...levels.map((level) => levelLabel(plot, y.position(level.y), level.label)),
    ...ranges.flatMap((range) => rangeLabel(plot, y, range)),
  ];
  const yTitle = logarithmic ? `${options.yTitle}, log scale` : options.yTitle;
  const node = frame({ ...options, yTitle, x, y, description: describe(options) }, marks, [
    ...over,
    ...labels,
  ]);
  return { node, x, y };
}

/** On a log scale the average is that of the logarithms, which is what the eye would draw. */
function averaged(values: ArrayLike<number>, half: number, logarithmic: boolean): number[] {
  if (!logarithmic) return movingAverage(values, half);
  return movingAverage(Array.from(values, Math.log), half).map(Math.exp);
}

function yAxis(options: LineChartOptions): { axis: Axis; logarithmic: boolean } {
  const { series, levels = [], include = [], yScale } = options;
  const plot = plotOf(options);
  const range = [plot.bottom, plot.top] as const;
  const beside = [
    levels.map(({ y }) => y),
    include,
    ...series.map(({ points = [] }) => points.map(([, y]) => y)),
  ];
  const all = [
    ...series.map(({ y }) => y),
    ...series.flatMap(({ spread }) => (spread ? [spread.low, spread.high] : [])),
    ...beside,
  ];
  if (yScale === "halfLife") {
    const rates = all.map((values) => Array.from(values, halfLifeRate));
    return { axis: halfLifeAxis(rateDomain(rates), range, 18), logarithmic: false };
  }
  if (options.yDomain && yScale === "linear")
    return { axis: linearAxis(options.yDomain, range, ticksUp(plot)), logarithmic: false };
  if (options.yDomain && yScale === "log")
    return { axis: logAxis(options.yDomain, range, ticksUp(plot)), logarithmic: true };
  const positive = finiteExtent(all, true);
  const extent = finiteExtent(all) ?? [0, 1];
  const wide = positive !== undefined && extent[0] > 0 && positive[1] / positive[0] > 20;
  if (positive && (yScale === "log" || (yScale === "auto" && wide)))
    return {
      axis: logAxis([positive[0] / logMargin, positive[1] * logMargin], range, ticksUp(plot)),
      logarithmic: true,
    };
  // Close to zero anyway: start there, so that heights can be compared.
  const [lowest, highest] = extent;
  const margin = 0.04 * (highest - lowest);
  const low = lowest >= 0 && lowest < 0.5 * highest ? 0 : lowest - margin;
  return { axis: linearAxis([low, highest + margin], range, ticksUp(plot)), logarithmic: false };
}

/** Rates of half-lives and 0, the steady state; of the first, wild steps of a run only what does not flatten the rest. */
function rateDomain(rates: readonly number[][]): [number, number] {
  const known = rates
    .flat()
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const [first = -1, last = 0] = [known[0], known.at(-1)];
  const low = quantileSorted(known, 0.02) ?? first;
  const high = quantileSorted(known, 0.98) ?? last;
  const room = high - low;
  const domain = [
    Math.min(0, Math.max(first, low - room)),
    Math.max(0, Math.min(last, high + room)),
  ] as const;
  const margin = (domain[1] - domain[0]) * 0.06 || 0.05;
  return [domain[0] - margin, domain[1] + margin];
}

/** e.g. "Loss by step for 2 runs. vanilla: 400 points from step 1 to 1,000, first 0.31, last 0.167." */
function describe({ subject, series, xTitle }: LineChartOptions): string {
  const sentences = series.map(({ name, x, y }) => {
    const known = Array.from({ length: y.length }, (_, i) => i).filter((i) => !Number.isNaN(y[i]));
    const first = known[0];
    const last = known.at(-1);
    if (first === undefined || last === undefined) return `${name}: no values.`;
    return (
      `${name}: ${formatInteger(known.length)} point${known.length === 1 ? "" : "s"} from ${xTitle} ` +
      `${formatInteger(x[first]!)} to ${formatInteger(x[last]!)}, first ${formatNumber(y[first]!)}, last ${formatNumber(y[last]!)}.`
    );
  });
  return `${subject[0]?.toUpperCase() ?? ""}${subject.slice(1)} by ${xTitle}. ${sentences.join(" ")}`;
}
