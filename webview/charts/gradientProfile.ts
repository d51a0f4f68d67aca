/** The gradient's norm at each timestep: where along the sequence it dies or blows up, and how that changed. */
import { areaMark } from "./area.ts";
import { frame, type Plot, plotOf, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { lineMark, type Point } from "./line.ts";
import { type ElementNode, element } from "./node.ts";
import { finiteExtent, formatInteger, formatNumber } from "./numbers.ts";
import { inUnit, type ProfileUnit } from "./profileWords.ts";
import { type Axis, linearAxis, logAxis } from "./scales.ts";

/** ‖∂L/∂h_t‖ over the batch at one training step, by timestep. */
export interface Profile {
  readonly step: number;
  readonly p10: ArrayLike<number>;
  readonly p50: ArrayLike<number>;
  readonly p90: ArrayLike<number>;
}

export interface GradientProfileOptions extends Size {
  readonly name: string;
  readonly color: number;
  /** T; `timesteps` may be some of 1 … T, in ascending order. */
  readonly length: number;
  readonly timesteps: ArrayLike<number>;
  readonly unit?: ProfileUnit | undefined;
  /** The moment looked at: its median as a line, its 10th to 90th percentile as a band. */
  readonly current: Profile;
  /** Other moments of training, early to late: faint lines. */
  readonly moments: readonly Profile[];
  /** To share between charts that are compared; from `profileDomain`. */
  readonly yDomain: readonly [number, number];
  /** Timesteps shown; all of 1 … T where it is not given. */
  readonly xDomain?: readonly [number, number];
  readonly yScale?: "log" | "linear";
  /** The line whose slope is the half-life: log₂ of the norm at t is intercept + slope · t. */
  readonly fit?: GradientFit | null;
}

export interface GradientFit {
  readonly slope: number;
  readonly intercept: number;
  readonly timesteps: readonly [number, number];
  readonly halfLife: number;
}

/** The axes of a gradient profile: the page finds what stands under the pointer by them. */
export function profileAxes(
  options: Pick<GradientProfileOptions, "width" | "height" | "length" | "xDomain" | "yDomain" | "yScale">,
): { readonly plot: Plot; readonly x: Axis; readonly y: Axis } {
  const plot = plotOf(options);
  const x = linearAxis(
    options.xDomain ?? [1, Math.max(options.length, 2)],
    [plot.left, plot.right],
    ticksAcross(plot),
    formatInteger,
  );
  const whole = x.ticks.filter(({ at }) => Math.abs(x.invert(at) - Math.round(x.invert(at))) < 1e-6);
  const [low, high] = options.yDomain;
  const range = [plot.bottom, plot.top] as const;
  const y =
    options.yScale === "linear"
      ? linearAxis([0, high * 1.04], range, ticksUp(plot))
      : logAxis([low, high], range, ticksUp(plot));
  return { plot, x: { ...x, ticks: whole }, y };
}

/** Decades shown below the largest value. What lies lower is gone for any purpose of training. */
const decades = 14;

/** A y domain that holds the given profiles, at most 14 decades. */
export function profileDomain(profiles: Iterable<Profile>): [number, number] {
  const [low, high] = finiteExtent(
    [...profiles].flatMap(({ p10, p50, p90 }) => [p10, p50, p90]),
    true,
  ) ?? [0.1, 1];
  return [Math.max(low, high * 10 ** -decades), high];
}

export function gradientProfile(options: GradientProfileOptions): ElementNode {
  const { current, moments, timesteps, color, yDomain } = options;
  const { plot, x, y } = profileAxes(options);
  // The first timestep is worth a tick; the ticks of d3 start at 0.
  const xTicks = x.ticks.filter(({ at, label }) => at - plot.left > 24 && /^[\d,]+$/.test(label));
  const zoomed = options.xDomain !== undefined && options.xDomain[0] > 1;
  const withFirst = zoomed ? x : { ...x, ticks: [{ at: x.position(1), label: "1" }, ...xTicks] };
  // Values too small for the axis run along its foot, where they are cut off, and do not look like missing ones.
  const floor = (value: number) => (value >= 0 ? y.position(Math.max(value, yDomain[0] / 10)) : Number.NaN);
  const points = (values: ArrayLike<number>) =>
    Array.from(values, (value, i): Point => [x.position(timesteps[i]!), floor(value)]);

  const faint = moments.map(({ step, p50 }, i) =>
    element(
      "g",
      { class: `moment-line age-${Math.round((4 * i) / Math.max(moments.length - 1, 1))}` },
      element("title", {}, `step ${formatInteger(step)}`),
      lineMark(points(p50), {}),
    ),
  );
  const band = areaMark(
    Array.from(
      current.p10,
      (low, i) => [x.position(timesteps[i]!), floor(low), floor(current.p90[i]!)] as const,
    ),
    { class: "band" },
  );
  const fit = options.fit ? [fitMark(options.fit, x, floor)] : [];
  const median = lineMark(points(current.p50), { class: "current", "data-step": current.step });
  const series = element("g", { class: `series-${color % 8}` }, ...faint, band, ...fit, median);
  return frame(
    {
      ...options,
      x: withFirst,
      y,
      xTitle: inUnit("timestep t", options.unit),
      yTitle: inUnit(options.yScale === "linear" ? "‖∂L/∂hₜ‖" : "‖∂L/∂hₜ‖, log scale", options.unit),
      description: inUnit(describe(options), options.unit),
    },
    [series],
    options.fit ? [fitLabel(options.fit, plot, options.unit)] : [],
  );
}

/** Points of a fit's line: on a linear axis it is a curve. */
const fitPoints = 64;

function fitMark(fit: GradientFit, x: Axis, place: (norm: number) => number): ElementNode {
  const [from, to] = fit.timesteps;
  return lineMark(
    Array.from({ length: fitPoints }, (_, i): Point => {
      const t = from + (i * (to - from)) / (fitPoints - 1);
      return [x.position(t), place(2 ** (fit.intercept + fit.slope * t))];
    }),
    { class: "fit" },
  );
}

const fitLabel = ({ halfLife }: GradientFit, plot: Plot, unit: ProfileUnit | undefined): ElementNode =>
  element(
    "text",
    { class: "note", x: plot.left + 8, y: plot.top + 12 },
    !Number.isFinite(halfLife)
      ? "dashed: fit, steady"
      : halfLife < 0
        ? `dashed: fit, doubles every ${formatNumber(-halfLife)} ${unit ?? "timesteps"}`
        : `dashed: fit, half-life ${formatNumber(halfLife)} ${unit ?? "timesteps"}`,
  );

function describe({ name, current, timesteps, length }: GradientProfileOptions): string {
  const last = current.p50.length - 1;
  const at = (i: number) => `${formatNumber(current.p50[i] ?? Number.NaN)} at timestep ${timesteps[i] ?? 0}`;
  return (
    `Gradient norm by timestep of ${name} at step ${formatInteger(current.step)}, sequence length ${length}: ` +
    `median ${at(0)}, ${at(Math.floor(last / 2))}, ${at(last)}.`
  );
}
