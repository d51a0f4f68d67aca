/** What a person chose to look at: the step under the cursor, the part that is zoomed to, layer, matrix, scales. */
import type { PlotName, RunNews, Span } from "../../src/protocol/details.ts";

export interface View {
  /** The step under the cursor; null: the newest, and along with it as rows come. */
  readonly step: number | null;
  /** Steps zoomed to; null: all. */
  readonly steps: Span | null;
  /** Timesteps zoomed to; null: all of 1 … T. */
  readonly timesteps: Span | null;
  /** From 0. */
  readonly layer: number;
  /** null: the first. */
  readonly matrix: string | null;
  /** Scale of the y axis by plot, where it is not the plot's own choice. */
  readonly scales: Readonly<Partial<Record<PlotName, "linear" | "log">>>;
  /** Every singular value as a line, also where there are many. */
  readonly singleValues: boolean;
  readonly table: boolean;
}

export const firstView: View = {
  step: null,
  steps: null,
  timesteps: null,
  layer: 0,
  matrix: null,
  scales: {},
  singleValues: false,
  table: false,
};

/** A view that was kept over a reload; whatever in it is no view is left out. */
export function restoreView(kept: unknown): View {
  if (typeof kept !== "object" || kept === null) return firstView;
  const { step, steps, timesteps, layer, matrix, scales, singleValues, table } = kept as Record<
    keyof View,
    unknown
  >;
  return {
    step: isStep(step) ? step : null,
    steps: spanOf(steps),
    timesteps: spanOf(timesteps),
    layer: isStep(layer) ? layer : 0,
    matrix: typeof matrix === "string" ? matrix : null,
    scales: typeof scales === "object" && scales !== null ? onlyScales(scales) : {},
    singleValues: singleValues === true,
    table: table === true,
  };
}

function isStep(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function spanOf(value: unknown): Span | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [low, high] = value as unknown[];
  return typeof low === "number" && typeof high === "number" && low < high ? [low, high] : null;
}

function onlyScales(value: object): View["scales"] {
  return Object.fromEntries(
    Object.entries(value).filter(([, scale]) => scale === "linear" || scale === "log"),
  );
}

/** The view on a run as it stands: what it has no longer (or not yet) gives way. */
export function fittingView(view: View, news: RunNews): View {
  const { recorded, layers, matrices, record } = news;
  const length = record?.length ?? 0;
  const [first, last] = recorded ?? [0, 0];
  return {
    ...view,
    step: view.step === null ? null : Math.min(Math.max(view.step, first), last),
    steps: view.steps === null ? null : within(view.steps, [first, last]),
    timesteps: view.timesteps === null || length < 2 ? null : within(view.timesteps, [1, length]),
    layer: Math.max(0, Math.min(view.layer, layers - 1)),
    matrix: view.matrix !== null && matrices.includes(view.matrix) ? view.matrix : (matrices[0] ?? null),
  };
}

function within([low, high]: Span, [first, last]: Span): Span | null {
  if (low <= first && high >= last) return null;
  const kept: Span = [Math.max(low, first), Math.min(high, last)];
  return kept[0] < kept[1] ? kept : null;
}

/** The step that is shown: the one under the cursor, or the newest. */
export function stepOf(view: View, news: RunNews): number {
  return view.step ?? news.recorded?.[1] ?? 0;
}
