/** The charts of a report: which there are, and how each is drawn for the runs and the moment looked at. */
import { gradientProfile, type Profile, profileDomain } from "../charts/gradientProfile.ts";
import { type LineChart, type LineChartOptions, lineChart, type Series } from "../charts/lineChart.ts";
import type { ElementNode } from "../charts/node.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { nearestIndex } from "../charts/readout.ts";
import type { Level } from "../charts/rule.ts";
import { singularTrajectories, spectrumDomain } from "../charts/singularTrajectories.ts";
import { sortedSpectrum } from "../charts/sortedSpectrum.ts";
import { halfLifeNumber, layerOf, numbers, type Selection, type ShownRun, spectraOf } from "./runs.ts";

export interface Drawing {
  readonly node: ElementNode;
  /** For charts over steps: what the pointer can read. */
  readonly lines?: { readonly chart: LineChart; readonly series: readonly Series[] };
}

export interface Card {
  readonly section: "learning" | "gradient" | "spectrum";
  readonly title: string;
  readonly caption: string;
  /** Redrawn when the moment changes. */
  readonly followsStep: boolean;
  readonly draw: (size: { width: number; height: number }, selection: Selection) => Drawing;
}

export function cards(runs: readonly ShownRun[]): Card[] {
  return [
    ...learningCards(runs),
    ...runs.filter(({ run }) => run.layers.length > 0).map((shown) => profileCard(shown, runs)),
    ...gradientCards(runs),
    ...spectrumCards(runs),
  ];
}

/** A chart of lines over steps, one for each run. */
function linesCard(
  section: Card["section"],
  title: string,
  caption: string,
  options: Pick<LineChartOptions, "yTitle" | "yScale"> & Partial<LineChartOptions>,
  seriesOf: (selection: Selection) => Series[],
): Card {
  return {
    section,
    title,
    caption,
    followsStep: false,
    draw: (size, selection) => {
      const series = seriesOf(selection);
      const chart = lineChart({ subject: title, xTitle: "step", ...options, ...size, series });
      return { node: chart.node, lines: { chart, series } };
    },
  };
}

function seriesOf(shown: ShownRun, y: readonly number[], rest: Partial<Series> = {}): Series {
  const moments = shown.run.moments.map(({ step, label }) => ({
    x: step,
    label: `${shown.label}: ${label}`,
  }));
  return { name: shown.label, color: shown.color, x: shown.run.rows.step, y, moments, ...rest };
}

const smoothing = "Bold: moving average. Faint: the recorded steps.";
const rings = "Rings: the test set. Dashed: a trivial model.";

function learningCards(runs: readonly ShownRun[]): Card[] {
  const metricNames = [...new Set(runs.map(({ run }) => run.metricName))];
  const squared = metricNames.every((name) => name === "mean squared error");
  const evaluations = (shown: ShownRun, key: "loss" | "metric") =>
    shown.run.evaluations.flatMap((evaluation) => {
      const value = evaluation[key];
      return value === null ? [] : [[evaluation.step, value] as const];
    });
  const loss = linesCard(
    "learning",
    squared ? "Loss (mean squared error)" : "Loss",
    `${smoothing} ${rings}`,
    { yTitle: "loss", yScale: "auto", smooth: true, levels: trivialLevels(runs, "loss") },
    () =>
      runs.map((shown) =>
        seriesOf(shown, numbers(shown.run.rows.loss), { points: evaluations(shown, "loss") }),
      ),
  );
  const metrics = (squared ? [] : metricNames).map((name) => {
    const measured = runs.filter(({ run }) => run.metricName === name);
    return linesCard(
      "learning",
      `${name[0]!.toUpperCase()}${name.slice(1)}`,
      `${smoothing} ${rings}`,
      {
        yTitle: name,
        yScale: name === "accuracy" ? "linear" : "auto",
        smooth: true,
        levels: trivialLevels(measured, "metric"),
      },
      () =>
        measured.map((shown) =>
          seriesOf(shown, numbers(shown.run.rows.metric), { points: evaluations(shown, "metric") }),
        ),
    );
  });
  const norm = linesCard(
    "learning",
    "Norm of the whole gradient",
    `L2 norm over all parameters, before clipping. ${smoothing}`,
    { yTitle: "‖∂L/∂θ‖", yScale: "auto", smooth: true },
    () => runs.map((shown) => seriesOf(shown, numbers(shown.run.rows.gradientNorm))),
  );
  return [loss, ...metrics, norm];
}

function trivialLevels(runs: readonly ShownRun[], key: "loss" | "metric"): Level[] {
  const levels = new Map(
    runs.map(({ run: { baseline } }) => [
      formatNumber(baseline[key]),
      { y: baseline[key], label: `trivial ${formatNumber(baseline[key])}` },
    ]),
  );
  return [...levels.values()];
}

/** Moments of training drawn faintly behind the one looked at. */
const faintMoments = 6;

