/** The plots of the whole run at once: the heat map, and the singular values over steps. */
import type { HeatMapAnswer, Span } from "../../src/protocol/details.ts";
import { bandOf } from "../charts/bandOf.ts";
import type { ColorMap } from "../charts/colorMaps.ts";
import { colorLegend, heatMapAxes, heatMapFrame, heatMapPixels } from "../charts/heatMap.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { ofMatrix } from "../charts/profileWords.ts";
import { spectrumOverSteps } from "../charts/spectrumOverSteps.ts";
import { type PlotDefinition, type Scene, stepDomain } from "./plot.ts";
import { overSteps } from "./stepPlots.ts";

/** A domain of one value has no colours. */
function colorDomain(extent: readonly [number, number]): readonly [number, number] {
  return extent[0] < extent[1] ? extent : [extent[0] - 0.5, extent[1] + 0.5];
}

/** Pixels of answers that were drawn before: a cursor that moves over a picture does not change it. */
const painted = new WeakMap<
  HeatMapAnswer,
  { readonly map: ColorMap; readonly pixels: Uint8ClampedArray<ArrayBuffer> }
>();

function pixelsOf(answer: HeatMapAnswer, domain: Span, map: ColorMap): Uint8ClampedArray<ArrayBuffer> {
  const known = painted.get(answer);
  if (known?.map === map) return known.pixels;
  const pixels = heatMapPixels(answer.values, answer.width, answer.height, domain, map);
  painted.set(answer, { map, pixels });
  return pixels;
}

export const heatMapPlot: PlotDefinition = {
  name: "heatMap",
  needs: ["heatMap"],
  x: "step",
  y: "timestep",
  wide: true,
  title: () => "Gradient norm by timestep and step",
  caption: () => "Median over the batch. Drag a rectangle to zoom both axes; click to choose a step.",
  draw: (size, scene) => {
    const answer = scene.data.heatMap;
    if (answer === undefined || answer.width === 0 || answer.height === 0) return undefined;
    const domain = answer.extent && colorDomain(answer.extent);
    // The picture shows what was asked for; while another part is on its way, its axes are still those of this one.
    const options = {
      ...size,
      name: scene.news.record?.name ?? "the run",
      steps: answer.steps,
      timesteps: answer.timesteps,
      unit: scene.news.record?.profile,
      domain,
      over: overSteps(scene),
    };
    const { colorMap } = scene.settings;
    return {
      node: heatMapFrame(options),
      ...heatMapAxes(options),
      ...(domain === null
        ? {}
        : {
            raster: {
              pixels: pixelsOf(answer, domain, colorMap),
              width: answer.width,
              height: answer.height,
            },
            legend: colorLegend(domain, colorMap),
          }),
    };
  },
  // A pixel is a mean over what falls on it; the numbers said are those that were recorded.
  readout: ({ hovered }, _step, timestep) => {
    const t = Math.round(timestep);
    const median = hovered?.p50[t - 1];
    if (hovered === undefined || median === undefined) return "";
    return `step ${formatInteger(hovered.step)}, timestep ${formatInteger(t)}: ‖∂L/∂hₜ‖ ${formatNumber(median, 5)}`;
  },
};

export const singularValuesPlot: PlotDefinition = {
  name: "singularValues",
  needs: ["spectra"],
  x: "step",
  y: "other",
  scales: true,
  title: (scene) => `Singular values${ofMatrix(scene.view.matrix)} over steps`,
  caption: (scene) =>
    scene.news.bands.length === 0
      ? "Nothing bounds them. Dashed: 1, where a linear recurrence neither shrinks nor grows."
      : "Green: the band that the cell allows. Dashed: 1.",
  draw: (size, scene) => {
    const spectra = scene.data.spectra;
    if (spectra === undefined || spectra.step.length === 0) return undefined;
    return spectrumOverSteps({
      ...size,
      name: scene.news.record?.name ?? "the run",
      color: 0,
      spectra,
      bands: scene.news.bands.map((band) => bandOf(band, scene.view.matrix)),
      xDomain: stepDomain(scene),
      yScale: scene.view.scales.singularValues ?? "linear",
      over: overSteps(scene),
    });
  },
  readout: (scene, step) => readoutOfSpectra(scene, step),
};

function readoutOfSpectra({ data: { spectra } }: Scene, wanted: number): string {
  if (spectra === undefined || spectra.step.length === 0) return "";
  let at = 0;
  for (let i = 1; i < spectra.step.length; i++)
    if (Math.abs(spectra.step[i]! - wanted) < Math.abs(spectra.step[at]! - wanted)) at = i;
  const { lines } = spectra;
  const value = (line: number) => spectra.values[at * lines.length + line]!;
  const first = value(0);
  const last = value(lines.length - 1);
  const middle = value(Math.floor(lines.length / 2));
  return (
    `step ${formatInteger(spectra.step[at]!)}: σ ${formatNumber(Math.min(first, last), 5)} … ` +
    `${formatNumber(Math.max(first, last), 5)}, median ${formatNumber(middle, 5)}`
  );
}
