/** The report page: reads the data that the file carries and draws them. */
import { type FromReportPage, isToReportPage, type ReportData } from "../src/protocol/reportData.ts";
import { legend } from "./charts/legend.ts";
import { toElement } from "./charts/mount.ts";
import { type ElementNode, element } from "./charts/node.ts";
import { readout } from "./charts/readout.ts";
import { chartStyle } from "./charts/style.ts";
import { type Card, cards } from "./report/cards.ts";
import { controls, matrixNames, nearest, recordedSteps } from "./report/controls.ts";
import { findings } from "./report/findings.ts";
import { type Selection, shownRuns } from "./report/runs.ts";
import { hasSeedGroups, seedGroups, seedsTable } from "./report/seeds.ts";
import { settingsTable } from "./report/settings.ts";
import { pageStyle } from "./report/style.ts";
import { summary } from "./report/summary.ts";
import { momentsList, numbersTable } from "./report/tables.ts";

/** Of feed-forward nets alone, what goes through layers. */
function sectionsOf(runs: ReportData["runs"]) {
  const deep = runs.length > 0 && runs.every(({ profile }) => profile === "layers");
  return [
    { name: "learning", heading: "Learning" },
    { name: "gradient", heading: `The gradient through ${deep ? "the layers" : "time"}` },
    { name: "spectrum", heading: `Singular values of ${deep ? "the layers" : "the transition matrix"}` },
  ] as const;
}

/** A card in the page. */
interface Placed {
  readonly card: Card;
  readonly plot: HTMLElement;
  readonly legend: HTMLElement;
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
  let state: object = {};
  const remembered = restoredSelection(editor?.getState());
  if (remembered) kept = { selection: () => remembered, newest: () => false };
  const show = (data: ReportData) => {
    ({ drawAll, kept } = render(root, data, kept, (selection) => editor?.setState({ ...state, selection })));
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
  window.addEventListener("message", ({ data: message }: MessageEvent<unknown>) => {
    if (!isToReportPage(message)) return;
    state = message.state;
    editor.setState({ ...state, selection: kept?.selection() });
    if (message.type === "report") requestAnimationFrame(() => show(message.data));
    else {
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
  getState(): unknown;
}

/** What was chosen before the window was reloaded, as far as it is a choice at all. */
function restoredSelection(state: unknown): Selection | undefined {
  const { selection } = (state ?? {}) as { selection?: Partial<Selection> };
  if (typeof selection !== "object" || selection === null) return undefined;
  const { step, layer, matrix, align, fraction, collapse } = selection;
  if (typeof step !== "number" || typeof layer !== "number" || typeof matrix !== "string") return undefined;
  return {
    step,
    layer,
    matrix,
    align: align === "fraction" ? "fraction" : "step",
    fraction: typeof fraction === "number" ? Math.min(1, Math.max(0, fraction)) : 1,
    collapse: collapse === true,
  };
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
  chose: (selection: Selection) => void,
): { drawAll: () => void; kept: Kept } {
  const runs = shownRuns(data.runs);
  // Details that stand open stay open.
  const opened = [...root.querySelectorAll("details")].map(({ open }) => open);
  // Whoever moves the slider by keys goes on moving it.
  const focused = root.contains(document.activeElement)
    ? document.activeElement?.getAttribute("name")
    : undefined;
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
  for (const problem of data.problems ?? [])
    add(element("p", { role: "alert", class: "error severity" }, problem));
  if (runs.length > 1) {
    add(element("h2", {}, "What sets them apart"));
    add(settingsTable(runs));
    add(element("h2", {}, "Results"));
  }
  add(summary(runs));
  add(seedsTable(runs));
  add(element("h2", {}, "Findings"));
  add(findings(runs));

  const steps = recordedSteps(runs);
  const newestStep = steps.at(-1) ?? 0;
  const chosen = before?.selection();
  let selection: Selection = {
    align: chosen?.align ?? "step",
    fraction: chosen?.fraction ?? 1,
    collapse: (chosen?.collapse ?? false) && hasSeedGroups(runs),
    step: chosen && !before?.newest() ? nearest(steps, chosen.step) : newestStep,
    layer: chosen?.layer ?? 0,
    matrix: chosen?.matrix ?? matrixNames(runs)[0] ?? "W",
  };
  const placed: Placed[] = [];
  const draw = (only: (card: Card) => boolean) => {
    for (const place of placed) if (only(place.card)) drawCard(place, selection);
  };

  const legends: HTMLElement[] = [];
  const drawLegends = () => {
    const entries = selection.collapse ? seedGroups(runs) : runs;
    for (const place of legends)
      place.replaceChildren(
        toElement(legend(entries.map(({ label, color }) => ({ name: label, color }))), document),
      );
  };
  const all = cards(runs);
  for (const { name, heading } of sectionsOf(data.runs)) {
    const here = all.filter(({ section }) => section === name);
    if (here.length === 0) continue;
    add(element("h2", {}, heading));
    if (runs.length > 1) {
      const place = document.createElement("div");
      root.append(place);
      legends.push(place);
    }
    if (name === "gradient" && steps.length > 0)
      root.append(
        controls(runs, steps, selection, (change) => {
          const momentOnly = Object.keys(change).every((key) => ["step", "fraction", "align"].includes(key));
          selection = { ...selection, ...change };
          if (!momentOnly) drawLegends();
          draw((card) => !momentOnly || card.followsStep);
          chose(selection);
        }),
      );
    const grid = document.createElement("div");
    grid.className = "grid-of-cards";
    root.append(grid);
    for (const card of here) placed.push(place(card, grid));
  }
  drawLegends();
  add(element("h2", {}, "Numbers"));
  for (const shown of runs) add(numbersTable(shown));
  add(momentsList(runs));
  if (focused) root.querySelector<HTMLElement>(`[name="${focused}"]`)?.focus({ preventScroll: true });
  root.querySelectorAll("details").forEach((details, i) => {
    details.open = opened[i] ?? details.open;
  });
  return {
    drawAll: () => draw(() => true),
    kept: { selection: () => selection, newest: () => selection.step === newestStep },
  };
}

function place(card: Card, grid: HTMLElement): Placed {
  const figure = toElement(
    element(
      "figure",
      {},
      element("figcaption", {}, element("h3", {}, card.title), element("p", {}, card.caption)),
      element("div", { class: "plot" }),
      element("div", { class: "plot-legend" }),
      element("div", { class: "readout", "aria-hidden": "true" }),
    ),
    document,
  );
  grid.append(figure);
  return {
    card,
    plot: figure.querySelector<HTMLElement>(".plot")!,
    legend: figure.querySelector<HTMLElement>(".plot-legend")!,
    note: figure.querySelector<HTMLElement>(".readout")!,
  };
}

function drawCard({ card, plot, legend: own, note }: Placed, selection: Selection): void {
  const width = Math.max(260, plot.clientWidth);
  const height = Math.round(Math.min(340, Math.max(230, width * 0.52)));
  const { node, lines, legend: lineNames } = card.draw({ width, height }, selection);
  const chart = toElement(node, document) as SVGSVGElement;
  plot.replaceChildren(chart);
  own.replaceChildren(...(lineNames ? [toElement(lineNames, document)] : []));
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

main();
