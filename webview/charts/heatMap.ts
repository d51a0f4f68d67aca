/** The heat map timestep × step: pixels, the axes around them, and the legend of the colours. */
import { type ColorMap, lookUpTable, lutSize } from "./colorMaps.ts";
import { frame, type Plot, plotOf, round, type Size, ticksAcross, ticksUp } from "./frame.ts";
import { type ElementNode, element } from "./node.ts";
import { formatInteger, formatNumber, powerOfTen } from "./numbers.ts";
import { inUnit, type ProfileUnit } from "./profileWords.ts";
import { type Axis, linearAxis, stepAxis } from "./scales.ts";

type Domain = readonly [number, number];

/**
 * The pixels of a picture, red, green, blue and alpha, with the first timestep at the bottom.
 *
 * @param values row by row from the first timestep, width × height; −Infinity is drawn as the lowest colour, and what is
 *   NaN is left transparent.
 * @param domain the values of the first and the last colour; what lies outside has the colour of the end.
 */
export function heatMapPixels(
  values: ArrayLike<number>,
  width: number,
  height: number,
  domain: Domain,
  map: ColorMap,
): Uint8ClampedArray<ArrayBuffer> {
  const table = lookUpTable(map);
  const pixels = new Uint8ClampedArray(4 * width * height);
  const [low, high] = domain;
  const scale = high > low ? (lutSize - 1) / (high - low) : 0;
  for (let row = 0; row < height; row++) {
    const from = (height - 1 - row) * width;
    for (let column = 0; column < width; column++) {
      const value = values[from + column]!;
      if (Number.isNaN(value)) continue;
      const index = Math.round(Math.min(lutSize - 1, Math.max(0, (value - low) * scale)));
      const at = 4 * (row * width + column);
      pixels[at] = table[3 * index]!;
      pixels[at + 1] = table[3 * index + 1]!;
      pixels[at + 2] = table[3 * index + 2]!;
      pixels[at + 3] = 255;
    }
  }
  return pixels;
}

export interface HeatMapOptions extends Size {
  readonly name: string;
  readonly steps: Domain;
  readonly timesteps: Domain;
  readonly unit?: ProfileUnit | undefined;
  /** log₁₀ of the norms of the first and the last colour. */
  readonly domain: Domain | null;
  readonly over?: (axes: {
    readonly plot: Plot;
    readonly x: Axis;
    readonly y: Axis;
  }) => readonly ElementNode[];
}

/** Steps lie along x; along y the timesteps, each of which has one unit of room, centred on its number. */
export function heatMapAxes({ width, height, steps, timesteps }: HeatMapOptions): {
  readonly plot: Plot;
  readonly x: Axis;
  readonly y: Axis;
} {
  const plot = plotOf({ width, height });
  const x = stepAxis(steps, [plot.left, plot.right], ticksAcross(plot));
  const y = linearAxis(
    [timesteps[0] - 0.5, timesteps[1] + 0.5],
    [plot.bottom, plot.top],
    ticksUp(plot),
    formatInteger,
  );
  const whole = y.ticks.filter(({ at }) => {
    const t = y.invert(at);
    return Math.abs(t - Math.round(t)) < 1e-6 && t > 0;
  });
  return { plot, x, y: { ...y, ticks: whole } };
}

/** The axes; the rectangle between them is left free for the pixels, which lie beneath. */
export function heatMapFrame(options: HeatMapOptions): ElementNode {
  const { steps, timesteps, domain, name, unit } = options;
  const { plot, x, y } = heatMapAxes(options);
  const range =
    domain === null
      ? "nothing measured yet"
      : `${formatNumber(10 ** domain[0])} to ${formatNumber(10 ** domain[1])}`;
  // Grid lines would cross the picture.
  const lines = y.ticks.map(({ at }) =>
    element("line", { class: "axis", x1: plot.left - 4, x2: plot.left, y1: round(at), y2: round(at) }),
  );
  return frame(
    {
      ...options,
      x,
      y,
      xTitle: "step",
      yTitle: inUnit("timestep t", unit),
      grid: false,
      description: inUnit(
        `Heat map of the gradient norm of ${name}: steps ${formatInteger(steps[0])} to ${formatInteger(steps[1])}, ` +
          `timesteps ${formatInteger(timesteps[0])} to ${formatInteger(timesteps[1])}, norms ${range}.`,
        unit,
      ),
    },
    [],
    [...lines, ...(options.over?.({ plot, x, y }) ?? [])],
  );
}

const legendSize = { width: 300, height: 42 };

/** The colours from the lowest to the highest, with powers of ten beneath. */
export function colorLegend(domain: Domain, map: ColorMap): ElementNode {
  const { width, height } = legendSize;
  const left = 14;
  const right = width - 14;
  const table = lookUpTable(map);
  const bars = 64;
  const color = (i: number) => {
    const index = Math.round((i * (lutSize - 1)) / (bars - 1));
    return `rgb(${table[3 * index]},${table[3 * index + 1]},${table[3 * index + 2]})`;
  };
  const axis = linearAxis(domain, [left, right], 5, (exponent) =>
    Number.isInteger(exponent) ? powerOfTen(exponent) : formatNumber(10 ** exponent, 2),
  );
  return element(
    "svg",
    {
      class: "chart color-legend",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": `Colours: gradient norm from ${formatNumber(10 ** domain[0])} to ${formatNumber(10 ** domain[1])}.`,
    },
    ...Array.from({ length: bars }, (_, i) =>
      element("rect", {
        x: round(left + (i * (right - left)) / bars),
        y: 14,
        width: round((right - left) / bars + 0.6),
        height: 10,
        fill: color(i),
      }),
    ),
    element("text", { class: "tick", x: left, y: 10 }, "‖∂L/∂hₜ‖, median over the batch, log scale"),
    ...axis.ticks.map(({ at, label }) =>
      element("text", { class: "tick", x: round(at), y: 37, "text-anchor": "middle" }, label),
    ),
  );
}
