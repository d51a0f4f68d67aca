/** The report page: reads the data that the file carries and draws them. */
import type { FromReportPage, ReportData, ToReportPage } from "../src/protocol/reportData.ts";
import { legend } from "./charts/legend.ts";
import { toElement } from "./charts/mount.ts";
import { type ElementNode, element } from "./charts/node.ts";
import { formatInteger } from "./charts/numbers.ts";
import { readout } from "./charts/readout.ts";
import { chartStyle } from "./charts/style.ts";
import { type Card, cards } from "./report/cards.ts";
import { findings } from "./report/findings.ts";
import { type Selection, type ShownRun, shownRuns } from "./report/runs.ts";
import { pageStyle } from "./report/style.ts";
import { summary } from "./report/summary.ts";
import { momentsList, numbersTable } from "./report/tables.ts";

const sections = [
  { name: "learning", heading: "Learning" },
  { name: "gradient", heading: "The gradient through time" },
  { name: "spectrum", heading: "Singular values of the transition matrix" },
] as const;

/** A card in the page. */
interface Placed {
  readonly card: Card;
  readonly plot: HTMLElement;
  readonly note: HTMLElement;
}

function main(): void {
  // Style sheets made by a script need no exception in the content security policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(chartStyle + pageStyle);
  document.adoptedStyleSheets = [sheet];

  const root = document.getElementById("report")!;
  const editor = (globalThis as { acquireVsCodeApi?: () => EditorApi }).acquireVsCodeApi?.();
  let drawAll: (() => void) | undefined;
  let kept: Kept | undefined;
  const show = (data: ReportData) => {
    ({ drawAll, kept } = render(root, data, kept));
    drawAll();
  };
  const data = JSON.parse(document.getElementById("data")!.textContent!) as ReportData;
  if (data.runs.length > 0 || !editor) show(data);

  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    // In the next frame: drawing changes the observed height, which must not happen while being told of it.
    requestAnimationFrame(() => drawAll?.());
  }).observe(root);

  if (!editor) return;
  window.addEventListener("message", ({ data: message }: MessageEvent<ToReportPage>) => {
    if (message?.type === "report" && Array.isArray(message.data?.runs)) {
      editor.setState(message.state);
      requestAnimationFrame(() => show(message.data));
    } else if (message?.type === "problem") {
      editor.setState(message.state);
      const text = toElement(element("p", { role: "alert" }, String(message.text)), document);
      root.replaceChildren(text);
    }
  });
  editor.postMessage({ type: "ready" });
}

/** What a page in VS Code may call. */
interface EditorApi {
  postMessage(message: FromReportPage): void;
  setState(state: unknown): void;
}

/** What the reader had chosen, kept when the page is drawn anew with more steps. */
interface Kept {
  readonly selection: () => Selection;
  /** The newest step was chosen, and shall be again. */
  readonly newest: () => boolean;
}

function render(
  root: HTMLElement,
  data: ReportData,
  before: Kept | undefined,
): { drawAll: () => void; kept: Kept } {
  const runs = shownRuns(data.runs);
  // Details that stand open stay open.
  const opened = [...root.querySelectorAll("details")].map(({ open }) => open);
  root.replaceChildren();
  const add = (node: ElementNode | undefined) => node && root.append(toElement(node, document));

  add(element("h1", {}, data.title));
  add(
    element(
      "p",
      { class: "muted" },
      `Sigmascope report of ${runs.length} run${runs.length === 1 ? "" : "s"}, ${data.created.slice(0, 16).replace("T", " ")} UTC`,
    ),
  );
  add(summary(runs));
  add(element("h2", {}, "Findings"));
  add(findings(runs));

  const steps = recordedSteps(runs);
  const newestStep = steps.at(-1) ?? 0;
  const chosen = before?.selection();
  let selection: Selection = {
    step: chosen && !before?.newest() ? nearest(steps, chosen.step) : newestStep,
    layer: chosen?.layer ?? 0,
    matrix: chosen?.matrix ?? matrixNames(runs)[0] ?? "W",
  };
  const placed: Placed[] = [];
  const draw = (only: (card: Card) => boolean) => {
    for (const place of placed) if (only(place.card)) drawCard(place, selection);
  };

  const all = cards(runs);
  for (const { name, heading } of sections) {
    const here = all.filter(({ section }) => section === name);
    if (here.length === 0) continue;
    add(element("h2", {}, heading));
    if (runs.length > 1) add(legend(runs.map(({ label, color }) => ({ name: label, color }))));
    if (name === "gradient" && steps.length > 0)
      root.append(
        controls(runs, steps, selection, (change) => {
          const stepOnly = Object.keys(change).every((key) => key === "step");
          selection = { ...selection, ...change };
          draw((card) => !stepOnly || card.followsStep);
        }),
      );
    const grid = document.createElement("div");
    grid.className = "grid-of-cards";
    root.append(grid);
    for (const card of here) placed.push(place(card, grid));
  }
  add(element("h2", {}, "Numbers"));
  for (const shown of runs) add(numbersTable(shown));
  add(momentsList(runs));
  root.querySelectorAll("details").forEach((details, i) => {
    details.open = opened[i] ?? details.open;
  });
  return {
    drawAll: () => draw(() => true),
    kept: { selection: () => selection, newest: () => selection.step === newestStep },
  };
}

