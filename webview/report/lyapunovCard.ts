/** The chart of one run's Lyapunov exponents. */
import { legend } from "../charts/legend.ts";
import { lineChart } from "../charts/lineChart.ts";
import { expectedSeries, exponentSeries, lyapunovCaption, lyapunovOptions } from "../charts/lyapunov.ts";
import type { Card } from "./cards.ts";
import { halfLifeNumber, layerOf, type ShownRun } from "./runs.ts";

export function lyapunovCard(shown: ShownRun): Card {
  const title = `Lyapunov exponents over training: ${shown.label}`;
  return {
    section: "spectrum",
    title,
    caption: lyapunovCaption,
    followsStep: false,
    draw: (size, selection) => {
      const { steps, values, expected } = layerOf(shown, selection)?.lyapunov ?? {
        steps: [],
        values: [],
        expected: [],
      };
      const series = Array.from({ length: values[0]?.length ?? 0 }, (_, i) =>
        exponentSeries(
          i + 1,
          steps,
          values.map((exponents) => halfLifeNumber(exponents[i] ?? null)),
        ),
      );
      if (expected.some((value) => value !== null))
        series.push(expectedSeries(steps, expected.map(halfLifeNumber)));
      const chart = lineChart({
        subject: title,
        xTitle: "step",
        ...lyapunovOptions(series),
        ...size,
        series,
      });
      return { node: chart.node, lines: { chart, series }, legend: legend(series) };
    },
  };
}
