import { expect, test } from "vitest";
import { gradientProfile, type Profile, profileDomain } from "../../../webview/charts/gradientProfile.ts";
import { lineMark, type Point, thinned } from "../../../webview/charts/line.ts";
import { type LineChartOptions, lineChart } from "../../../webview/charts/lineChart.ts";
import { type ElementNode, element, toMarkup } from "../../../webview/charts/node.ts";
import { formatNumber, powerOfTen } from "../../../webview/charts/numbers.ts";
import { nearestIndex, readout } from "../../../webview/charts/readout.ts";
import { halfLifeAxis, linearAxis, logAxis, stepAxis } from "../../../webview/charts/scales.ts";
import { singularTrajectories, spectrumDomain } from "../../../webview/charts/singularTrajectories.ts";
import { movingAverage } from "../../../webview/charts/smooth.ts";
import { sortedSpectrum } from "../../../webview/charts/sortedSpectrum.ts";

const size = { width: 600, height: 300 };
/** The plot's rectangle at that size. */
const plot = { left: 52, right: 588, top: 26, bottom: 262 };

/** All elements with a class among their classes. */
function withClass(node: ElementNode, name: string): ElementNode[] {
  const here = String(node.attributes.class ?? "")
    .split(" ")
    .includes(name)
    ? [node]
    : [];
  return [
    ...here,
    ...node.children.flatMap((child) => (typeof child === "string" ? [] : withClass(child, name))),
  ];
}

/** Points of an SVG path of straight lines, one list for each piece. */
function pieces(path: string): Point[][] {
  return path
    .split("M")
    .slice(1)
    .map((piece) =>
      piece
        .replace(/Z$/, "")
        .split("L")
        .map((pair) => pair.split(",").map(Number) as unknown as Point),
    );
}

const pathsOf = (node: ElementNode) => withClass(node, "line").map((line) => String(line.attributes.d));

const loss = (options: Partial<LineChartOptions> = {}) =>
  lineChart({
    ...size,
    subject: "loss",
    xTitle: "step",
    yTitle: "loss",
    yScale: "linear",
    series: [{ name: "vanilla", color: 0, x: [0, 50, 100], y: [0, 1, 0.5] }],
    ...options,
  });

test("a line goes through its points", () => {
  const { node, x, y } = loss();
  const [path = ""] = pathsOf(node);
  const [[first, middle, last] = []] = pieces(path);
  expect(first).toEqual([plot.left, plot.bottom]);
  expect(middle![0]).toBe((plot.left + plot.right) / 2);
  expect(last![0]).toBe(plot.right);
  expect(middle![1]).toBeCloseTo(y.position(1), 0);
  // Equal heights for equal differences, with a margin above the highest value.
  expect(last![1] - middle![1]).toBeCloseTo(plot.bottom - last![1], 0);
  expect(middle![1]).toBeGreaterThan(plot.top);
  expect(x.invert(x.position(37))).toBeCloseTo(37, 9);
});

test("missing values are gaps, and a lone value is a dot", () => {
  const points: Point[] = [0, 1, Number.NaN, 3, Number.NaN, 5, 6].map((y, i) => [10 * i, y]);
  const mark = lineMark(points, {});
  const [path = ""] = pathsOf(mark);
  expect(path).toBe("M0,0L10,1M30,3ZM50,5L60,6");
  expect(withClass(mark, "dot").map(({ attributes }) => attributes.cx)).toEqual([30]);
});

test("a single point is drawn as a dot in the middle", () => {
  const { node } = loss({ series: [{ name: "a", color: 0, x: [1], y: [0.3] }] });
  expect(pathsOf(node)).toEqual([]);
  const [dot] = withClass(node, "dot");
  expect(dot!.attributes.cx).toBe((plot.left + plot.right) / 2);
  expect(node.attributes["aria-label"]).toBe(
    "Loss by step. a: 1 point from step 1 to 1, first 0.3, last 0.3.",
  );
});

