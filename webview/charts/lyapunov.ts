/** Lyapunov exponents over steps, as lines: in the panel and in reports alike. */
import type { LineChartOptions, Series } from "./lineChart.ts";
import { finiteExtent } from "./numbers.ts";

/** The first colour once more, dashed. */
const expectedColor = 8;

const subscript = (rank: number) => [...String(rank)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");

export const exponentSeries = (rank: number, x: ArrayLike<number>, y: ArrayLike<number>): Series => ({
  name: `λ${subscript(rank)}`,
  color: rank - 1,
  x,
  y,
});

export const expectedSeries = (x: ArrayLike<number>, y: ArrayLike<number>): Series => ({
  name: "λ₁ expected from σ and φ′",
  color: expectedColor,
  x,
  y,
});

export const lyapunovCaption =
  "How the recurrence grows or shrinks along a test sequence: a gradient changes by about e^λ₁ per timestep going back. Dashed (not of LSTM and GRU): λ₁ if σ and the mean slope of φ were all. What dies at once (−∞) is not drawn.";

const options = {
  yTitle: "nats per timestep",
  yScale: "linear",
  levels: [{ y: 0, label: "0: steady" }],
} as const satisfies Partial<LineChartOptions>;

/** Room above 0 for its label, which would hide the leading exponent of a good net, close below. */
const headroom = 0.12;

export const lyapunovOptions = (series: readonly Series[]) => {
  const lowest = finiteExtent(series.map(({ y }) => y))?.[0] ?? 0;
  return { ...options, include: lowest < 0 ? [-headroom * lowest] : [] };
};
