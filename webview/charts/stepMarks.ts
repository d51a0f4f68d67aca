/** What all plots over steps have in common: the step cursor, and marks of what happened when. */
import { type Plot, round } from "./frame.ts";
import { type ElementNode, element } from "./node.ts";
import type { Axis } from "./scales.ts";

export interface StepMoment {
  readonly step: number;
  readonly kind: "switch" | "checkpoint" | "finding" | "resumed" | "error";
  readonly label: string;
}

/** The glyph of each kind, around (0, 0). Forms differ, so that colour is not needed to tell them apart. */
const glyphs: Readonly<Record<StepMoment["kind"], string>> = {
  switch: "M0,-5L5,0L0,5L-5,0Z",
  checkpoint: "M-2.5,-2.5H2.5V2.5H-2.5Z",
  finding: "M0,-5L5,4H-5Z",
  resumed: "M-4,-5L5,0L-4,5Z",
  error: "M-5,-3L-3,-5L0,-2L3,-5L5,-3L2,0L5,3L3,5L0,2L-3,5L-5,3L-2,0Z",
};
/** What changed the run goes through the whole plot as a line. */
const withLine: readonly StepMoment["kind"][] = ["switch", "resumed", "error"];
/** Nearer ones of a kind share a glyph. */
const nearest = 6;

/** The glyphs stand on the upper edge; their text is shown on hover. */
export function stepMoments(plot: Plot, x: Axis, moments: readonly StepMoment[]): ElementNode[] {
  const placed: { kind: StepMoment["kind"]; at: number; labels: string[] }[] = [];
  for (const { step, kind, label } of moments) {
    const at = x.position(step);
    if (!(at >= plot.left - 1 && at <= plot.right + 1)) continue;
    const neighbour = placed.findLast((other) => other.kind === kind);
    if (neighbour && at - neighbour.at < nearest) neighbour.labels.push(label);
    else placed.push({ kind, at, labels: [label] });
  }
  return placed.map(({ kind, at, labels }) => {
    const shown = labels.length > 4 ? [...labels.slice(0, 3), `and ${labels.length - 3} more`] : labels;
    return element(
      "g",
      { class: `step-moment moment-${kind}`, transform: `translate(${round(at)},${plot.top})` },
      element("title", {}, shown.join("\n")),
      withLine.includes(kind) ? element("line", { y1: 0, y2: plot.bottom - plot.top }) : undefined,
      element("path", { d: glyphs[kind] }),
    );
  });
}

/** The cursor in a place of its own, which a page updates alone when the cursor moves. */
export function cursorPlace(plot: Plot, x: Axis, step: number): ElementNode {
  return element("g", { class: "cursor-place" }, ...stepCursor(plot, x, step));
}

/** The step that is looked at, in every plot over steps. */
export function stepCursor(plot: Plot, x: Axis, step: number): ElementNode[] {
  const at = x.position(step);
  if (!(at >= plot.left - 1 && at <= plot.right + 1)) return [];
  const place = { x1: round(at), x2: round(at), y1: plot.top, y2: plot.bottom };
  return [
    element("line", { class: "cursor-halo", ...place }),
    element("line", { class: "step-cursor", ...place }),
  ];
}