test("20,000 points become a short path that keeps every extreme", () => {
  const count = 20_000;
  const x = Array.from({ length: count }, (_, i) => i);
  const y = x.map((i) => Math.sin(i) + (i === 12_345 ? 50 : 0) - (i === 777 ? 50 : 0));
  const chart = loss({ series: [{ name: "a", color: 0, x, y }] });
  const [path = ""] = pathsOf(chart.node);
  expect(path.length).toBeLessThan(40_000);
  const heights = pieces(path).flatMap((piece) => piece.map(([, height]) => height));
  expect(Math.min(...heights)).toBeCloseTo(chart.y.position(y[12_345]!), 0);
  expect(Math.max(...heights)).toBeCloseTo(chart.y.position(y[777]!), 0);
});

test("thinning keeps gaps and leaves few points as they are", () => {
  const few: Point[] = [
    [0, 1],
    [0.2, Number.NaN],
    [0.4, 3],
  ];
  expect(thinned(few)).toEqual(few);
  const many: Point[] = Array.from({ length: 300 }, (_, i) => [i / 100, i === 150 ? Number.NaN : i]);
  const kept = thinned(many);
  expect(kept.some(([, y]) => Number.isNaN(y))).toBe(true);
  expect(kept[0]).toEqual([0, 0]);
  expect(kept.at(-1)).toEqual([2.99, 299]);
  expect(kept.length).toBeLessThan(20);
});

test("auto takes a log scale for a wide positive range only, and says so", () => {
  const title = (y: number[]) =>
    withClass(loss({ yScale: "auto", series: [{ name: "a", color: 0, x: [1, 2], y }] }).node, "title")[0]!
      .children[0];
  expect(title([1, 0.01])).toBe("loss, log scale");
  expect(title([1, 0.5])).toBe("loss");
  expect(title([1, -0.01])).toBe("loss");
});

test("levels, points and moments are marked where they belong", () => {
  const { node, x, y } = loss({
    levels: [{ y: 0.25, label: "trivial 0.25" }],
    series: [
      {
        name: "a",
        color: 3,
        x: [0, 100],
        y: [0, 1],
        points: [[50, 0.5]],
        moments: [{ x: 25, label: "switched" }],
      },
    ],
  });
  expect(withClass(node, "level")[0]!.attributes.y1).toBeCloseTo(y.position(0.25), 0);
  expect(toMarkup(node)).toContain(">trivial 0.25</text>");
  const [ring] = withClass(node, "ring");
  expect([ring!.attributes.cx, ring!.attributes.cy]).toEqual([
    Math.round(x.position(50)),
    Math.round(y.position(0.5) * 10) / 10,
  ]);
  const markup = toMarkup(withClass(node, "moment")[0]!);
  expect(markup).toContain(`x1="${x.position(25)}"`);
  expect(markup).toContain("<title>switched</title>");
});

test("a description says the numbers of every series", () => {
  const { node } = loss({
    series: [
      { name: "a", color: 0, x: [1, 1000], y: [0.5, 0.1667] },
      { name: "b", color: 1, x: [1, 2], y: [Number.NaN, Number.NaN] },
    ],
  });
  expect(node.attributes.role).toBe("img");
  expect(node.attributes["aria-label"]).toBe(
    "Loss by step. a: 2 points from step 1 to 1,000, first 0.5, last 0.167. b: no values.",
  );
});

test("nothing at all still makes a chart", () => {
  expect(toMarkup(loss({ series: [] }).node)).toContain("<svg");
  expect(
    toMarkup(loss({ yScale: "log", series: [{ name: "a", color: 0, x: [], y: [] }] }).node),
  ).not.toContain("NaN");
});

