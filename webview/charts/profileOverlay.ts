/** The gradient's norm by timestep, of several runs on one picture, counted back from the last timestep. */
import { areaMark } from "./area.ts";
import { frame, plotOf, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { lineMark, type Point } from "./line.ts";
import { type ElementNode, element } from "./node.ts";
import { finiteExtent, formatInteger, formatNumber } from "./numbers.ts";
import { inUnit, type ProfileUnit } from "./profileWords.ts";
import { linearAxis, logAxis } from "./scales.ts";

export interface OverlaidProfile {
  readonly name: string;
  readonly color: number;
  readonly step: number;
  /** T. */
  readonly length: number;
  /** Some of 1 … T, ascending. */
  readonly timesteps: ArrayLike<number>;
  readonly median: ArrayLike<number>;
  /** From the smallest to the largest of several runs. */
  readonly spread?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> };
}

export interface ProfileOverlayOptions extends Size {
  readonly unit?: ProfileUnit | undefined;
  readonly profiles: readonly OverlaidProfile[];
}

/** Decades shown below the largest value, as in the profile of one run. */
const decades = 14;

export function profileOverlay(options: ProfileOverlayOptions): ElementNode {
  const { profiles } = options;
  const plot = plotOf(options);
  const longest = Math.max(2, ...profiles.map(({ length }) => length));
  const back = linearAxis([-(longest - 1), 0], [plot.left, plot.right], ticksAcross(plot), formatInteger);
  const x = {
    ...back,
    ticks: back.ticks.map(({ at, label }) => ({ at, label: label.replace("-", "−") })),
  };
  const [low, high] = finiteExtent(
    profiles.map(({ median }) => median),
    true,
  ) ?? [0.1, 1];
  const floor = Math.max(low, high * 10 ** -decades);
  const y = logAxis([floor, high * 1.3], [plot.bottom, plot.top], ticksUp(plot));
  // What is too small for the axis runs along its foot.
  const place = (value: number) => (value >= 0 ? y.position(Math.max(value, floor / 10)) : Number.NaN);
  const marks = profiles.map(({ name, color, length, timesteps, median, spread }) => {
    const at = (i: number) => x.position(timesteps[i]! - length);
    return element(
      "g",
      { class: `series-${color % 8}`, "data-series": name },
      spread &&
        areaMark(
          Array.from(
            spread.low,
            (value, i) => [at(i), place(value), place(spread.high[i] ?? Number.NaN)] as const,
          ),
          { class: "band" },
        ),
      lineMark(
        Array.from(median, (value, i): Point => [at(i), place(value)]),
        { class: "current" },
      ),
    );
  });
  return frame(
    {
      ...options,
      x,
      y,
      xTitle: inUnit("timestep, counted back from the last", options.unit),
      yTitle: inUnit("‖∂L/∂hₜ‖, log scale", options.unit),
      description: inUnit(
        `Gradient norm by timestep. ${profiles
          .map(
            ({ name, step, median }) =>
              `${name} at step ${formatInteger(step)}: ${formatNumber(median[0] ?? Number.NaN)} at the first timestep, ` +
              `${formatNumber(median[median.length - 1] ?? Number.NaN)} at the last.`,
          )
          .join(" ")}`,
        options.unit,
      ),
    },
    marks,
  );
}
