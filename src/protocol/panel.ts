/** Messages between the extension and a page on one run: the Diagnostics panel, and the Live view. */
import type { DetailAnswer, DetailRequest, RunNews } from "./details.ts";

export const runCommands = [
  "pause",
  "resume",
  "stop",
  "checkpoint",
  "switchToSvd",
  "switchToVanilla",
  "showLog",
  "revealRun",
  "openDiagnostics",
  "exportRun",
  "openExperiment",
] as const;
export type RunCommand = (typeof runCommands)[number];

export const colorMaps = ["viridis", "cividis", "magma", "inferno"] as const;
export type ColorMapName = (typeof colorMaps)[number];

/** What is kept for a page over a reload of the window. */
export interface PanelState {
  readonly run: string;
}

export interface PanelSettings {
  readonly colorMap: ColorMapName;
  /** The workspace is trusted and lies on a disk: trainers may be commanded. */
  readonly mayTrain: boolean;
}

export type ToPanel =
  /** The run to show, from its beginning; the first message, and again when the Live view turns to another run. */
  | {
      readonly type: "run";
      readonly state: PanelState;
      readonly settings: PanelSettings;
      readonly news: RunNews;
    }
  | { readonly type: "news"; readonly news: RunNews }
  | { readonly type: "settings"; readonly settings: PanelSettings }
  /** The Live view without a run to show. */
  | { readonly type: "noRun"; readonly text: string }
  | { readonly type: "answer"; readonly id: number; readonly answer: DetailAnswer }
  | { readonly type: "failed"; readonly id: number; readonly reason: string };

export type FromPanel =
  | { readonly type: "ready" }
  | { readonly type: "ask"; readonly id: number; readonly request: DetailRequest }
  | { readonly type: "command"; readonly command: RunCommand }
  /** Apply the remedy of a standing finding to the experiment file, and train again if wanted. */
  | { readonly type: "remedy"; readonly rule: string; readonly train: boolean }
  /** Save an export of a plot; the extension asks where. */
  | {
      readonly type: "save";
      readonly name: string;
      readonly format: "png" | "svg" | "csv";
      readonly content: Uint8Array | string;
    };