test("a log axis: powers of ten over decades, round numbers within one", () => {
  const labels = (low: number, high: number, count = 6) =>
    logAxis([low, high], [200, 0], count).ticks.map(({ label }) => label);
  expect(labels(1e-8, 1, 5)).toEqual(["10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]);
  expect(labels(0.1, 3)).toEqual(["0.1", "0.2", "0.5", "1", "2"]);
  expect(labels(0.161, 0.169, 4)).toEqual(["0.162", "0.164", "0.166", "0.168"]);
  expect(logAxis([1, 100], [200, 0], 5).position(10)).toBeCloseTo(100, 9);
  expect(logAxis([1, 100], [200, 0], 5).position(0)).toBeNaN();
});

test("linear and step axes", () => {
  expect(linearAxis([0.999, 1.001], [0, 100], 4).ticks.map(({ label }) => label)).toEqual([
    "0.9990",
    "0.9995",
    "1.0000",
    "1.0005",
    "1.0010",
  ]);
  expect(linearAxis([0, 4e-5], [0, 100], 2).ticks.map(({ label }) => label)).toEqual([
    "0",
    "2×10⁻⁵",
    "4×10⁻⁵",
  ]);
  expect(stepAxis([1, 3], [0, 100], 8).ticks.map(({ label }) => label)).toEqual(["1", "2", "3"]);
  expect(stepAxis([1, 1], [0, 100], 2).position(1)).toBe(50);
});

test("half-lives: quick decay below, the steady state between, growth above", () => {
  const axis = halfLifeAxis([-1, 0.5], [300, 0], 12);
  const heights = [1, 2, 10, Number.POSITIVE_INFINITY, -10, -2].map(axis.position);
  expect(heights).toEqual([...heights].sort((a, b) => b - a));
  expect(heights[0]).toBe(300);
  expect(axis.position(Number.NaN)).toBeNaN();
  const labels = axis.ticks.map(({ label }) => label);
  expect(labels).toEqual(expect.arrayContaining(["∞", "1", "2", "5", "−2", "−5"]));
  const positions = axis.ticks.map(({ at }) => at).sort((a, b) => a - b);
  for (let i = 1; i < positions.length; i++)
    expect(positions[i]! - positions[i - 1]!).toBeGreaterThanOrEqual(12);
});

test("half-lives of a wild first step do not flatten the rest", () => {
  const y = [0.1, ...Array.from({ length: 99 }, () => 20)];
  const x = y.map((_, i) => i);
  const chart = loss({ yScale: "halfLife", series: [{ name: "a", color: 0, x, y }] });
  expect(chart.y.position(20) - chart.y.position(Number.POSITIVE_INFINITY)).toBeGreaterThan(60);
});

const profile = (step: number, halfLife: number, length = 50): Profile => {
  const p50 = Array.from({ length }, (_, i) => 0.1 * 2 ** ((i + 1 - length) / halfLife));
  return { step, p10: p50.map((v) => v / 2), p50, p90: p50.map((v) => 2 * v) };
};
const timesteps = Array.from({ length: 50 }, (_, i) => i + 1);

test("a gradient profile: median, band, and other moments behind it", () => {
  const current = profile(1000, 10);
  const moments = [profile(1, 3), profile(500, 5), current];
  const chart = gradientProfile({
    ...size,
    name: "vanilla",
    color: 1,
    length: 50,
    timesteps,
    current,
    moments,
    yDomain: profileDomain(moments),
  });
  expect(withClass(chart, "moment-line")).toHaveLength(3);
  const [median = ""] = pathsOf(withClass(chart, "current")[0]!);
  const [points = []] = pieces(median);
  expect(points).toHaveLength(50);
  expect([points[0]![0], points.at(-1)![0]]).toEqual([plot.left, plot.right]);
  // Decay at a constant rate is a straight line on a log scale.
  const slopes = points.slice(1).map(([, y], i) => y - points[i]![1]);
  for (const slope of slopes) expect(slope).toBeCloseTo(slopes[0]!, 0);
  const [band] = pieces(String(withClass(chart, "band")[0]!.attributes.d));
  expect(band).toHaveLength(100);
  expect(chart.attributes["aria-label"]).toBe(
    "Gradient norm by timestep of vanilla at step 1,000, sequence length 50: median 0.00335 at timestep 1, " +
      "0.0177 at timestep 25, 0.1 at timestep 50.",
  );
});

test("a vanished gradient runs along the foot of the chart; missing values do not", () => {
  const p50 = timesteps.map((t) => (t < 20 ? 0 : t === 30 ? Number.NaN : 1));
  const current = { step: 1, p10: p50, p50, p90: p50 };
  const yDomain = profileDomain([current, profile(1, 0.2)]);
  expect(yDomain[0]).toBeCloseTo(1e-14, 20);
  const chart = gradientProfile({
    ...size,
    name: "a",
    color: 0,
    length: 50,
    timesteps,
    current,
    moments: [],
    yDomain,
  });
  const [median = ""] = pathsOf(withClass(chart, "current")[0]!);
  const parts = pieces(median);
  expect(parts.map(({ length }) => length)).toEqual([29, 20]);
  expect(parts[0]![0]![1]).toBeGreaterThan(plot.bottom);
});

const spectrum = (n: number, step: number) =>
  Array.from({ length: n }, (_, i) => 1 + (0.1 * step * (n - 1 - 2 * i)) / (n - 1) / 2);
const trajectories = (n: number, extra = {}) =>
  singularTrajectories({
    ...size,
    name: "spectral",
    color: 1,
    steps: [1, 2],
    values: [spectrum(n, 1), spectrum(n, 2)],
    ...extra,
  });

test("singular values: a line each up to 64, a fan of quantiles above", () => {
  const few = trajectories(64);
  expect(withClass(few, "thin")).toHaveLength(62);
  expect(withClass(few, "edge")).toHaveLength(2);
  expect(withClass(few, "band")).toHaveLength(0);
  const many = trajectories(65);
  expect(withClass(many, "thin")).toHaveLength(1);
  expect(withClass(many, "band")).toHaveLength(3);
  // The widest band reaches from the smallest to the largest value.
  const [outer] = pieces(String(withClass(many, "band")[0]!.attributes.d));
  const edges = withClass(many, "edge").flatMap((edge) => pathsOf(edge).flatMap(pieces).flat());
  const heights = (points: readonly Point[]) => [...new Set(points.map(([, y]) => y))].sort((a, b) => a - b);
  expect(heights(outer!)).toEqual(heights(edges));
  expect(many.attributes["aria-label"]).toBe(
    "65 singular values of spectral: 0.95 to 1.05 at step 1, 0.9 to 1.1 at step 2.",
  );
});

test("one singular value is one line", () => {
  const chart = singularTrajectories({ ...size, name: "a", color: 0, steps: [1, 2], values: [[1], [1]] });
  expect(pathsOf(chart)).toHaveLength(1);
});

test("the allowed band is shaded as far as it holds", () => {
  const band = { low: 0.8, high: 1.2, fromStep: 0, toStep: 2 };
  const [whole] = withClass(trajectories(8, { band }), "allowed");
  expect([whole!.attributes.x, whole!.attributes.width]).toEqual([plot.left, plot.right - plot.left]);
  const [half] = withClass(trajectories(8, { band: { ...band, toStep: 1.5 } }), "allowed");
  expect(half!.attributes.width).toBe((plot.right - plot.left) / 2);
  const [line] = withClass(trajectories(8, { band: { ...band, low: 1, high: 1 } }), "allowed");
  expect(line!.attributes.height).toBe(2);
  expect(spectrumDomain([[1.05, 0.95]], [band])[1]).toBeGreaterThan(1.2);
  expect(spectrumDomain([[0.001, 0]])[0]).toBe(0);
});

test("a sorted spectrum falls from left to right, with dots when they have room", () => {
  const chart = (n: number) =>
    sortedSpectrum({
      ...size,
      spectra: [{ name: "a", color: 0, step: 9, values: spectrum(n, 2) }],
      yDomain: [0.8, 1.2],
    });
  const [points = []] = pathsOf(chart(5)).flatMap(pieces);
  expect(points).toEqual([...points].sort((a, b) => a[1] - b[1]));
  expect(points.map(([x]) => x)).toEqual([52, 186, 320, 454, 588]);
  expect(withClass(chart(64), "dot")).toHaveLength(64);
  expect(withClass(chart(65), "dot")).toHaveLength(0);
});

test("a moving average: exact on a line's inside, blind to gaps", () => {
  expect(movingAverage([1, 2, 3, 4, 5], 1)).toEqual([1.5, 2, 3, 4, 4.5]);
  expect(movingAverage([1, Number.NaN, 3], 1)).toEqual([1, Number.NaN, 3]);
});

test("the readout names the nearest recorded step", () => {
  expect([0, 4, 5, 7, 99].map((x) => nearestIndex([1, 5, 9], x))).toEqual([0, 1, 1, 1, 2]);
  expect(nearestIndex([], 3)).toBe(-1);
  const series = [
    { name: "a", color: 0, x: [1, 1000], y: [0.5, 0.25] },
    { name: "b", color: 1, x: [1, 900], y: [0.5, Number.NaN] },
  ];
  expect(readout(series, 980)).toBe("step 1,000: a 0.25 · b none");
  expect(readout([], 3)).toBe("");
});

test("numbers for people", () => {
  const texts = [0, 0.16666, 1234.5, 12.34, -2, 3.14e-7, 1e-5, 2e9, Number.NEGATIVE_INFINITY, Number.NaN];
  expect(texts.map((value) => formatNumber(value))).toEqual([
    "0",
    "0.167",
    "1,235",
    "12.3",
    "−2",
    "3.14×10⁻⁷",
    "10⁻⁵",
    "2×10⁹",
    "−∞",
    "none",
  ]);
  expect(powerOfTen(-12)).toBe("10⁻¹²");
});

test("text never turns into markup, and no chart sets a style attribute", () => {
  const hostile = '<script>"&';
  expect(toMarkup(element("p", { title: hostile }, hostile))).toBe(
    '<p title="&lt;script&gt;&quot;&amp;">&lt;script&gt;&quot;&amp;</p>',
  );
  const chart = toMarkup(loss({ series: [{ name: hostile, color: 0, x: [1, 2], y: [1, 2] }] }).node);
  expect(chart).not.toContain("<script>");
  expect(chart + toMarkup(trajectories(70))).not.toContain("style=");
});

/** Pictures that a person can open; a change of any chart shows in the difference. */
const picture = (node: ElementNode) =>
  `${toMarkup(node).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"').replaceAll("><", ">\n<")}\n`;

test("pictures", async () => {
  const x = Array.from({ length: 80 }, (_, i) => i + 1);
  const chart = loss({
    width: 420,
    height: 240,
    yScale: "auto",
    smooth: true,
    levels: [{ y: 1 / 6, label: "trivial 0.167" }],
    series: [
      { name: "vanilla", color: 0, x, y: x.map((i) => 0.17 + 0.01 * Math.sin(7 * i)), points: [[80, 0.17]] },
      { name: "spectral", color: 1, x, y: x.map((i) => 0.2 * 0.95 ** i + 0.001) },
    ],
  });
  await expect(picture(chart.node)).toMatchFileSnapshot("pictures/loss.svg");
  const moments = [profile(1, 3), profile(500, 5), profile(1000, 10)];
  const gradient = gradientProfile({
    width: 420,
    height: 240,
    name: "vanilla",
    color: 0,
    length: 50,
    timesteps,
    current: moments[2]!,
    moments,
    yDomain: profileDomain(moments),
  });
  await expect(picture(gradient)).toMatchFileSnapshot("pictures/gradient-profile.svg");
  await expect(picture(trajectories(80, { width: 420, height: 240 }))).toMatchFileSnapshot(
    "pictures/singular-values.svg",
  );
});
