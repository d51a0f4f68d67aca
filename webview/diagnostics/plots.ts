/** The plots of the page, in their order. */
import { gradientProfilePlot, saturationPlot, spectrumPlot } from "./momentPlots.ts";
import type { PlotDefinition } from "./plot.ts";
import { heatMapPlot, singularValuesPlot } from "./runPlots.ts";
import {
  gradientNormPlot,
  halfLifePlot,
  lossPlot,
  lyapunovPlot,
  metricPlot,
  updateRatioPlot,
} from "./stepPlots.ts";

export const plots: readonly PlotDefinition[] = [
  lossPlot,
  metricPlot,
  gradientProfilePlot,
  halfLifePlot,
  heatMapPlot,
  singularValuesPlot,
  lyapunovPlot,
  spectrumPlot,
  saturationPlot,
  updateRatioPlot,
  gradientNormPlot,
];
