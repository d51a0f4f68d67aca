/** Singular values of one transition matrix over steps, with the bands that they were allowed in: lines or quantiles. */
import { areaMark } from "./area.ts";
import { frame, type Plot, plotOf, round, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { lineMark, type Point } from "./line.ts";
import { type ElementNode, element } from "./node.ts";
import { finiteExtent, formatInteger, formatNumber } from "./numbers.ts";
import { levelMark } from "./rule.ts";
import { type Axis, linearAxis, logAxis, stepAxis } from "./scales.ts";

export interface SpectrumOverSteps {
  /** How many singular values the matrix has. */
  readonly size: number;
  readonly mode: "values" | "quantiles";
  /** Ranks 1 … n, or quantiles in ascending order. */
  readonly lines: readonly number[];
  readonly step: ArrayLike<number>;
  /** step.length × lines.length, step by step. */
  readonly values: ArrayLike<number>;
}

export interface AllowedBand {
  readonly low: number;
  readonly high: number;
  readonly steps: readonly [number, number];
}

export interface SpectrumOverStepsOptions extends Size {
  readonly name: string;
  readonly color: number;
  readonly spectra: SpectrumOverSteps;
  readonly bands: readonly AllowedBand[];
  readonly xDomain: readonly [number, number];
  readonly yScale: "linear" | "log";
  readonly over?: (axes: Axes) => readonly ElementNode[];
}

export interface Axes {
  readonly plot: Plot;
  readonly x: Axis;
  readonly y: Axis;
}

export function spectrumOverSteps(options: SpectrumOverStepsOptions): { node: ElementNode } & Axes {
  const { spectra, bands, color, xDomain } = options;
  const { lines, step, mode } = spectra;
  const plot = plotOf(options);
  const x = stepAxis(xDomain, [plot.left, plot.right], ticksAcross(plot));
  const y = yAxis(options, plot);
  const value = (row: number, line: number) => spectra.values[row * lines.length + line]!;
  const trajectory = (line: number) =>
    Array.from(
      { length: step.length },
      (_, row): Point => [x.position(step[row]!), y.position(value(row, line))],
    );
  const marks: ElementNode[] = bands.flatMap((band) => bandMark(band, { plot, x, y }));
  marks.push(levelMark(plot, y.position(1)));
  const inner: ElementNode[] = [];
  if (mode === "quantiles")
    for (let i = 0; i < Math.floor(lines.length / 2); i++)
      inner.push(
        areaMark(
          Array.from(
            { length: step.length },
            (_, row) =>
              [
                x.position(step[row]!),
                y.position(value(row, i)),
                y.position(value(row, lines.length - 1 - i)),
              ] as const,
          ),
          { class: "band" },
        ),
      );
  lines.forEach((line, i) => {
    const isEdge = i === 0 || i === lines.length - 1;
    const isMedian = mode === "quantiles" && line === 0.5;
    if (mode === "values" || isEdge || isMedian)
      inner.push(lineMark(trajectory(i), { class: isEdge ? "edge" : "thin", "data-line": line }));
  });
  marks.push(element("g", { class: `series-${color % 8}` }, ...inner));
  const scale = options.yScale === "log" ? ", log scale" : "";
  const node = frame(
    {
      ...options,
      x,
      y,
      xTitle: "step",
      yTitle:
        mode === "quantiles" ? `σ: all, 10–90 %, 25–75 %, median${scale}` : `singular values σᵢ${scale}`,
      description: describe(options),
    },
    marks,
    options.over?.({ plot, x, y }),
  );
  return { node, plot, x, y };
}

function yAxis({ spectra, bands, yScale }: SpectrumOverStepsOptions, plot: Plot): Axis {
  const range = [plot.bottom, plot.top] as const;
  const edges = bands.map(({ low, high }) => [low, high]);
  const all = [spectra.values, ...edges, [1]];
  if (yScale === "log") {
    const [low, high] = finiteExtent(all, true) ?? [0.1, 10];
    return logAxis([low / 1.1, high * 1.1], range, ticksUp(plot));
  }
  const [low, high] = finiteExtent(all) ?? [0, 1];
  const margin = Math.max(0.05 * (high - low), 1e-3 * high);
  return linearAxis(
    [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin],
    range,
    ticksUp(plot),
  );
}

function bandMark({ low, high, steps }: AllowedBand, { plot, x, y }: Axes): ElementNode[] {
  const clamp = (pixel: number) => Math.min(Math.max(pixel, plot.left), plot.right);
  const left = clamp(x.position(steps[0]));
  const right = clamp(x.position(steps[1]));
  const top = y.position(high);
  const foot = y.position(low);
  const bottom = Number.isFinite(foot) ? foot : plot.bottom;
  if (right <= left) return [];
  return [
    element("rect", {
      class: "allowed",
      x: round(left),
      y: round(top),
      width: round(right - left),
      // The band of an orthogonal matrix has no height; two pixels show it.
      height: Math.max(2, round(bottom - top)),
    }),
  ];
}

function describe({ name, spectra, bands }: SpectrumOverStepsOptions): string {
  const { size, lines, step, values } = spectra;
  const range = (row: number) => {
    const first = values[row * lines.length];
    const last = values[(row + 1) * lines.length - 1];
    if (first === undefined || last === undefined) return "not measured";
    return `${formatNumber(Math.min(first, last), 4)} to ${formatNumber(Math.max(first, last), 4)}`;
  };
  const band = bands.at(-1);
  return (
    `${formatInteger(size)} singular values of ${name}: ${range(0)} at step ${formatInteger(step[0] ?? 0)}, ` +
    `${range(step.length - 1)} at step ${formatInteger(step[step.length - 1] ?? 0)}` +
    (band ? `; allowed band ${formatNumber(band.low, 4)} to ${formatNumber(band.high, 4)}.` : ".")
  );
}
