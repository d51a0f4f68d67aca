/** The charts of a report: which there are, and how each is drawn for the runs and the moment looked at. */
import { bandOf } from "../charts/bandOf.ts";
import { gradientProfile, profileDomain } from "../charts/gradientProfile.ts";
import { type LineChart, type LineChartOptions, lineChart, type Series } from "../charts/lineChart.ts";
import type { ElementNode } from "../charts/node.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { inUnit, matrixText, type ProfileUnit } from "../charts/profileWords.ts";
import { nearestIndex } from "../charts/readout.ts";
import type { Level } from "../charts/rule.ts";
import { singularTrajectories, spectrumDomain } from "../charts/singularTrajectories.ts";
import { sortedSpectrum } from "../charts/sortedSpectrum.ts";
import { lyapunovCard } from "./lyapunovCard.ts";
import { overlayCards, rangeCard } from "./overlays.ts";
import { profilesOf } from "./profiles.ts";
import {
  halfLifeNumber,
  layerOf,
  numbers,
  type Selection,
  type ShownRun,
  spectraOf,
  stepFor,
} from "./runs.ts";
import { type Averaging, asRates, geometrically, meanSeries, seedGroups } from "./seeds.ts";

export interface Drawing {
  readonly node: ElementNode;
  /** For charts over steps: what the pointer can read. */
  readonly lines?: { readonly chart: LineChart; readonly series: readonly Series[] };
  /** Which line is which, where colours do not stand for runs. */
  readonly legend?: ElementNode;
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
    ...overlayCards(runs),
    ...runs.filter(({ run }) => run.layers.length > 0).map((shown) => profileCard(shown, runs)),
    ...gradientCards(runs),
    ...spectrumCards(runs),
  ];
}

interface LinesCard {
  readonly section: Card["section"];
  readonly title: string;
  readonly caption: string;
  readonly options: Pick<LineChartOptions, "yTitle" | "yScale"> & Partial<LineChartOptions>;
  readonly runs: readonly ShownRun[];
  readonly of: (shown: ShownRun, selection: Selection) => Series;
  readonly averaging?: Averaging;
}

/** A chart of lines over steps, one for each run, or for each group of runs that differ in their seed alone. */
function linesCard({ section, title, caption, options, runs, of, averaging }: LinesCard): Card {
  return {
    section,
    title,
    caption,
    followsStep: false,
    draw: (size, selection) => {
      const series = selection.collapse
        ? seedGroups(runs).flatMap(
            (group) =>
              meanSeries(
                group.runs.map((shown) => of(shown, selection)),
                group.label,
                group.color,
                averaging,
              ) ?? [],
          )
        : runs.map((shown) => of(shown, selection));
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
  const loss = linesCard({
    section: "learning",
    title: squared ? "Loss (mean squared error)" : "Loss",
    caption: `${smoothing} ${rings}`,
    options: { yTitle: "loss", yScale: "auto", smooth: true, levels: trivialLevels(runs, "loss") },
    runs,
    of: (shown) => seriesOf(shown, numbers(shown.run.rows.loss), { points: evaluations(shown, "loss") }),
  });
  const metrics = (squared ? [] : metricNames).map((name) => {
    const measured = runs.filter(({ run }) => run.metricName === name);
    return linesCard({
      section: "learning",
      title: `${name[0]!.toUpperCase()}${name.slice(1)}`,
      caption: `${smoothing} ${rings}`,
      options: {
        yTitle: name,
        yScale: name === "accuracy" ? "linear" : "auto",
        smooth: true,
        levels: trivialLevels(measured, "metric"),
      },
      runs: measured,
      of: (shown) =>
        seriesOf(shown, numbers(shown.run.rows.metric), { points: evaluations(shown, "metric") }),
    });
  });
  const norm = linesCard({
    section: "learning",
    title: "Norm of the whole gradient",
    caption: `L2 norm over all parameters, before clipping. ${smoothing}`,
    options: { yTitle: "‖∂L/∂θ‖", yScale: "auto", smooth: true },
    runs,
    of: (shown) => seriesOf(shown, numbers(shown.run.rows.gradientNorm)),
    averaging: geometrically,
  });
  return [loss, ...metrics, norm];
}

function trivialLevels(runs: readonly ShownRun[], key: "loss" | "metric"): Level[] {
  const levels = new Map(
    runs.flatMap(({ run: { baseline } }) => {
      const y = baseline[key];
      const text = formatNumber(y);
      return Number.isFinite(y) ? [[text, { y, label: `trivial ${text}` }]] : [];
    }),
  );
  return [...levels.values()];
}

/** Moments of training drawn faintly behind the one looked at. */
const faintMoments = 6;

function profileCard(shown: ShownRun, runs: readonly ShownRun[]): Card {
  return {
    section: "gradient",
    title: `${inUnit("Gradient by timestep", shown.run.profile)}: ${shown.label}`,
    caption:
      "Bold: median over the batch at the chosen step, with the 10th to 90th percentile. Faint: other steps, early ones faintest.",
    followsStep: true,
    draw: (size, selection) => {
      const profiles = profilesOf(shown, selection);
      const at = nearestIndex(
        profiles.map(({ step }) => step),
        stepFor(shown, selection),
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
          unit: shown.run.profile,
          timesteps: layerOf(shown, selection)!.profiles.timesteps,
          current: profiles[at]!,
          moments: [...new Set(moments)].map((i) => profiles[i]!),
          yDomain: profileDomain(runs.flatMap((other) => profilesOf(other, selection))),
        }),
      };
    },
  };
}

