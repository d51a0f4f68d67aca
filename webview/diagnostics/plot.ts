/** What one plot of the page is: how it is drawn from the numbers at hand, and what it can say about a point. */
import type { Moment, PlotName, RunNews, Span } from "../../src/protocol/details.ts";
import type { PanelSettings } from "../../src/protocol/panel.ts";
import type { Plot } from "../charts/frame.ts";
import type { ElementNode } from "../charts/node.ts";
import type { Axis } from "../charts/scales.ts";
import type { DataKind, PlotData } from "./data.ts";
import type { View } from "./view.ts";

/** All that a drawing depends on. */
export interface Scene {
  readonly news: RunNews;
  readonly view: View;
  readonly data: PlotData;
  readonly settings: PanelSettings;
  /** What was recorded at the step under the pointer in the heat map. */
  readonly hovered: Moment | undefined;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Drawing {
  readonly node: ElementNode;
  /** The rectangle inside the axes, in pixels. */
  readonly plot: Plot;
  readonly x: Axis;
  readonly y: Axis;
  /** Pixels that lie under the lines, filling the rectangle. */
  readonly raster?: {
    readonly pixels: Uint8ClampedArray<ArrayBuffer>;
    readonly width: number;
    readonly height: number;
  };
  /** Beneath the plot: a legend. */
  readonly legend?: ElementNode;
}

/** What an axis carries, which decides what zooming it means: steps and timesteps are zoomed in all plots at once. */
export type AxisKind = "step" | "timestep" | "other";

export interface PlotDefinition {
  readonly name: PlotName;
  /** Kinds of data that it is drawn from. */
  readonly needs: readonly DataKind[];
  readonly x: AxisKind;
  readonly y: AxisKind;
  /** Takes the whole width of the page. */
  readonly wide?: boolean;
  /** Its y axis can be linear or logarithmic. */
  readonly scales?: boolean;
  /** Whether the plot says something about this run; it does where this is left out. */
  readonly fits?: (scene: Scene) => boolean;
  readonly title: (scene: Scene) => string;
  readonly caption: (scene: Scene) => string;
  /** undefined: there is nothing to draw yet. */
  readonly draw: (size: Size, scene: Scene) => Drawing | undefined;
  /** What stands at a point of the data; empty where there is nothing to say. */
  readonly readout: (scene: Scene, x: number, y: number) => string;
}

/** The steps that plots over steps show. */
export function stepDomain({ news, view }: Scene): Span {
  return view.steps ?? news.recorded ?? [0, 1];
}

/** The timesteps that plots over timesteps show. */
export function timestepDomain({ news, view }: Scene): Span {
  return view.timesteps ?? [1, Math.max(2, news.record?.length ?? 2)];
}
