/** The plots of lines over steps: loss, metric, gradient norm, half-life and reach, Lyapunov exponents, update ratios. */
import type { Column, Line, PlotName } from "../../src/protocol/details.ts";
import { plotOf } from "../charts/frame.ts";
import { legend } from "../charts/legend.ts";
import { type LineChartOptions, lineChart, type Series } from "../charts/lineChart.ts";
import { expectedSeries, exponentSeries, lyapunovCaption, lyapunovOptions } from "../charts/lyapunov.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { inUnit } from "../charts/profileWords.ts";
import { nearestIndex } from "../charts/readout.ts";
import { cursorPlace, stepMoments } from "../charts/stepMarks.ts";
import { type Drawing, type PlotDefinition, type Scene, type Size, stepDomain } from "./plot.ts";
import { stepOf } from "./view.ts";

type LineName = Column["name"];

/** The lines of a name, of the layer that is looked at where they belong to one. */
function linesOf({ data, view }: Scene, name: LineName): Line[] {
  return (data.lines?.lines ?? []).filter(
    ({ column }) => column.name === name && (!("layer" in column) || column.layer === view.layer),
  );
}

/** What lies over every plot over steps. */
export function overSteps(scene: Scene): NonNullable<LineChartOptions["over"]> {
  return ({ plot, x }) => [
    cursorPlace(plot, x, stepOf(scene.view, scene.news)),
    ...stepMoments(plot, x, scene.news.moments),
  ];
}

interface StepPlot {
  readonly name: PlotName;
  readonly title: (scene: Scene) => string;
  readonly caption: (scene: Scene) => string;
  readonly yTitle: (scene: Scene) => string;
  readonly series: (scene: Scene) => readonly Series[];
  readonly yScale: LineChartOptions["yScale"];
  readonly scales?: boolean;
  readonly more?: (scene: Scene) => Partial<LineChartOptions>;
  readonly legend?: boolean;
  readonly fits?: PlotDefinition["fits"];
}

function stepPlot(plot: StepPlot): PlotDefinition {
  return {
    name: plot.name,
    needs: ["lines"],
    x: "step",
    y: "other",
    scales: plot.scales ?? true,
    ...(plot.fits ? { fits: plot.fits } : {}),
    title: plot.title,
    caption: plot.caption,
    draw: (size: Size, scene: Scene): Drawing | undefined => {
      const series = plot.series(scene);
      if (series.every(({ x }) => x.length === 0)) return undefined;
      const { node, x, y } = lineChart({
        ...size,
        subject: plot.title(scene),
        series,
        xTitle: "step",
        yTitle: inUnit(plot.yTitle(scene), scene.news.record?.profile),
        yScale: scene.view.scales[plot.name] ?? plot.yScale,
        xDomain: stepDomain(scene),
        over: overSteps(scene),
        ...plot.more?.(scene),
      });
      return {
        node,
        plot: plotOf(size),
        x,
        y,
        ...(plot.legend ? { legend: legend(series.map(({ name, color }) => ({ name, color }))) } : {}),
      };
    },
    readout: (scene, step) => readoutOf(plot.series(scene), step),
  };
}

/** e.g. "step 1,200: loss 0.166". */
function readoutOf(series: readonly Series[], wanted: number): string {
  const longest = series.reduce<Series | undefined>(
    (best, one) => (best === undefined || one.x.length > best.x.length ? one : best),
    undefined,
  );
  const i = longest === undefined ? -1 : nearestIndex(longest.x, wanted);
  if (longest === undefined || i < 0) return "";
  const step = longest.x[i]!;
  const values = series.flatMap(({ name, x, y }) => {
    const value = y[nearestIndex(x, step)];
    return value === undefined ? [] : [`${name} ${formatNumber(value, 5)}`];
  });
  return `step ${formatInteger(step)}: ${values.join(" · ")}`;
}

const seriesOf = ({ step, value }: Line, name: string, color = 0, rest: Partial<Series> = {}): Series => ({
  name,
  color,
  x: step,
  y: value,
  ...rest,
});

/** Measurements on the test set beside the line. */
function evaluated({ news }: Scene, key: "loss" | "metric"): Pick<Series, "points"> {
  return {
    points: news.evaluations.flatMap((evaluation) =>
      Number.isFinite(evaluation[key]) ? [[evaluation.step, evaluation[key]] as const] : [],
    ),
  };
}

function trivial({ news: { record } }: Scene, key: "loss" | "metric"): Partial<LineChartOptions> {
  if (record === null) return {};
  const y = record.baseline[key];
  // Runs that other programs recorded may not know it.
  if (!Number.isFinite(y)) return { smooth: true };
  return { smooth: true, levels: [{ y, label: `trivial ${formatNumber(y)}` }] };
}