/** Of runs that are shown together: layers only where all of them are feed-forward nets. */
function commonUnit(runs: readonly ShownRun[]): ProfileUnit {
  return runs.every(({ run }) => run.profile === "layers") ? "layers" : "timesteps";
}

function gradientCards(runs: readonly ShownRun[]): Card[] {
  const withLayers = runs.filter(({ run }) => run.layers.length > 0);
  if (withLayers.length === 0) return [];
  const unit = commonUnit(withLayers);
  const lengths = [...new Set(withLayers.map(({ run }) => run.length))];
  const halfLife = linesCard({
    section: "gradient",
    title: "Gradient half-life",
    caption: inUnit(
      "Timesteps until ‖∂L/∂h‖ halves, going back. Higher is better up to ∞, a steady gradient; negative: it doubles.",
      unit,
    ),
    options: {
      yTitle: inUnit("half-life in timesteps, axis linear in 1/half-life", unit),
      yScale: "halfLife",
    },
    runs: withLayers,
    of: (shown, selection) => seriesOf(shown, layerOf(shown, selection)!.halfLife.map(halfLifeNumber)),
    averaging: asRates,
  });
  const reach = linesCard({
    section: "gradient",
    title: "Gradient reach",
    caption: inUnit(
      `Timesteps that receive at least 1 % of the gradient at the last one; at most T = ${lengths.map(formatInteger).join(" or ")}.`,
      unit,
    ),
    options: { yTitle: inUnit("reach in timesteps", unit), yScale: "linear", include: [0, ...lengths] },
    runs: withLayers,
    of: (shown, selection) => seriesOf(shown, numbers(layerOf(shown, selection)!.reach)),
  });
  const saturated = withLayers.some(({ run }) =>
    run.layers.some(({ saturation }) => saturation.some((share) => share !== null && share > 0)),
  );
  const saturation = linesCard({
    section: "gradient",
    title: "Saturated or dead units",
    caption: inUnit(
      "Share of units that pass hardly any gradient: saturated (tanh) or dead (ReLU), mean over timesteps.",
      unit,
    ),
    options: { yTitle: "share of units", yScale: "linear", include: [0] },
    runs: withLayers,
    of: (shown, selection) => seriesOf(shown, numbers(layerOf(shown, selection)!.saturation)),
  });
  return [halfLife, reach, ...(saturated ? [saturation] : [])];
}

function bandText({ band, profile: unit }: ShownRun["run"]): string {
  if (band === null)
    return inUnit(
      "Nothing bounds them. Dashed: 1, where a linear recurrence neither shrinks nor grows.",
      unit,
    );
  if (band.low === band.high) return `The cell keeps every one at ${formatNumber(band.low)}.`;
  const around = band.first ? `, around 1 in the first layer` : "";
  return `Green: the band ${formatNumber(band.low, 4)} … ${formatNumber(band.high, 4)} that the cell allows${around}. Dashed: 1.`;
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
      caption: bandText(shown.run),
      followsStep: false,
      draw: (size, selection) => {
        const found = spectraOf(shown, selection);
        return {
          node: singularTrajectories({
            ...size,
            name: `${shown.label}${found && found.matrix !== "W" ? `, ${matrixText(found.matrix)}` : ""}`,
            color: shown.color,
            steps: found?.steps ?? [],
            values: found?.values ?? [],
            band: (shown.run.band && bandOf(shown.run.band, found?.matrix ?? null)) ?? undefined,
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
            const at = nearestIndex(spectra.steps, stepFor(shown, selection));
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
  return [
    ...(runs.length > 1 ? [rangeCard(measured)] : []),
    ...trajectories,
    ...runs.filter(({ run }) => run.layers.some(({ lyapunov }) => lyapunov)).map(lyapunovCard),
    sorted,
  ];
}
