/** One plot in the page: its caption, its buttons, the drawing, and what the pointer and the keys do on it. */
import type { PlotName, Span } from "../../src/protocol/details.ts";
import { exportPng, exportSvg } from "../charts/exportPlot.ts";
import { toElement, updateElement } from "../charts/mount.ts";
import { type ElementNode, element } from "../charts/node.ts";
import { type At, attachPointer } from "../charts/plotPointer.ts";
import { inUnit } from "../charts/profileWords.ts";
import { cursorPlace } from "../charts/stepMarks.ts";
import { pannedDomain, zoomedDomain } from "../charts/zoomDomain.ts";
import type { Drawing, PlotDefinition, Scene } from "./plot.ts";
import { stepDomain, timestepDomain } from "./plot.ts";
import { stepOf, type View } from "./view.ts";

export interface FigureActions {
  change(change: Partial<View>): void;
  /** The pointer is over a step of the heat map; null: over none. */
  hoverStep(step: number | null): void;
  /** The cursor goes on by so many recorded steps. */
  moveCursor(places: number): void;
  save(name: string, format: "png" | "svg", content: Uint8Array | string): void;
  /** Asks for every number behind the plot, and saves them. */
  saveNumbers(plot: PlotName): void;
  problem(reason: string): void;
  /** The plot has come into sight: its numbers may be old. */
  comeIntoSight(): void;
}

/** The narrowest part of an axis that can be zoomed to. */
const leastSteps = 2;
const leastTimesteps = 2;

export class Figure {
  readonly element: HTMLElement;
  readonly definition: PlotDefinition;
  readonly #actions: FigureActions;
  readonly #title: HTMLElement;
  readonly #caption: HTMLElement;
  readonly #plot: HTMLElement;
  readonly #legend: HTMLElement;
  readonly #readout: HTMLElement;
  readonly #scale: HTMLButtonElement | undefined;
  readonly #canvas = document.createElement("canvas");
  #painted: Uint8ClampedArray | undefined;
  #drawing: Drawing | undefined;
  #scene: Scene | undefined;
  #pointer: At | undefined;
  /** Pixels across that the page has given the plot; 0: not known, or none. */
  #room = 0;
  #visible = true;
  #stale = true;

