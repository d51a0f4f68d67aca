/** The pictures of how cost grows: a chart for each variable, both axes logarithmic, drawn like the panel's. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { frame, plotOf, round, ticksUp } from "../webview/charts/frame.ts";
import { lineMark, type Point } from "../webview/charts/line.ts";
import { type ElementNode, element, toMarkup } from "../webview/charts/node.ts";
import { type Axis, logAxis } from "../webview/charts/scales.ts";
import { chartStyle } from "../webview/charts/style.ts";
import type { GrowthChart, GrowthLine, Variable } from "./growth.ts";

const panel = { width: 430, height: 320 };
const gap = 16;
const heading = 24;
const footer = 40;
const columns = 2;

const variables: Readonly<Record<Variable, string>> = {
  n: "hidden size n",
  T: "sequence length T",
  B: "batch B",
  m: "reflectors m",
};

/** Writes `growth-time.svg` and `growth-memory.svg` into a folder. @returns their paths. */
export function writeGrowthPlots(charts: readonly GrowthChart[], folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return (["time", "memory"] as const).map((quantity) => {
    const path = join(folder, `growth-${quantity}.svg`);
    writeFileSync(path, picture(charts.filter((chart) => chart.quantity === quantity)));
    return path;
  });
}

function picture(charts: readonly GrowthChart[]): string {
  const rows = Math.ceil(charts.length / columns);
  const width = columns * (panel.width + gap) + gap;
  const height = rows * (panel.height + heading + gap) + gap + footer;
  const placed = charts.map((chart, i) => {
    const x = gap + (i % columns) * (panel.width + gap);
    const y = gap + Math.floor(i / columns) * (panel.height + heading + gap);
    return element(
      "g",
      { class: "chart", transform: `translate(${x},${y})` },
      element("text", { class: "title", x: 0, y: 14, "font-weight": "bold" }, title(chart)),
      element(
        "svg",
        { y: heading, width: panel.width, height: panel.height, overflow: "visible" },
        draw(chart),
      ),
    );
  });
  const notes = footnotes(charts).map((note, i) =>
    element("text", { class: "tick", x: gap, y: height - footer + 10 + 16 * i }, note),
  );
  const node = element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    element("rect", { width, height, class: "paper" }),
    ...placed,
    element("g", { class: "chart" }, ...notes),
  );
  const own =
    ".paper { fill: var(--sigmascope-background); } .beside .line { stroke-dasharray: 5 4; stroke-opacity: 0.75; }";
  return `${toMarkup(node).replace(/^(<svg[^>]*>)/, `$1<style>${chartStyle} ${own}</style>`)}\n`;
}

const title = ({ variable, fixed }: GrowthChart): string => `Against ${variable}; ${fixed}`;

function footnotes([chart]: readonly GrowthChart[]): string[] {
  return chart?.quantity === "time"
    ? [
        "Dots: processor time of a training step on one thread. Dashes: multiplications that the kernels counted, at one rate a line.",
        "Exponents are slopes by least squares through all points of a line: of the time, and of the multiplications.",
      ]
    : [
        "Dots: memory that the kernels took for the model and a batch, on one thread. Dashes: the states' part of it.",
        "Exponents are slopes by least squares through all points of a line: of all memory, and of the states.",
      ];
}

function draw({ variable, quantity, lines }: GrowthChart): ElementNode {
  const plot = plotOf(panel);
  const at = lines[0]!.at;
  const x = withTicks(logAxis([at[0]!, at.at(-1)!], [plot.left + 8, plot.right - 8], 4), at);
  const beside = lines.map((line) => (quantity === "time" ? scaled(line) : line.beside));
  const all = lines.flatMap(({ values }, i) => [...values, ...beside[i]!]);
  // Room for the legend above the lines, which rise to the right.
  const y = logAxis([Math.min(...all) / 1.3, Math.max(...all) * 5], [plot.bottom, plot.top], ticksUp(plot));
  const points = (values: readonly number[]) =>
    values.map((value, i): Point => [x.position(at[i]!), y.position(value)]);
  const marks = lines.map(({ name, values }, i) =>
    element(
      "g",
      { class: `series-${i}`, "data-series": name },
      lineMark(points(beside[i]!), { class: "beside" }),
      ...points(values).map(([px, py]) =>
        element("circle", { class: "dot", cx: round(px), cy: round(py), r: 3 }),
      ),
    ),
  );
  const legend = lines.map((line, i) =>
    legendLine(line, variable, i, plot.left + 12, plot.top + 12 + 16 * i),
  );
  return frame(
    {
      ...panel,
      x,
      y,
      xTitle: variables[variable],
      yTitle: quantity === "time" ? "training step, ms, log scale" : "memory, MiB, log scale",
      description: lines
        .map(
          ({ name, exponent }) => `${name}: ${quantity} grows as ${variable} to the ${exponent.toFixed(2)}`,
        )
        .join("; "),
    },
    marks,
    legend,
  );
}

function legendLine(
  { name, exponent, besideExponent }: GrowthLine,
  variable: Variable,
  index: number,
  x: number,
  y: number,
): ElementNode {
  const power = (value: number): (ElementNode | string)[] => [
    variable,
    element("tspan", { dy: -4, "font-size": 9 }, value.toFixed(2)),
  ];
  const back = element("tspan", { dy: 4 }, "  (dashes ");
  return element(
    "g",
    { class: `series-${index}` },
    element("circle", { class: "dot", cx: x, cy: y - 4, r: 3 }),
    element(
      "text",
      { class: "note", x: x + 10, y },
      `${name}:  `,
      ...power(exponent),
      back,
      ...power(besideExponent),
      element("tspan", { dy: 4 }, ")"),
    ),
  );
}

/** The counted work in the unit of the measured, so that both lie about the same line. */
function scaled({ values, beside }: GrowthLine): number[] {
  const mean = values.reduce((sum, value, i) => sum + Math.log(value / beside[i]!), 0) / values.length;
  return beside.map((value) => value * Math.exp(mean));
}

/** Ticks at the values that were measured, as far as their labels do not touch. */
function withTicks(axis: Axis, values: readonly number[]): Axis {
  const ticks: { at: number; label: string }[] = [];
  for (const value of values) {
    const at = axis.position(value);
    const label = value >= 10_000 ? `${value / 1000}k` : value.toLocaleString("en");
    if (at - (ticks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= 6 * label.length) ticks.push({ at, label });
  }
  return { ...axis, ticks };
}