function profileCard(shown: ShownRun, runs: readonly ShownRun[]): Card {
  return {
    section: "gradient",
    title: `Gradient by timestep: ${shown.label}`,
    caption:
      "Bold: median over the batch at the chosen step, with the 10th to 90th percentile. Faint: other steps, early ones faintest.",
    followsStep: true,
    draw: (size, selection) => {
      const profiles = profilesOf(shown, selection);
      const at = nearestIndex(
        profiles.map(({ step }) => step),
        selection.step,
      );
      const moments = Array.from({ length: faintMoments }, (_, i) =>
        Math.round((i * (profiles.length - 1)) / (faintMoments - 1)),
      );
      return {
        node: gradientProfile({
          ...size,
          name: shown.label,
          color: shown.color,
          length: shown.run.length,
          timesteps: layerOf(shown, selection)!.profiles.timesteps,
          current: profiles[at]!,
          moments: [...new Set(moments)].map((i) => profiles[i]!),
          yDomain: profileDomain(runs.flatMap((other) => profilesOf(other, selection))),
        }),
      };
    },
  };
}

function profilesOf(shown: ShownRun, selection: Selection): Profile[] {
  const profiles = layerOf(shown, selection)?.profiles;
  if (!profiles) return [];
  return profiles.steps.map((step, i) => ({
    step,
    p10: numbers(profiles.p10[i]!),
    p50: numbers(profiles.p50[i]!),
    p90: numbers(profiles.p90[i]!),
  }));
}

function gradientCards(runs: readonly ShownRun[]): Card[] {
  const withLayers = runs.filter(({ run }) => run.layers.length > 0);
  if (withLayers.length === 0) return [];
  const lengths = [...new Set(withLayers.map(({ run }) => run.length))];
  const halfLife = linesCard(
    "gradient",
    "Gradient half-life",
    "Timesteps until ‖∂L/∂h‖ halves, going back. Higher is better up to ∞, a steady gradient; negative: it doubles.",
    { yTitle: "half-life in timesteps, axis linear in 1/half-life", yScale: "halfLife" },
    (selection) =>
      withLayers.map((shown) => seriesOf(shown, layerOf(shown, selection)!.halfLife.map(halfLifeNumber))),
  );
  const reach = linesCard(
    "gradient",
    "Gradient reach",
    `Timesteps that receive at least 1 % of the gradient at the last one; at most T = ${lengths.map(formatInteger).join(" or ")}.`,
    { yTitle: "reach in timesteps", yScale: "linear", include: [0, ...lengths] },
    (selection) => withLayers.map((shown) => seriesOf(shown, numbers(layerOf(shown, selection)!.reach))),
  );
  const saturated = withLayers.some(({ run }) =>
    run.layers.some(({ saturation }) => saturation.some((share) => share !== null && share > 0)),
  );
  const saturation = linesCard(
    "gradient",
    "Saturated or dead units",
    "Share of units that pass hardly any gradient: saturated (tanh) or dead (ReLU), mean over timesteps.",
    { yTitle: "share of units", yScale: "linear", include: [0] },
    (selection) => withLayers.map((shown) => seriesOf(shown, numbers(layerOf(shown, selection)!.saturation))),
  );
  return [halfLife, reach, ...(saturated ? [saturation] : [])];
}

function bandText(band: ShownRun["run"]["band"]): string {
  if (band === null)
    return "Nothing bounds them. Dashed: 1, where a linear recurrence neither shrinks nor grows.";
  if (band.low === band.high) return `The cell keeps every one at ${formatNumber(band.low)}.`;
  return `Green: the band ${formatNumber(band.low, 4)} … ${formatNumber(band.high, 4)} that the cell allows. Dashed: 1.`;
}

function spectrumCards(runs: readonly ShownRun[]): Card[] {
  const measured = runs.filter(({ run }) =>
    run.layers.some(({ spectra }) => Object.keys(spectra).length > 0),
  );
  if (measured.length === 0) return [];
  const trajectories = measured.map(
    (shown): Card => ({
      section: "spectrum",
      title: `Singular values over training: ${shown.label}`,
      caption: bandText(shown.run.band),
      followsStep: false,
      draw: (size, selection) => {
        const found = spectraOf(shown, selection);
        return {
          node: singularTrajectories({
            ...size,
            name: `${shown.label}${found && found.matrix !== "W" ? `, gate ${found.matrix}` : ""}`,
            color: shown.color,
            steps: found?.steps ?? [],
            values: found?.values ?? [],
            band: shown.run.band ?? undefined,
          }),
        };
      },
    }),
  );
  const sorted: Card = {
    section: "spectrum",
    title: "Spectrum at the chosen step",
    caption: "From the largest singular value to the smallest, all runs on one scale. Dashed: 1.",
    followsStep: true,
    draw: (size, selection) => {
      const found = measured.flatMap((shown) => {
        const spectra = spectraOf(shown, selection);
        return spectra ? [{ shown, spectra }] : [];
      });
      return {
        node: sortedSpectrum({
          ...size,
          spectra: found.map(({ shown, spectra }) => {
            const at = nearestIndex(spectra.steps, selection.step);
            return {
              name: shown.label,
              color: shown.color,
              step: spectra.steps[at]!,
              values: spectra.values[at]!,
            };
          }),
          yDomain: spectrumDomain(
            found.flatMap(({ spectra }) => spectra.values),
            found.map(({ shown }) => shown.run.band ?? undefined),
          ),
        }),
      };
    },
  };
  return [...trajectories, sorted];
}
