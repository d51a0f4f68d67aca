/** The Diagnostics panel's plot of Lyapunov exponents: what it draws and says, and of which runs. */
import { expect, test } from "vitest";
import type { Line, RunNews } from "../../../src/protocol/details.ts";
import { toMarkup } from "../../../webview/charts/node.ts";
import type { Scene } from "../../../webview/diagnostics/plot.ts";
import { plots } from "../../../webview/diagnostics/plots.ts";
import { firstView } from "../../../webview/diagnostics/view.ts";

const plot = plots.find(({ name }) => name === "lyapunov")!;
const size = { width: 600, height: 300 };
const none = Number.NEGATIVE_INFINITY;

function sceneOf(lines: readonly Line[], layer = 0): Scene {
  const news = {
    record: { name: "run" },
    recorded: [1, 3],
    moments: [],
    lyapunov: lines.length > 0,
  } as unknown as RunNews;
  return {
    news,
    view: { ...firstView, layer },
    data: { lines: { kind: "lines", recorded: [1, 3], rowCount: 3, lines } } as unknown as Scene["data"],
    settings: { colorMap: "viridis", mayTrain: false },
    hovered: undefined,
  };
}

const line = (column: Line["column"], ...value: number[]): Line => ({
  column,
  step: Float64Array.of(1, 3),
  value: Float32Array.from(value),
});
const lines = [
  line({ name: "lyapunov", layer: 0, rank: 1 }, 0.5, -0.25),
  line({ name: "lyapunov", layer: 0, rank: 2 }, -1, none),
  line({ name: "lyapunovExpected", layer: 0 }, 0.75, 0.125),
  line({ name: "lyapunov", layer: 1, rank: 1 }, 9, 9),
];

test("the label of 0 stands above the line, clear of a leading exponent close below it", () => {
  const markup = toMarkup(
    plot.draw(size, sceneOf([line({ name: "lyapunov", layer: 0, rank: 1 }, -0.01, -0.05)]))!.node,
  );
  const label = Number(/ y="([\d.]+)"[^>]*>0: steady</.exec(markup)![1]);
  const zero = Number(/class="level"[^>]* y1="([\d.]+)"/.exec(markup)![1]);
  expect(label).toBeLessThan(zero);
});

test("the leading ones of the layer that is looked at, the expected one dashed, a line at 0, in nats per timestep", () => {
  const drawing = plot.draw(size, sceneOf(lines))!;
  const markup = toMarkup(drawing.node);
  expect(markup).toContain("nats per timestep");
  expect(markup).toContain(">0: steady<");
  expect([...markup.matchAll(/data-series="([^"]*)"/g)].map(([, name]) => name)).toEqual([
    "λ₁",
    "λ₂",
    "λ₁ expected from σ and φ′",
  ]);
  expect(markup).toMatch(/class="series-0 dash-1" data-series="λ₁ expected/);
  // 0 is on the axis, and no place is not a number.
  expect(drawing.y.position(0)).toBeGreaterThan(drawing.plot.top);
  expect(markup).not.toMatch(/NaN|Infinity/);
  const legend = toMarkup(drawing.legend!);
  for (const name of ["λ₁", "λ₂", "λ₁ expected from σ and φ′"])
    expect(legend).toContain(`>${name}<`.slice(1));
  // A logarithm of what is mostly below 0 is no use.
  expect(plot.scales).toBe(false);
});

test("a pointer reads all of them, and −∞ where a direction died", () => {
  expect(plot.readout(sceneOf(lines), 3, 0)).toBe(
    "step 3: λ₁ −0.25 · λ₂ −∞ · λ₁ expected from σ and φ′ 0.125",
  );
});

test("is hidden where the run has none, and draws axes where all died", () => {
  expect(plot.fits!(sceneOf(lines))).toBe(true);
  expect(plot.fits!(sceneOf([]))).toBe(false);
  expect(plot.draw(size, sceneOf([]))).toBeUndefined();
  const dead = [line({ name: "lyapunov", layer: 0, rank: 1 }, none, none)];
  const markup = toMarkup(plot.draw(size, sceneOf(dead))!.node);
  expect(markup).toContain(">0: steady<");
  expect(markup).not.toMatch(/NaN|Infinity/);
  expect(markup).toContain("first −∞, last −∞");
});