const metricName = ({ news }: Scene) => news.record?.metricName ?? "metric";
const capital = (text: string) => `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;

export const lossPlot = stepPlot({
  name: "loss",
  title: () => "Loss",
  caption: () =>
    "Bold: moving average. Faint: the recorded steps. Rings: the test set. Dashed: a trivial model.",
  yTitle: () => "loss",
  yScale: "auto",
  series: (scene) =>
    linesOf(scene, "loss").map((line) => seriesOf(line, "loss", 0, evaluated(scene, "loss"))),
  more: (scene) => trivial(scene, "loss"),
});

export const metricPlot = stepPlot({
  name: "metric",
  // Where the loss is the metric, one plot of it is enough.
  fits: (scene) => metricName(scene) !== "mean squared error",
  title: (scene) => capital(metricName(scene)),
  caption: (scene) => capital(scene.news.record?.baseline.reason ?? ""),
  yTitle: metricName,
  yScale: "auto",
  series: (scene) =>
    linesOf(scene, "metric").map((line) => seriesOf(line, metricName(scene), 0, evaluated(scene, "metric"))),
  more: (scene) => ({
    ...trivial(scene, "metric"),
    ...(metricName(scene) === "accuracy" && scene.view.scales.metric === undefined
      ? { yScale: "linear" as const }
      : {}),
  }),
});

export const gradientNormPlot = stepPlot({
  name: "gradientNorm",
  title: () => "Norm of the whole gradient",
  caption: () => "L2 norm over all parameters, before and after clipping.",
  yTitle: () => "‖∂L/∂θ‖",
  yScale: "auto",
  legend: true,
  series: (scene) => [
    ...linesOf(scene, "gradientNorm").map((line) => seriesOf(line, "before clipping")),
    ...linesOf(scene, "clippedGradientNorm").map((line) => seriesOf(line, "after clipping", 1)),
  ],
});

export const halfLifePlot = stepPlot({
  name: "halfLife",
  title: () => "Gradient half-life",
  caption: () =>
    "Timesteps until ‖∂L/∂h‖ halves, going back. Higher is better up to ∞, a steady gradient; negative: it doubles.",
  yTitle: () => "half-life in timesteps, axis linear in 1/half-life",
  yScale: "halfLife",
  scales: false,
  series: (scene) => linesOf(scene, "halfLife").map((line) => seriesOf(line, "half-life")),
});

const lyapunovSeries = (scene: Scene): Series[] => [
  ...linesOf(scene, "lyapunov").flatMap(({ column, step, value }) =>
    column.name === "lyapunov" ? [exponentSeries(column.rank, step, value)] : [],
  ),
  ...linesOf(scene, "lyapunovExpected").map(({ step, value }) => expectedSeries(step, value)),
];

export const lyapunovPlot = stepPlot({
  name: "lyapunov",
  fits: ({ news }) => news.lyapunov,
  title: () => "Lyapunov exponents over steps",
  caption: () => lyapunovCaption,
  yTitle: () => "nats per timestep",
  yScale: "linear",
  scales: false,
  legend: true,
  series: lyapunovSeries,
  more: (scene) => lyapunovOptions(lyapunovSeries(scene)),
});

/** The layer, from 1, whose matrix is chosen; undefined for recurrent nets, whose few parameters are all shown. */
function shownLayer({ news: { record }, view: { matrix } }: Scene): number | undefined {
  return record?.profile === "layers" ? Number(/^layer (\d+)$/.exec(matrix ?? "")?.[1] ?? 1) : undefined;
}

/** A deep net has hundreds of parameters: those of one layer, and the head's, can be told apart. */
function isOfShownLayer(scene: Scene, parameter: string): boolean {
  const layer = shownLayer(scene);
  return (
    layer === undefined || !parameter.startsWith("layers.") || parameter.startsWith(`layers.${layer - 1}.`)
  );
}

const ofMatrixLayer = (scene: Scene) => {
  const layer = shownLayer(scene);
  return layer === undefined ? "" : ` of layer ${layer} and the head`;
};

export const updateRatioPlot = stepPlot({
  name: "updateRatio",
  title: (scene) => `Update ratio by parameter${ofMatrixLayer(scene)}`,
  caption: (scene) =>
    "Norm of a step's change over the norm of the parameter. Shaded: 10⁻⁴ to 10⁻², which is usual; much more is rash, much less is idle." +
    (shownLayer(scene) === undefined ? "" : " Names of parameters count layers from 0."),
  yTitle: () => "‖Δθ‖ / ‖θ‖",
  yScale: "log",
  legend: true,
  series: (scene) =>
    (scene.data.lines?.lines ?? [])
      .flatMap((line) =>
        line.column.name === "updateRatio" && isOfShownLayer(scene, line.column.parameter)
          ? [{ line, parameter: line.column.parameter }]
          : [],
      )
      .map(({ line, parameter }, i) => seriesOf(line, parameter, i)),
  more: () => ({ ranges: [{ low: 1e-4, high: 1e-2, label: "usual" }] }),
});
