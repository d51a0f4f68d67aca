/** Every singular value of the transition matrix over training, against the band that it may move in. */
import { quantileSorted } from "d3";
import { areaMark } from "./area.ts";
import { frame, plotOf, round, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { lineMark, type Point } from "./line.ts";
import { type ElementNode, element } from "./node.ts";
import { finiteExtent, formatInteger, formatNumber } from "./numbers.ts";
import { levelMark } from "./rule.ts";
import { linearAxis, stepAxis } from "./scales.ts";

/** σ* ± r, from one step to another. */
export interface Band {
  readonly low: number;
  readonly high: number;
  readonly fromStep: number;
  readonly toStep: number;
}

export interface SingularTrajectoriesOptions extends Size {
  readonly name: string;
  readonly color: number;
  readonly steps: ArrayLike<number>;
  /** One array of descending singular values for each step. */
  readonly values: readonly ArrayLike<number>[];
  readonly band?: Band | undefined;
  /** To share between charts that are compared. */
  readonly yDomain?: readonly [number, number] | undefined;
}

/** Most singular values drawn as single lines; more become a fan of quantiles. */
export const mostLines = 64;
/** The fan: pairs of quantiles, from the outside in. */
const fan = [
  [0, 1],
  [0.1, 0.9],
  [0.25, 0.75],
] as const;

/** A y domain that holds the values, the band and 1, with some air. */
export function spectrumDomain(
  values: Iterable<ArrayLike<number>>,
  bands: Iterable<Band | undefined> = [],
): [number, number] {
  const edges = [...bands].flatMap((band) => (band ? [[band.low, band.high]] : []));
  const [low, high] = finiteExtent([...values, ...edges, [1]]) ?? [0, 1];
  const margin = Math.max(0.05 * (high - low), 1e-3 * high);
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin];
}

export function singularTrajectories(options: SingularTrajectoriesOptions): ElementNode {
  const { steps, values, band, color } = options;
  const plot = plotOf(options);
  const x = stepAxis(finiteExtent([steps]) ?? [0, 1], [plot.left, plot.right], ticksAcross(plot));
  const y = linearAxis(
    options.yDomain ?? spectrumDomain(values, [band]),
    [plot.bottom, plot.top],
    ticksUp(plot),
  );
  const trajectory = (value: (spectrum: ArrayLike<number>) => number | undefined) =>
    values.map((spectrum, i): Point => [x.position(steps[i]!), y.position(value(spectrum) ?? Number.NaN)]);

  const marks: ElementNode[] = [];
  if (band) {
    const clamp = (pixel: number) => Math.min(Math.max(pixel, plot.left), plot.right);
    const left = clamp(x.position(band.fromStep));
    const ended = band.toStep < (steps[steps.length - 1] ?? 0);
    const right = ended ? clamp(x.position(band.toStep)) : plot.right;
    marks.push(
      element("rect", {
        class: "allowed",
        x: round(left),
        y: round(y.position(band.high)),
        width: round(right - left),
        // The band of an orthogonal matrix has no height; two pixels show it.
        height: Math.max(2, round(y.position(band.low) - y.position(band.high))),
      }),
    );
  }
  marks.push(levelMark(plot, y.position(1)));
  const count = Math.max(0, ...values.map(({ length }) => length));
  const lines: ElementNode[] = [];
  if (count <= mostLines)
    for (let i = 1; i < count - 1; i++)
      lines.push(
        lineMark(
          trajectory((spectrum) => spectrum[i]),
          { class: "thin" },
        ),
      );
  else {
    const ascending = values.map((spectrum) => Array.from(spectrum).reverse());
    for (const [low, high] of fan)
      lines.push(
        areaMark(
          ascending.map((spectrum, i) => {
            const at = (p: number) => y.position(quantileSorted(spectrum, p) ?? Number.NaN);
            return [x.position(steps[i]!), at(low), at(high)] as const;
          }),
          { class: "band" },
        ),
      );
    lines.push(
      lineMark(
        trajectory((spectrum) => spectrum[Math.floor(spectrum.length / 2)]),
        { class: "thin" },
      ),
    );
  }
  lines.push(
    lineMark(
      trajectory((spectrum) => spectrum[0]),
      { class: "edge" },
    ),
  );
  if (count > 1)
    lines.push(
      lineMark(
        trajectory((spectrum) => spectrum[spectrum.length - 1]),
        { class: "edge" },
      ),
    );
  marks.push(element("g", { class: `series-${color % 8}` }, ...lines));
  return frame(
    {
      ...options,
      x,
      y,
      xTitle: "step",
      yTitle: count > mostLines ? "σ: all, 10–90 %, 25–75 %" : "singular values σᵢ",
      description: describe(options, count),
    },
    marks,
  );
}

function describe({ name, steps, values, band }: SingularTrajectoriesOptions, count: number): string {
  const range = (spectrum: ArrayLike<number> | undefined) =>
    spectrum && spectrum.length > 0
      ? `${formatNumber(spectrum[spectrum.length - 1]!, 4)} to ${formatNumber(spectrum[0]!, 4)}`
      : "not measured";
  return (
    `${formatInteger(count)} singular values of ${name}: ${range(values[0])} at step ${formatInteger(steps[0] ?? 0)}, ` +
    `${range(values.at(-1))} at step ${formatInteger(steps[steps.length - 1] ?? 0)}` +
    (band ? `; allowed band ${formatNumber(band.low, 4)} to ${formatNumber(band.high, 4)}.` : ".")
  );
}
