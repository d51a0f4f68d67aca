/** The plots of one step: gradient and saturation by timestep, and the spectrum. */
import { bandOf } from "../charts/bandOf.ts";
import { plotOf } from "../charts/frame.ts";
import { gradientProfile, profileAxes, profileDomain } from "../charts/gradientProfile.ts";
import { lineChart } from "../charts/lineChart.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { inUnit, ofMatrix } from "../charts/profileWords.ts";
import { spectrumDomain } from "../charts/singularTrajectories.ts";
import { sortedSpectrum, sortedSpectrumAxes } from "../charts/sortedSpectrum.ts";
import { type PlotDefinition, type Scene, timestepDomain } from "./plot.ts";
import { stepOf } from "./view.ts";

const momentOf = ({ data }: Scene) => data.moment?.moment ?? undefined;

const atStep = (scene: Scene) => {
  const moment = momentOf(scene);
  return moment === undefined ? "" : ` at step ${formatInteger(moment.step)}`;
};

export const gradientProfilePlot: PlotDefinition = {
  name: "gradientProfile",
  needs: ["moment"],
  x: "timestep",
  y: "other",
  scales: true,
  title: (scene) => `Gradient norm by timestep${atStep(scene)}`,
  caption: () =>
    "Line: median over the batch. Band: 10th to 90th percentile. Dashed: the fit of the half-life.",
  draw: (size, scene) => {
    const moment = momentOf(scene);
    if (moment === undefined) return undefined;
    const { p10, p50, p90, step, fit, halfLife } = moment;
    const options = {
      ...size,
      name: scene.news.record?.name ?? "the run",
      color: 0,
      length: p50.length,
      timesteps: Array.from(p50, (_, i) => i + 1),
      unit: scene.news.record?.profile,
      current: { step, p10, p50, p90 },
      moments: [],
      xDomain: timestepDomain(scene),
      yDomain: profileDomain([{ step, p10, p50, p90 }]),
      yScale: scene.view.scales.gradientProfile ?? "log",
      fit: fit && { ...fit, halfLife },
    } as const;
    return { node: gradientProfile(options), ...profileAxes(options) };
  },
  readout: (scene, at) => {
    const moment = momentOf(scene);
    const t = Math.round(at);
    const median = moment?.p50[t - 1];
    if (moment === undefined || median === undefined) return "";
    return (
      `step ${formatInteger(moment.step)}, timestep ${formatInteger(t)}: median ${formatNumber(median, 5)}` +
      ` · 10 % ${formatNumber(moment.p10[t - 1]!, 5)} · 90 % ${formatNumber(moment.p90[t - 1]!, 5)}`
    );
  },
};

export const saturationPlot: PlotDefinition = {
  name: "saturation",
  needs: ["moment"],
  x: "timestep",
  y: "other",
  title: (scene) => `Saturated or dead units by timestep${atStep(scene)}`,
  caption: () => "Share of the units that pass hardly any gradient: saturated (tanh, gates) or dead (ReLU).",
  draw: (size, scene) => {
    const moment = momentOf(scene);
    if (moment === undefined) return undefined;
    const { saturation } = moment;
    const { node, x, y } = lineChart({
      ...size,
      subject: `share of saturated or dead units at step ${formatInteger(moment.step)}`,
      series: [{ name: "share", color: 4, x: Array.from(saturation, (_, i) => i + 1), y: saturation }],
      xTitle: inUnit("timestep t", scene.news.record?.profile),
      yTitle: "share of units",
      yScale: "linear",
      xDomain: timestepDomain(scene),
      yDomain: [0, 1],
    });
    return { node, plot: plotOf(size), x, y };
  },
  readout: (scene, at) => {
    const moment = momentOf(scene);
    const t = Math.round(at);
    const share = moment?.saturation[t - 1];
    return share === undefined
      ? ""
      : `step ${formatInteger(moment!.step)}, timestep ${formatInteger(t)}: ${formatNumber(100 * share, 4)} % of the units`;
  },
};

/** The newest measurement of the chosen matrix that is not after the step. */
function spectrumOf(scene: Scene) {
  return momentOf(scene)?.spectra.find(({ matrix }) => matrix === scene.view.matrix);
}

export const spectrumPlot: PlotDefinition = {
  name: "spectrum",
  needs: ["moment"],
  x: "other",
  y: "other",
  title: (scene) => {
    const spectrum = spectrumOf(scene);
    return `Spectrum${ofMatrix(scene.view.matrix)}${spectrum ? ` at step ${formatInteger(spectrum.step)}` : ""}`;
  },
  caption: (scene) => {
    const band = bandAt(scene);
    return `From the largest singular value to the smallest. Dashed: 1.${band ? ` Green: the band ${formatNumber(band.low, 4)} … ${formatNumber(band.high, 4)}.` : ""}`;
  },
  draw: (size, scene) => {
    const spectrum = spectrumOf(scene);
    if (spectrum === undefined || spectrum.values.length === 0) return undefined;
    const band = bandAt(scene);
    const yDomain = spectrumDomain([spectrum.values], [band && { ...band, fromStep: 0, toStep: 0 }]);
    const options = {
      ...size,
      spectra: [{ name: "W", color: 0, step: spectrum.step, values: spectrum.values }],
      yDomain,
      ...(band ? { band } : {}),
    };
    return { node: sortedSpectrum(options), ...sortedSpectrumAxes(options) };
  },
  readout: (scene, at) => {
    const spectrum = spectrumOf(scene);
    const rank = Math.round(at);
    const value = spectrum?.values[rank - 1];
    return value === undefined
      ? ""
      : `step ${formatInteger(spectrum!.step)}: σ of rank ${formatInteger(rank)} is ${formatNumber(value, 6)}`;
  },
};

/** The band that holds at the step that is looked at. */
export function bandAt(scene: Scene): { readonly low: number; readonly high: number } | undefined {
  const step = stepOf(scene.view, scene.news);
  const band = scene.news.bands.findLast(({ steps }) => step >= steps[0] && step <= steps[1]);
  return band && bandOf(band, scene.view.matrix);
}
