/** What the pointer and the keys do on a plot: brush to zoom, wheel, pan, hover, choose. */

import type { Plot } from "./frame.ts";
import { toElement } from "./mount.ts";
import { element } from "./node.ts";

/** A point of the plot in its own pixels. */
export interface At {
  readonly x: number;
  readonly y: number;
}

export interface PointerActions {
  /** The pointer is over the plot; undefined: it has left. */
  hover(at: At | undefined): void;
  /** A click, or the end of a drag that went nowhere. */
  choose(at: At): void;
  /** A rectangle was drawn. */
  brush(from: At, to: At): void;
  /** @param factor below 1: zoom in. */
  zoom(factor: number, at: At | undefined): void;
  /** By shares of what is shown, to the right and up. */
  pan(right: number, up: number): void;
  reset(): void;
  /** The cursor goes to the next (1) or the previous (−1) place; 10 places with Shift. */
  moveCursor(places: number): void;
}

export interface PointerOptions {
  /** Where the plot's rectangle is now. */
  readonly plot: () => Plot | undefined;
  /** Whether a brush chooses along x only, or along both axes. */
  readonly axes: "x" | "xy";
  /** Neither brush nor wheel: there is nothing to zoom. */
  readonly zooms: boolean;
}

/** Shorter drags are clicks. */
const shortestDrag = 5;
const wheelStep = 1.25;
const keyStep = 1.5;
const panShare = 0.2;

/** @param surface holds the drawing, whose pixels are those of the page; it becomes focusable. */
export function attachPointer(surface: HTMLElement, options: PointerOptions, actions: PointerActions): void {
  let start: (At & { readonly pans: boolean }) | undefined;
  let last: At | undefined;
  let band: Element | undefined;

  const place = (event: { clientX: number; clientY: number }): At => {
    const box = surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const inside = ({ x, y }: At): boolean => {
    const plot = options.plot();
    return (
      plot !== undefined &&
      x >= plot.left - 4 &&
      x <= plot.right + 4 &&
      y >= plot.top - 8 &&
      y <= plot.bottom + 4
    );
  };
  const clamped = ({ x, y }: At): At => {
    const plot = options.plot()!;
    return {
      x: Math.min(Math.max(x, plot.left), plot.right),
      y: Math.min(Math.max(y, plot.top), plot.bottom),
    };
  };
  const showBand = (from: At, to: At) => {
    const plot = options.plot()!;
    const svg = surface.querySelector("svg.chart");
    if (!svg) return;
    if (!band || !svg.contains(band)) {
      band = toElement(element("rect", { class: "brush" }), document, true);
      svg.append(band);
    }
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [top, bottom] =
      options.axes === "xy" ? [Math.min(from.y, to.y), Math.max(from.y, to.y)] : [plot.top, plot.bottom];
    for (const [name, value] of Object.entries({
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
    }))
      band.setAttribute(name, String(value));
  };
  const forget = () => {
    start = undefined;
    band?.remove();
    band = undefined;
  };

  surface.addEventListener("pointerdown", (event) => {
    const at = place(event);
    if (event.button !== 0 || !inside(at)) return;
    start = { ...clamped(at), pans: event.shiftKey };
    last = at;
    surface.setPointerCapture(event.pointerId);
  });
  surface.addEventListener("pointermove", (event) => {
    const at = place(event);
    actions.hover(inside(at) ? clamped(at) : undefined);
    if (!start || !options.zooms) return;
    if (start.pans) {
      const plot = options.plot()!;
      actions.pan((last!.x - at.x) / (plot.right - plot.left), (at.y - last!.y) / (plot.bottom - plot.top));
      last = at;
    } else if (Math.abs(at.x - start.x) >= shortestDrag) showBand(start, clamped(at));
  });
  surface.addEventListener("pointerup", (event) => {
    if (!start) return;
    const at = clamped(place(event));
    const from = start;
    forget();
    if (from.pans && options.zooms) return;
    if (!options.zooms || Math.abs(at.x - from.x) < shortestDrag) actions.choose(at);
    else actions.brush(from, at);
  });
  surface.addEventListener("pointercancel", forget);
  surface.addEventListener("pointerleave", () => actions.hover(undefined));
  surface.addEventListener("dblclick", () => actions.reset());
  surface.addEventListener(
    "wheel",
    (event) => {
      // The wheel alone scrolls the page; with Ctrl (or two fingers on a touchpad) it zooms.
      if (!options.zooms || !(event.ctrlKey || event.metaKey) || !inside(place(event))) return;
      event.preventDefault();
      actions.zoom(event.deltaY < 0 ? 1 / wheelStep : wheelStep, clamped(place(event)));
    },
    { passive: false },
  );
  surface.tabIndex = 0;
  surface.setAttribute(
    "aria-keyshortcuts",
    options.zooms
      ? "ArrowLeft ArrowRight Shift+ArrowLeft Shift+ArrowRight + - 0 a d"
      : "ArrowLeft ArrowRight",
  );
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 10 : 1;
    const keys: Readonly<Record<string, (() => void) | undefined>> = {
      ArrowLeft: () => actions.moveCursor(-step),
      ArrowRight: () => actions.moveCursor(step),
      ...(options.zooms
        ? {
            "+": () => actions.zoom(1 / keyStep, undefined),
            "=": () => actions.zoom(1 / keyStep, undefined),
            "-": () => actions.zoom(keyStep, undefined),
            "0": () => actions.reset(),
            a: () => actions.pan(-panShare, 0),
            d: () => actions.pan(panShare, 0),
            Escape: forget,
          }
        : {}),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}