  constructor(definition: PlotDefinition, actions: FigureActions) {
    this.definition = definition;
    this.#actions = actions;
    this.element = toElement(
      element(
        "figure",
        { class: definition.wide ? "wide" : undefined, "data-plot": definition.name },
        element(
          "figcaption",
          {},
          element("h3", {}),
          element("div", { class: "plot-tools", role: "group", "aria-label": "Plot" }),
          element("p", {}),
        ),
        element("div", { class: "plot", role: "group" }),
        element("div", { class: "plot-legend" }),
        element("div", { class: "readout", role: "status", "aria-live": "off" }),
      ),
      document,
    ) as HTMLElement;
    const find = (selector: string) => this.element.querySelector<HTMLElement>(selector)!;
    this.#title = find("h3");
    this.#caption = find("figcaption p");
    this.#plot = find(".plot");
    this.#legend = find(".plot-legend");
    this.#readout = find(".readout");
    const tools = find(".plot-tools");
    if (definition.scales) {
      this.#scale = toolButton("Log", "Logarithmic axis", () => this.#toggleScale());
      tools.append(this.#scale);
    }
    tools.append(
      toolButton("PNG", "Save as a PNG picture", () => void this.#savePicture("png")),
      toolButton("SVG", "Save as an SVG picture", () => void this.#savePicture("svg")),
      toolButton("CSV", "Save the numbers as CSV", () => actions.saveNumbers(definition.name)),
    );
    this.#listen();
    // What is not in sight is not drawn.
    new IntersectionObserver(
      (entries) => {
        const before = this.#visible;
        this.#visible = entries.at(-1)!.isIntersecting;
        if (!this.#visible || before) return;
        if (this.#scene) {
          if (this.#stale) this.draw(this.#scene);
          else this.moveCursor(this.#scene);
        }
        actions.comeIntoSight();
      },
      { rootMargin: "200px" },
    ).observe(this.element);
    // To ask an element for its width makes the browser lay out the page at once, in the middle of a drawing.
    new ResizeObserver((entries) => {
      this.#room = entries.at(-1)!.contentRect.width;
    }).observe(this.#plot);
  }

  /** In sight, or nearly. */
  get visible(): boolean {
    return this.#visible;
  }

  /** Pixels that a picture of this plot has room for. */
  get width(): number {
    return Math.max(260, Math.round(this.#room || this.#plot.clientWidth));
  }

  draw(scene: Scene): void {
    this.#scene = scene;
    this.#stale = true;
    this.element.hidden = !(this.definition.fits?.(scene) ?? true);
    if (!this.#visible) return;
    this.#stale = false;
    const { definition } = this;
    const unit = scene.news.record?.profile;
    const title = inUnit(definition.title(scene), unit);
    put(this.#title, title);
    put(this.#caption, inUnit(definition.caption(scene), unit));
    const label = `${title}. Arrow keys move the step cursor.`;
    if (this.#plot.getAttribute("aria-label") !== label) this.#plot.setAttribute("aria-label", label);
    const { width } = this;
    const height = Math.round(Math.min(definition.wide ? 420 : 330, Math.max(230, width * 0.5)));
    const drawing = definition.draw({ width, height }, scene);
    this.#drawing = drawing;
    if (drawing === undefined) {
      const text = scene.news.rowCount === 0 ? "Nothing has been recorded yet." : "Not measured in this run.";
      this.#plot.replaceChildren(toElement(element("p", { class: "empty" }, text), document));
      this.#legend.replaceChildren();
      return;
    }
    const raster = drawing.raster ? [this.#paint(drawing)] : [];
    show(this.#plot, drawing.node, raster);
    show(this.#legend, drawing.legend);
    this.#showScale(this.#plot.lastElementChild!);
    this.showReadout(scene);
  }

  /** Puts the step cursor where it belongs and leaves the rest of the drawing alone. */
  moveCursor(scene: Scene): void {
    this.#scene = scene;
    const drawing = this.#drawing;
    if (!this.#visible || this.#stale || drawing === undefined) return;
    const place = this.#plot.querySelector(".cursor-place");
    if (place)
      updateElement(place, cursorPlace(drawing.plot, drawing.x, stepOf(scene.view, scene.news)), true);
    this.showReadout(scene);
  }

  /** Says what stands under the pointer. */
  showReadout(scene: Scene): void {
    this.#scene = scene;
    const at = this.#pointer;
    const drawing = this.#drawing;
    const text =
      at === undefined || drawing === undefined
        ? ""
        : inUnit(
            this.definition.readout(scene, drawing.x.invert(at.x), drawing.y.invert(at.y)),
            scene.news.record?.profile,
          );
    put(this.#readout, text);
  }

  #paint({ raster, plot }: Drawing): HTMLCanvasElement {
    const canvas = this.#canvas;
    const { pixels, width, height } = raster!;
    if (this.#painted !== pixels) {
      canvas.width = width;
      canvas.height = height;
      canvas.getContext("2d")!.putImageData(new ImageData(pixels, width, height), 0, 0);
      this.#painted = pixels;
    }
    canvas.setAttribute("aria-hidden", "true");
    Object.assign(canvas.style, {
      left: `${plot.left}px`,
      top: `${plot.top}px`,
      width: `${plot.right - plot.left}px`,
      height: `${plot.bottom - plot.top}px`,
      imageRendering: height < 64 ? "pixelated" : "auto",
    });
    return canvas;
  }

  #showScale(chart: Element): void {
    if (!this.#scale) return;
    // The chart's own choice is read off its title, where the person has made none.
    const logarithmic = (chart.textContent ?? "").includes("log scale");
    this.#scale.setAttribute("aria-pressed", String(logarithmic));
  }

  #toggleScale(): void {
    const scene = this.#scene;
    if (!scene || !this.#scale) return;
    const next = this.#scale.getAttribute("aria-pressed") === "true" ? "linear" : "log";
    this.#actions.change({ scales: { ...scene.view.scales, [this.definition.name]: next } });
  }

  async #savePicture(format: "png" | "svg"): Promise<void> {
    const chart = this.#plot.querySelector<SVGSVGElement>("svg.chart");
    const drawing = this.#drawing;
    if (!chart || !drawing) {
      this.#actions.problem("There is nothing to save yet: the plot is empty.");
      return;
    }
    try {
      const { left, right, top, bottom } = drawing.plot;
      const svg = exportSvg(
        chart,
        drawing.raster && {
          canvas: this.#canvas,
          left,
          top,
          width: right - left,
          height: bottom - top,
        },
      );
      const { width, height } = chart.viewBox.baseVal;
      this.#actions.save(
        this.definition.name,
        format,
        format === "svg" ? svg : await exportPng(svg, width, height),
      );
    } catch (error) {
      this.#actions.problem(error instanceof Error ? error.message : String(error));
    }
  }

  #listen(): void {
    const { definition } = this;
    const { x: kind, y: kindUp } = definition;
    const actions = this.#actions;
    const zoomable = kind !== "other";
    attachPointer(
      this.#plot,
      {
        plot: () => this.#drawing?.plot,
        axes: kindUp === "timestep" ? "xy" : "x",
        zooms: zoomable,
      },
      {
        hover: (at) => {
          this.#pointer = at;
          if (definition.name === "heatMap")
            actions.hoverStep(
              at === undefined || !this.#drawing
                ? null
                : Math.max(0, Math.floor(this.#drawing.x.invert(at.x))),
            );
          if (this.#scene) this.showReadout(this.#scene);
        },
        choose: (at) => {
          if (kind === "step" && this.#drawing)
            actions.change({ step: Math.max(0, Math.round(this.#drawing.x.invert(at.x))) });
        },
        brush: (from, to) => {
          const drawing = this.#drawing;
          if (!drawing || !this.#scene) return;
          const along = (axis: "x" | "y"): Span => {
            const ends = [from, to].map((at) => drawing[axis].invert(at[axis]));
            return [Math.min(...ends), Math.max(...ends)];
          };
          this.#zoomTo(kind, along("x"));
          if (kindUp === "timestep") this.#zoomTo(kindUp, along("y"));
        },
        zoom: (factor, at) => {
          const drawing = this.#drawing;
          this.#changeDomain(kind, (domain, whole, least) =>
            zoomedDomain(
              domain,
              whole,
              factor,
              at && drawing ? drawing.x.invert(at.x) : (domain[0] + domain[1]) / 2,
              least,
            ),
          );
          if (kindUp === "timestep")
            this.#changeDomain(kindUp, (domain, whole, least) =>
              zoomedDomain(
                domain,
                whole,
                factor,
                at && drawing ? drawing.y.invert(at.y) : (domain[0] + domain[1]) / 2,
                least,
              ),
            );
        },
        pan: (right, up) => {
          this.#changeDomain(kind, (domain, whole, least) => pannedDomain(domain, whole, right, least));
          if (kindUp === "timestep")
            this.#changeDomain(kindUp, (domain, whole, least) => pannedDomain(domain, whole, up, least));
        },
        reset: () => {
          if (kind === "step") actions.change({ steps: null });
          if (kind === "timestep" || kindUp === "timestep") actions.change({ timesteps: null });
        },
        moveCursor: (places) => actions.moveCursor(places),
      },
    );
  }

  #zoomTo(kind: PlotDefinition["x"], span: Span): void {
    this.#changeDomain(kind, (_, whole, least) =>
      zoomedDomain(span, whole, 1, (span[0] + span[1]) / 2, least),
    );
  }

  #changeDomain(
    kind: PlotDefinition["x"],
    changed: (domain: Span, whole: Span, least: number) => Span,
  ): void {
    const scene = this.#scene;
    if (!scene) return;
    if (kind === "step") {
      const whole = scene.news.recorded ?? [0, 1];
      const next = changed(stepDomain(scene), whole, leastSteps);
      this.#actions.change({ steps: isWhole(next, whole) ? null : next });
    } else if (kind === "timestep") {
      const whole = [1, Math.max(2, scene.news.record?.length ?? 2)] as const;
      const next = changed(timestepDomain(scene), whole, leastTimesteps);
      this.#actions.change({
        timesteps: isWhole(next, whole) ? null : [Math.round(next[0]), Math.round(next[1])],
      });
    }
  }
}

function isWhole([low, high]: Span, [first, last]: Span): boolean {
  return low <= first && high >= last;
}

function toolButton(text: string, label: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.title = label;
  made.setAttribute("aria-label", label);
  made.onclick = onClick;
  return made;
}

/** Shows one node (or none), behind other elements, in a place that may show another drawing of the same kind. */
function show(place: HTMLElement, node: ElementNode | undefined, before: readonly Element[] = []): void {
  const last = place.lastElementChild;
  if (
    node !== undefined &&
    last?.localName === node.tag &&
    place.childElementCount === before.length + 1 &&
    before.every((one, i) => place.children[i] === one)
  )
    updateElement(last, node);
  else place.replaceChildren(...before, ...(node ? [toElement(node, document)] : []));
}

/** Text that is the same is left alone. */
function put(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
