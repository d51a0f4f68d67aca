/** The charts of the Diagnostics panel: what they draw, as markup and as pixels. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lookUpTable, lutSize } from "../../../webview/charts/colorMaps.ts";
import { gradientProfile, profileAxes } from "../../../webview/charts/gradientProfile.ts";
import { colorLegend, heatMapAxes, heatMapFrame, heatMapPixels } from "../../../webview/charts/heatMap.ts";
import { legend } from "../../../webview/charts/legend.ts";
import { lineChart } from "../../../webview/charts/lineChart.ts";
import { type ElementNode, toMarkup } from "../../../webview/charts/node.ts";
import { profileOverlay } from "../../../webview/charts/profileOverlay.ts";
import { type Axes, spectrumOverSteps } from "../../../webview/charts/spectrumOverSteps.ts";
import { stepCursor, stepMoments } from "../../../webview/charts/stepMarks.ts";
import { chartStyle } from "../../../webview/charts/style.ts";
import { clampedDomain, pannedDomain, zoomedDomain } from "../../../webview/charts/zoomDomain.ts";

const size = { width: 600, height: 300 };
const maps = ["viridis", "cividis", "magma", "inferno"] as const;
const count = (markup: string, pattern: RegExp) => markup.match(pattern)?.length ?? 0;

describe("heat map", () => {
  const pixelAt = (pixels: Uint8ClampedArray, width: number, x: number, y: number) => [
    ...pixels.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
  ];

  test.each(maps)("%s gets lighter all the way, so that it is read without its colours", (map) => {
    const table = lookUpTable(map);
    const lightness = Array.from({ length: lutSize }, (_, i) => {
      const [r = 0, g = 0, b = 0] = [...table.subarray(3 * i, 3 * i + 3)].map(
        (value) => (value / 255) ** 2.2,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    for (let i = 8; i < lutSize; i += 8) expect(lightness[i]).toBeGreaterThan(lightness[i - 8]!);
  });

  test.each(maps)(
    "%s: the first timestep is at the bottom, ends are clamped, what is missing is clear",
    (map) => {
      const table = lookUpTable(map);
      const first = [...table.subarray(0, 3), 255];
      const last = [...table.subarray(-3), 255];
      // Two steps across; timesteps 1, 2 and 3 upwards.
      const values = [-9, 0, Number.NaN, Number.NEGATIVE_INFINITY, -4.5, 5];
      const pixels = heatMapPixels(values, 2, 3, [-9, 0], map);
      expect(pixelAt(pixels, 2, 0, 2)).toEqual(first);
      expect(pixelAt(pixels, 2, 1, 2)).toEqual(last);
      expect(pixelAt(pixels, 2, 0, 1)).toEqual([0, 0, 0, 0]);
      expect(pixelAt(pixels, 2, 1, 1)).toEqual(first);
      expect(pixelAt(pixels, 2, 0, 0)).toEqual([...table.subarray(3 * 128, 3 * 128 + 3), 255]);
      expect(pixelAt(pixels, 2, 1, 0)).toEqual(last);
    },
  );

  test("the axes are titled, ticks are whole timesteps, and a timestep has a unit of room", () => {
    const options = { ...size, name: "adding", steps: [1, 400], timesteps: [1, 3], domain: [-6, 0] } as const;
    const { plot, y } = heatMapAxes(options);
    expect(y.invert(plot.bottom)).toBeCloseTo(0.5);
    expect(y.invert(plot.top)).toBeCloseTo(3.5);
    const markup = toMarkup(heatMapFrame(options));
    expect(markup).toContain("timestep t");
    expect(markup).toContain("step →");
    expect(markup).toContain("norms 10⁻⁶ to 1.");
    expect(y.ticks.map(({ label }) => label)).toEqual(["1", "2", "3"]);
    expect(markup).not.toContain('class="grid"');
    expect(toMarkup(heatMapFrame({ ...options, domain: null }))).toContain("nothing measured yet");
  });

  test("the legend runs from the lowest colour to the highest, in powers of ten", () => {
    const markup = toMarkup(colorLegend([-8, 0], "viridis"));
    expect(count(markup, /<rect/g)).toBe(64);
    expect(markup).toContain(">10⁻⁴<");
    expect(markup).toContain("Colours: gradient norm from 10⁻⁸ to 1.");
    expect(markup).toContain("rgb(68,1,84)");
    expect(markup).toContain("rgb(253,231,37)");
  });
});

describe("marks over steps", () => {
  const chart = lineChart({
    ...size,
    subject: "loss",
    series: [{ name: "loss", color: 0, x: [0, 100], y: [1, 2] }],
    xTitle: "step",
    yTitle: "loss",
    yScale: "linear",
    xDomain: [0, 200],
  });
  const plot = { left: 52, right: 588, top: 26, bottom: 262 };

  test("the x axis shows what it is told to", () => {
    expect(chart.x.position(0)).toBe(plot.left);
    expect(chart.x.position(200)).toBe(plot.right);
  });

  test("near ones of a kind share a glyph, whose title names them; others keep their own", () => {
    const markup = stepMoments(plot, chart.x, [
      { step: 50, kind: "finding", label: "vanishes" },
      { step: 51, kind: "finding", label: "drifts" },
      { step: 51, kind: "switch", label: "rnn → spectral" },
      { step: 150, kind: "finding", label: "trivial" },
      { step: 900, kind: "error", label: "out of sight" },
    ])
      .map(toMarkup)
      .join("");
    expect(count(markup, /moment-finding/g)).toBe(2);
    expect(count(markup, /moment-switch/g)).toBe(1);
    expect(markup).toContain("<title>vanishes\ndrifts</title>");
    expect(markup).not.toContain("out of sight");
    // A switch changed the run: its line goes through the plot.
    expect(count(markup, /<line/g)).toBe(1);
    const many = Array.from({ length: 9 }, () => ({ step: 5, kind: "checkpoint", label: "c" }) as const);
    expect(stepMoments(plot, chart.x, many).map(toMarkup).join("")).toContain("and 6 more");
  });

  test("the cursor stands at its step, and nowhere when that is out of sight", () => {
    expect(stepCursor(plot, chart.x, 100).map(toMarkup)).toEqual([
      '<line class="cursor-halo" x1="320" x2="320" y1="26" y2="262"></line>',
      '<line class="step-cursor" x1="320" x2="320" y1="26" y2="262"></line>',
    ]);
    expect(stepCursor(plot, chart.x, 900)).toEqual([]);
  });

  test("sixteen lines differ in colour or dashes, on the plot as in its legend", () => {
    const series = Array.from({ length: 16 }, (_, color) => ({
      name: `parameter ${color}`,
      color,
      x: [0, 100],
      y: [10 ** -color, 10 ** -color],
    }));
    const { node } = lineChart({
      ...size,
      subject: "update ratio",
      series,
      xTitle: "step",
      yTitle: "‖Δθ‖ / ‖θ‖",
      yScale: "log",
    });
    const classes = [...toMarkup(node).matchAll(/<g class="([^"]*)" data-series/g)].map(([, name]) => name);
    const shown = [...toMarkup(legend(series)).matchAll(/class="(series[^"]*)"/g)].map(([, name]) => name);
    expect(new Set(classes).size).toBe(16);
    expect(shown).toEqual(classes);
    // Each kind of dash that is named has a rule.
    for (const name of new Set(classes.flatMap((list) => list!.split(" "))))
      expect(chartStyle).toContain(`.${name} `);
  });

  test("a usual range is shaded as far as the axis goes, and labelled while there is room", () => {
    const chartOf = (y: readonly number[]) =>
      lineChart({
        ...size,
        subject: "update ratio",
        series: [{ name: "W", color: 0, x: [0, 100], y }],
        xTitle: "step",
        yTitle: "‖Δθ‖ / ‖θ‖",
        yScale: "log",
        ranges: [{ low: 1e-4, high: 1e-2, label: "usual" }],
      });
    const rect = (markup: string) =>
      /class="usual" x="52" y="([\d.]+)" width="536" height="([\d.]+)"/.exec(markup)!.slice(1).map(Number);
    const within = chartOf([1e-6, 1]);
    const [top, height] = rect(toMarkup(within.node));
    expect(top).toBeCloseTo(within.y.position(1e-2), 0);
    expect(top! + height!).toBeCloseTo(within.y.position(1e-4), 0);
    expect(toMarkup(within.node)).toContain(">usual</text>");
    const above = toMarkup(chartOf([0.1, 10]).node);
    expect(rect(above)).toEqual([plot.bottom, 0]);
    expect(above).not.toContain("usual</text>");
    expect(rect(toMarkup(chartOf([1e-3, 1]).node)).reduce((a, b) => a + b)).toBeCloseTo(plot.bottom, 0);
  });

  test("a spread is an area behind the line, and the axis holds it", () => {
    const { node, y } = lineChart({
      ...size,
      subject: "loss",
      series: [{ name: "a", color: 1, x: [1, 2], y: [1, 2], spread: { low: [0.5, 1], high: [3, 4] } }],
      xTitle: "step",
      yTitle: "loss",
      yScale: "linear",
    });
    expect(count(toMarkup(node), /class="band"/g)).toBe(1);
    expect(y.position(4)).toBeGreaterThanOrEqual(plot.top);
  });
});

describe("spectrum over steps", () => {
  const options = (mode: "values" | "quantiles", lines: number[], values: number[]) => ({
    ...size,
    name: "adding",
    color: 0,
    spectra: { size: 100, mode, lines, step: [0, 10, 20], values },
    bands: [
      { low: 0.9, high: 1.1, steps: [0, 10] },
      { low: 1, high: 1, steps: [15, 20] },
    ] as const,
    xDomain: [0, 20] as const,
    yScale: "linear" as const,
  });

  test("a line for every value, and each band for the steps where it held", () => {
    const { node, x } = spectrumOverSteps(
      options("values", [1, 2], [1.2, 0.8, 1.1, 0.9, 1.05, 0.95]) as never,
    );
    const markup = toMarkup(node);
    expect(count(markup, /data-line/g)).toBe(2);
    const bands = [
      ...markup.matchAll(/class="allowed" x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="([\d.]+)"/g),
    ];
    expect(bands.map(([, left, width]) => Number(left) + Number(width))).toEqual([
      x.position(10),
      x.position(20),
    ]);
    // A band without height is still seen.
    expect(Number(bands[1]![3])).toBe(2);
  });

  test("quantiles are a fan of areas with the median and the ends as lines", () => {
    const lines = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];
    const values = Array.from({ length: 21 }, (_, i) => 0.5 + (i % 7) / 10);
    const markup = toMarkup(spectrumOverSteps(options("quantiles", lines, values) as never).node);
    expect(count(markup, /class="band"/g)).toBe(3);
    expect(count(markup, /data-line="(0|0\.5|1)"/g)).toBe(3);
    expect(markup).toContain("100 singular values of adding");
  });
});

describe("gradient profile", () => {
  const p50 = Float32Array.from({ length: 20 }, (_, i) => 2 ** ((i - 19) / 4));
  const options = {
    ...size,
    name: "adding",
    color: 0,
    length: 20,
    timesteps: Array.from(p50, (_, i) => i + 1),
    current: { step: 7, p10: p50, p50, p90: p50 },
    moments: [],
    yDomain: [0.01, 1],
    fit: { slope: 0.25, intercept: -5, timesteps: [1, 20], halfLife: 4 },
  } as const;

  test("the fit is drawn over its timesteps, and says the half-life", () => {
    const markup = toMarkup(gradientProfile(options));
    expect(markup).toContain("dashed: fit, half-life 4 timesteps");
    const [, path = ""] = /class="fit"><path class="line" d="([^"]*)"/.exec(markup) ?? [];
    const { x } = profileAxes(options);
    expect(path.startsWith(`M${x.position(1)},`)).toBe(true);
    const growing = { ...options, fit: { ...options.fit, halfLife: -3 } };
    expect(toMarkup(gradientProfile(growing))).toContain("doubles every 3 timesteps");
    expect(toMarkup(gradientProfile({ ...options, fit: null }))).not.toContain('class="fit"');
  });

  test("a linear axis begins at zero; a part of the timesteps fills the width", () => {
    const { plot, x, y } = profileAxes({ ...options, yScale: "linear", xDomain: [5, 10] });
    expect(y.position(0)).toBe(plot.bottom);
    expect([x.position(5), x.position(10)]).toEqual([plot.left, plot.right]);
    expect(profileAxes({ ...options, length: 1 }).x.ticks.map(({ label }) => label)).toEqual(["1", "2"]);
  });

  test("profiles of runs of different lengths end at the same place", () => {
    const of = (length: number, color: number) => ({
      name: `T = ${length}`,
      color,
      step: 5,
      length,
      timesteps: Array.from({ length }, (_, i) => i + 1),
      median: Array.from({ length }, (_, i) => 2 ** (i - length)),
    });
    const markup = toMarkup(profileOverlay({ ...size, profiles: [of(10, 0), of(30, 1)] }));
    const ends = [...markup.matchAll(/<path class="line" d="[^"]*[ML]([\d.]+),[\d.]+"/g)].map(([, x]) => x);
    expect(ends).toHaveLength(2);
    expect(new Set(ends)).toEqual(new Set(["588"]));
    expect(markup).toContain("counted back from the last");
    expect(markup).toContain(">−20<");
  });
});

describe("zooming", () => {
  const whole = [1, 1000] as const;
  const domain = fc
    .tuple(fc.double({ min: 1, max: 1000, noNaN: true }), fc.double({ min: 1, max: 1000, noNaN: true }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

  test("never leaves the whole, and never gets narrower than the least", () => {
    const actions = fc.oneof(
      fc.record({
        factor: fc.double({ min: 0.01, max: 100, noNaN: true }),
        about: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ share: fc.double({ min: -3, max: 3, noNaN: true }) }),
    );
    fc.assert(
      fc.property(domain, fc.array(actions, { maxLength: 12 }), (start, list) => {
        let now = clampedDomain(start, whole, 2);
        for (const action of list) {
          now =
            "factor" in action
              ? zoomedDomain(now, whole, action.factor, now[0] + action.about * (now[1] - now[0]), 2)
              : pannedDomain(now, whole, action.share, 2);
          expect(now[0]).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(now[1]).toBeLessThanOrEqual(1000 + 1e-9);
          expect(now[1] - now[0]).toBeGreaterThanOrEqual(2 - 1e-9);
        }
      }),
      { seed: 2 },
    );
  });

  test("what is zoomed about keeps its place; in and out again is where one was", () => {
    const near = zoomedDomain([100, 300], whole, 0.5, 150, 2);
    expect(near).toEqual([125, 225]);
    expect(zoomedDomain(near, whole, 2, 150, 2)).toEqual([100, 300]);
    expect(pannedDomain([100, 300], whole, 0.25, 2)).toEqual([150, 350]);
    expect(pannedDomain([900, 1000], whole, 5, 2)).toEqual([900, 1000]);
  });
});

/** Pictures that a person can open; a change of any chart shows in the difference. */
test("pictures", async () => {
  const picture = (node: ElementNode) =>
    `${toMarkup(node).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"').replaceAll("><", ">\n<")}\n`;
  const small = { width: 420, height: 240 };
  const steps = Array.from({ length: 21 }, (_, i) => 50 * i);
  const moments = [
    { step: 150, kind: "checkpoint", label: "checkpoint at step 150" },
    { step: 300, kind: "finding", label: "vanishing gradient" },
    { step: 500, kind: "switch", label: "rnn → spectral" },
    { step: 700, kind: "resumed", label: "resumed" },
    { step: 900, kind: "error", label: "NaN" },
  ] as const;
  const over = ({ plot, x }: Axes) => [...stepCursor(plot, x, 600), ...stepMoments(plot, x, moments)];
  const heatMap = heatMapFrame({
    ...small,
    name: "adding",
    steps: [0, 1000],
    timesteps: [1, 50],
    domain: [-9, 0],
    over,
  });
  await expect(picture(heatMap)).toMatchFileSnapshot("pictures/heat-map-frame.svg");
  await expect(picture(colorLegend([-9, 0], "viridis"))).toMatchFileSnapshot("pictures/color-legend.svg");
  const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];
  const fan = spectrumOverSteps({
    ...small,
    name: "adding",
    color: 0,
    spectra: {
      size: 100,
      mode: "quantiles",
      lines: quantiles,
      step: steps,
      values: steps.flatMap((step) => quantiles.map((q) => (step < 500 ? 0.4 + 1.2 * q : 0.95 + 0.1 * q))),
    },
    bands: [{ low: 0.9, high: 1.1, steps: [500, 1000] }],
    xDomain: [0, 1000],
    yScale: "linear",
    over,
  });
  await expect(picture(fan.node)).toMatchFileSnapshot("pictures/spectrum-fan.svg");
  const ratios = lineChart({
    ...small,
    subject: "update ratio",
    series: Array.from({ length: 12 }, (_, color) => ({
      name: `parameter ${color}`,
      color,
      x: steps,
      y: steps.map(() => 10 ** (-1 - color / 3)),
    })),
    xTitle: "step",
    yTitle: "‖Δθ‖ / ‖θ‖",
    yScale: "log",
    ranges: [{ low: 1e-4, high: 1e-2, label: "usual" }],
    over,
  });
  await expect(picture(ratios.node)).toMatchFileSnapshot("pictures/update-ratios.svg");
});