/** The recorded step next to one that may have been thinned away since. */
function nearest(steps: readonly number[], step: number): number {
  return steps.reduce(
    (best, other) => (Math.abs(other - step) < Math.abs(best - step) ? other : best),
    steps[0] ?? 0,
  );
}

/** Steps at which any run recorded a gradient profile, ascending. */
function recordedSteps(runs: readonly ShownRun[]): number[] {
  const steps = new Set(
    runs.flatMap(({ run }) => run.layers.slice(0, 1).flatMap(({ profiles }) => profiles.steps)),
  );
  return [...steps].sort((a, b) => a - b);
}

function matrixNames(runs: readonly ShownRun[]): string[] {
  return [...new Set(runs.flatMap(({ run }) => run.layers.flatMap(({ spectra }) => Object.keys(spectra))))];
}

function place(card: Card, grid: HTMLElement): Placed {
  const figure = toElement(
    element(
      "figure",
      {},
      element("figcaption", {}, element("h3", {}, card.title), element("p", {}, card.caption)),
      element("div", { class: "plot" }),
      element("div", { class: "readout", "aria-hidden": "true" }),
    ),
    document,
  );
  grid.append(figure);
  return {
    card,
    plot: figure.querySelector<HTMLElement>(".plot")!,
    note: figure.querySelector<HTMLElement>(".readout")!,
  };
}

function drawCard({ card, plot, note }: Placed, selection: Selection): void {
  const width = Math.max(260, plot.clientWidth);
  const height = Math.round(Math.min(340, Math.max(230, width * 0.52)));
  const { node, lines } = card.draw({ width, height }, selection);
  const chart = toElement(node, document) as SVGSVGElement;
  plot.replaceChildren(chart);
  if (!lines) return;
  const cursor = toElement(
    element("line", { class: "cursor", y1: 26, y2: height - 38, visibility: "hidden" }),
    document,
    true,
  );
  chart.append(cursor);
  chart.onpointermove = (event) => {
    const scale = width / chart.getBoundingClientRect().width;
    const x = event.offsetX * scale;
    cursor.setAttribute("x1", String(x));
    cursor.setAttribute("x2", String(x));
    cursor.setAttribute("visibility", "visible");
    note.textContent = readout(lines.series, lines.chart.x.invert(x));
  };
  chart.onpointerleave = () => {
    cursor.setAttribute("visibility", "hidden");
    note.textContent = "";
  };
}

/** The slider over recorded steps, and the choice of layer and matrix where there is one. */
function controls(
  runs: readonly ShownRun[],
  steps: readonly number[],
  selection: Selection,
  changed: (change: Partial<Selection>) => void,
): Element {
  const layers = Math.max(...runs.map(({ run }) => run.layers.length));
  const names = matrixNames(runs);
  const option = (value: string, text: string, selected: boolean) =>
    element("option", { value, selected: selected ? "" : undefined }, text);
  const bar = toElement(
    element(
      "div",
      { class: "controls" },
      element(
        "label",
        { class: "step" },
        "At step",
        element("input", {
          type: "range",
          min: 0,
          max: steps.length - 1,
          step: 1,
          value: Math.max(0, steps.indexOf(selection.step)),
        }),
        element("output", {}),
      ),
      layers < 2
        ? undefined
        : element(
            "label",
            {},
            "Layer",
            element(
              "select",
              { name: "layer" },
              ...Array.from({ length: layers }, (_, i) =>
                option(String(i), i === 0 ? "1 (bottom)" : String(i + 1), i === selection.layer),
              ),
            ),
          ),
      names.length < 2
        ? undefined
        : element(
            "label",
            {},
            "Matrix",
            element(
              "select",
              { name: "matrix" },
              ...names.map((name) => option(name, name, name === selection.matrix)),
            ),
          ),
    ),
    document,
  );
  const slider = bar.querySelector("input")!;
  const output = bar.querySelector("output")!;
  const show = () => {
    const text = formatInteger(steps[Number(slider.value)]!);
    output.textContent = text;
    slider.setAttribute("aria-valuetext", `step ${text}`);
  };
  show();
  slider.oninput = () => {
    show();
    changed({ step: steps[Number(slider.value)]! });
  };
  for (const select of bar.querySelectorAll("select"))
    select.onchange = () =>
      changed(select.name === "layer" ? { layer: Number(select.value) } : { matrix: select.value });
  return bar;
}

main();
