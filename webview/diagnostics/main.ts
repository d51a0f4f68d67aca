/** The Diagnostics page: one run, live or ended. */
import type { PlotName, RunNews } from "../../src/protocol/details.ts";
import type { PanelSettings } from "../../src/protocol/panel.ts";
import { beginPage } from "../beginPage.ts";
import { connect, type PanelMessage } from "../panelClient.ts";
import { type DataKind, RunData, type Wants } from "./data.ts";
import { Figure } from "./figure.ts";
import { Findings } from "./findings.ts";
import { Header } from "./header.ts";
import type { Scene } from "./plot.ts";
import { plots } from "./plots.ts";
import { pageStyle } from "./style.ts";
import { Tables } from "./tables.ts";
import { Toolbar } from "./toolbar.ts";
import { fittingView, restoreView, stepOf, type View } from "./view.ts";

function main(): void {
  const root = beginPage("diagnostics", pageStyle);

  let news: RunNews | undefined;
  let settings: PanelSettings = { colorMap: "viridis", mayTrain: false };
  let hoveredStep: number | null = null;
  let scheduled = false;
  /** Kinds of data that are new since the last frame; the view or the run may be too. */
  const stale = new Set<DataKind>();
  let newsStale = true;
  /** More than the step has changed of the view, or of what all plots say of the run: every plot is drawn anew. */
  let viewStale = true;
  /** The person has moved the cursor. */
  let stepStale = false;
  let face = "";

  const client = connect(hear);
  let view: View = restoreView(client.kept());
  const data = new RunData(
    (request) => client.ask(request),
    (kind, error) => {
      if (error) notice(error.message);
      stale.add(kind);
      schedule();
    },
  );

  const header = new Header((command) => client.send({ type: "command", command }));
  const findings = new Findings((rule, train) => client.send({ type: "remedy", rule, train }));
  const toolbar = new Toolbar(change);
  const tables = new Tables();
  const grid = document.createElement("section");
  grid.className = "plots";
  grid.setAttribute("aria-label", "Plots");
  const trouble = document.createElement("p");
  trouble.className = "problem";
  trouble.setAttribute("role", "alert");
  trouble.hidden = true;
  const figures = plots.map(
    (definition) =>
      new Figure(definition, {
        change,
        hoverStep(step) {
          if (step === hoveredStep) return;
          hoveredStep = step;
          ask();
        },
        moveCursor(places) {
          if (!news?.recorded) return;
          const steps = data.current.lines?.lines[0]?.step ?? new Float64Array();
          const now = stepOf(view, news);
          change({ step: steps.length === 0 ? now : moved(steps, now, places) });
        },
        save: (name, format, content) => client.send({ type: "save", name, format, content }),
        saveNumbers: (plot) => void saveNumbers(plot),
        problem: notice,
        comeIntoSight: ask,
      }),
  );
  grid.append(...figures.map(({ element }) => element));
  root.append(header.element, findings.element, toolbar.element, trouble, grid, tables.element);

  function hear(message: PanelMessage): void {
    switch (message.type) {
      case "run":
        if (news?.directory !== message.news.directory) data.forget();
        news = message.news;
        settings = message.settings;
        break;
      case "news":
        news = message.news;
        break;
      case "settings":
        settings = message.settings;
        break;
      case "noRun":
        return;
    }
    newsStale = true;
    const before = face;
    face = news === undefined ? "" : faceOf(news);
    // New rows alone are drawn when they are here: until then the plots are those of the rows before.
    if (message.type !== "news" || face !== before) viewStale = true;
    schedule();
    ask();
  }

  function change(part: Partial<View>): void {
    view = { ...view, ...part };
    stepStale = true;
    if (Object.keys(part).some((key) => key !== "step")) viewStale = true;
    keepSoon();
    schedule();
    ask();
  }

  /** The view as far as the run has it. */
  const shownView = (run: RunNews) => fittingView(view, run);

  function ask(): void {
    if (news === undefined || news.rowCount === 0) return;
    const shown = shownView(news);
    data.want(fresh(wants(news, shown), shown), news, view.step === null);
  }

  /** What is out of sight is asked for once, for whoever scrolls to it; after that, when it comes into sight. */
  function fresh(wanted: Wants, { table }: View): Wants {
    const inSight = new Set(figures.flatMap(({ visible, definition }) => (visible ? definition.needs : [])));
    if (table) inSight.add("moment");
    const { current } = data;
    const missing = (kind: DataKind) => current[kind] === undefined;
    return {
      ...wanted,
      lines: inSight.has("lines") || missing("lines") ? wanted.lines : undefined,
      moment: inSight.has("moment") || missing("moment") ? wanted.moment : undefined,
      spectra: inSight.has("spectra") || missing("spectra") ? wanted.spectra : undefined,
      heatMap: inSight.has("heatMap") || missing("heatMap") ? wanted.heatMap : undefined,
    };
  }

  let keeping = false;
  /** Not at every place of a cursor that is dragged: the editor hears of each. */
  function keepSoon(): void {
    if (keeping) return;
    keeping = true;
    setTimeout(keepNow, 200);
  }
  function keepNow(): void {
    if (keeping) client.keep(view);
    keeping = false;
  }
  window.addEventListener("pagehide", keepNow);

  function wants(run: RunNews, shown: View): Wants {
    const { steps, timesteps, layer, matrix } = shown;
    const width = Math.min(4096, Math.max(...figures.map((figure) => figure.width)));
    const pixels = Math.round(width * Math.min(2, devicePixelRatio));
    return {
      lines: { kind: "lines", steps, width },
      moment: { kind: "moment", step: stepOf(shown, run), layer },
      hovered: hoveredStep === null ? undefined : { kind: "moment", step: hoveredStep, layer },
      heatMap: {
        kind: "heatMap",
        layer,
        steps,
        timesteps,
        width: Math.min(4096, pixels),
        height: Math.min(1024, Math.max(1, run.record?.length ?? 1)),
      },
      spectra:
        matrix === null
          ? undefined
          : {
              kind: "spectra",
              layer,
              matrix,
              steps,
              width,
              mode: shown.singleValues ? "values" : "auto",
            },
      table: shown.table ? { kind: "table", steps, layer, rows: 50 } : undefined,
    };
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(draw);
  }

  function draw(): void {
    scheduled = false;
    if (news === undefined) return;
    const shown = shownView(news);
    const { current } = data;
    const scene: Scene = {
      news,
      view: shown,
      data: current,
      settings,
      hovered: current.hovered?.moment ?? undefined,
    };
    if (newsStale) {
      header.show(news, settings);
      findings.show(news, settings);
    }
    if (newsStale || viewStale || stepStale) toolbar.show(news, shown);
    for (const figure of figures) {
      if (viewStale || figure.definition.needs.some((kind) => stale.has(kind))) figure.draw(scene);
      else if (stepStale) figure.moveCursor(scene);
      else figure.showReadout(scene);
    }
    tables.show(scene);
    stale.clear();
    newsStale = false;
    viewStale = false;
    stepStale = false;
    root.setAttribute("aria-busy", "false");
    document.body.classList.toggle("panel-ready", current.lines !== undefined || news.rowCount === 0);
  }

  async function saveNumbers(plot: PlotName): Promise<void> {
    if (news === undefined) return;
    const { layer, matrix, steps } = shownView(news);
    try {
      const step = stepOf(shownView(news), news);
      const { csv } = await client.ask({ kind: "numbers", plot, layer, matrix, step, steps });
      client.send({ type: "save", name: plot, format: "csv", content: csv });
    } catch (error) {
      notice(error instanceof Error ? error.message : String(error));
    }
  }

  function notice(reason: string): void {
    trouble.textContent = reason;
    trouble.hidden = false;
  }

  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    viewStale = true;
    schedule();
    ask();
  }).observe(root);
}

/** Whatever of a run's news plots show beside the recorded rows. */
function faceOf({
  record,
  evaluations,
  moments,
  bands,
  layers,
  matrices,
  lyapunov,
  rowCount,
}: RunNews): string {
  return JSON.stringify([
    ...[record?.name, record?.metricName, record?.baseline, record?.length, record?.profile],
    ...[evaluations, moments, layers, matrices, lyapunov, rowCount === 0],
    // Where the last band ends moves with every step.
    bands.map(({ low, high, first, steps }) => [low, high, first, steps[0]]),
  ]);
}

/** The step `places` further on among ascending ones. */
function moved(steps: Float64Array, now: number, places: number): number {
  let at = 0;
  while (at + 1 < steps.length && steps[at + 1]! <= now) at++;
  return steps[Math.min(steps.length - 1, Math.max(0, at + places))]!;
}

main();
