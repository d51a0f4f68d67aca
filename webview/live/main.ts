/** The Live view: the active run's gradient profile and singular values in a strip beside the code. */
import type { MomentAnswer, RunNews, SpectraAnswer } from "../../src/protocol/details.ts";
import type { PanelSettings, RunCommand } from "../../src/protocol/panel.ts";
import { beginPage } from "../beginPage.ts";
import { bandOf } from "../charts/bandOf.ts";
import { gradientProfile, profileDomain } from "../charts/gradientProfile.ts";
import { toElement } from "../charts/mount.ts";
import { type ElementNode, element } from "../charts/node.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import type { ProfileUnit } from "../charts/profileWords.ts";
import { spectrumOverSteps } from "../charts/spectrumOverSteps.ts";
import { RunData, type Wants } from "../diagnostics/data.ts";
import { connect, type PanelMessage } from "../panelClient.ts";
import { button, setDisabled } from "../ui.ts";
import { liveStyle } from "./style.ts";

const smallest = { width: 260, height: 110 };

const commands: readonly {
  readonly command: RunCommand;
  readonly text: string;
  readonly states: string[];
}[] = [
  { command: "pause", text: "Pause", states: ["running"] },
  { command: "resume", text: "Resume", states: ["paused", "stopped", "interrupted", "failed"] },
  { command: "stop", text: "Stop", states: ["starting", "running", "paused"] },
  { command: "openDiagnostics", text: "Diagnostics", states: [] },
];

function main(): void {
  const root = beginPage("live", liveStyle);

  let news: RunNews | undefined;
  let settings: PanelSettings = { colorMap: "viridis", mayTrain: false };
  let scheduled = false;

  const client = connect(hear);
  const data = new RunData(
    (request) => client.ask(request),
    () => schedule(),
  );
  const shown = toElement(
    element(
      "div",
      { class: "strip" },
      element(
        "div",
        { class: "about" },
        element("h1", {}),
        element("p", { class: "state", role: "status" }),
        element("dl", {}),
        element("p", { class: "finding" }),
        element("div", { class: "buttons", role: "toolbar", "aria-label": "Run" }),
      ),
      element("div", { class: "plot", "data-plot": "gradientProfile" }),
      element("div", { class: "plot", "data-plot": "singularValues" }),
    ),
    document,
  );
  const find = (selector: string) => shown.querySelector<HTMLElement>(selector)!;
  const buttons = commands.map(({ command, text, states }) => {
    const made = button({ text, onClick: () => client.send({ type: "command", command }) });
    find(".buttons").append(made);
    return { command, states, made };
  });
  const empty = toElement(element("p", { class: "empty" }), document);
  root.append(shown, empty);

  function hear(message: PanelMessage): void {
    switch (message.type) {
      case "noRun":
        news = undefined;
        data.forget();
        empty.textContent = message.text;
        break;
      case "run":
        if (news?.directory !== message.news.directory) data.forget();
        ({ news, settings } = message);
        break;
      case "news":
        news = message.news;
        break;
      case "settings":
        settings = message.settings;
    }
    ask();
    schedule();
  }

  function ask(): void {
    if (news === undefined || news.recorded === null) return;
    data.want(wants(news), news, true);
  }

  function wants({ recorded, matrices }: RunNews): Wants {
    const [, last] = recorded!;
    const width = Math.max(smallest.width, find(".plot").clientWidth);
    return {
      lines: undefined,
      heatMap: undefined,
      hovered: undefined,
      table: undefined,
      moment: { kind: "moment", step: last, layer: 0 },
      spectra:
        matrices[0] === undefined
          ? undefined
          : { kind: "spectra", layer: 0, matrix: matrices[0], steps: null, width, mode: "quantiles" },
    };
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  }

  function draw(): void {
    root.setAttribute("aria-busy", "false");
    (shown as HTMLElement).hidden = news === undefined;
    (empty as HTMLElement).hidden = news !== undefined;
    if (news === undefined) return;
    const { record, state } = news;
    put(find("h1"), record?.name ?? news.directory);
    put(find(".state"), stateText(news));
    showFigures(find("dl"), news);
    const [finding] = record?.findings ?? [];
    put(find(".finding"), [...(finding ? [`⚠ ${finding.title}`] : []), ...news.problems].join("\n"));
    for (const { command, states, made } of buttons) {
      made.hidden = states.length > 0 && (state === null || !states.includes(state));
      setDisabled(made, !settings.mayTrain && command !== "openDiagnostics");
    }
    const { moment, spectra } = data.current;
    drawPlot(find('[data-plot="gradientProfile"]'), (size) =>
      profile(size, moment, record?.name ?? "", record?.profile),
    );
    drawPlot(find('[data-plot="singularValues"]'), (size) => spectrum(size, spectra, news!));
  }

  new ResizeObserver(() => {
    ask();
    schedule();
  }).observe(root);
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function drawPlot(place: HTMLElement, draw: (size: Size) => ElementNode | undefined): void {
  const size = {
    width: Math.max(smallest.width, place.clientWidth),
    height: Math.max(smallest.height, place.clientHeight),
  };
  const node = draw(size) ?? element("p", { class: "empty" }, "Nothing has been recorded yet.");
  place.replaceChildren(toElement(node, document));
}

function profile(
  size: Size,
  answer: MomentAnswer | undefined,
  name: string,
  unit: ProfileUnit | undefined,
): ElementNode | undefined {
  const moment = answer?.moment;
  if (!moment) return undefined;
  const { p10, p50, p90, step, fit, halfLife } = moment;
  return gradientProfile({
    ...size,
    name,
    color: 0,
    length: p50.length,
    timesteps: Array.from(p50, (_, i) => i + 1),
    unit,
    current: { step, p10, p50, p90 },
    moments: [],
    yDomain: profileDomain([{ step, p10, p50, p90 }]),
    fit: fit && { ...fit, halfLife },
  });
}

function spectrum(size: Size, spectra: SpectraAnswer | undefined, news: RunNews): ElementNode | undefined {
  if (spectra === undefined || spectra.step.length === 0) return undefined;
  return spectrumOverSteps({
    ...size,
    name: news.record?.name ?? "the run",
    color: 0,
    spectra,
    bands: news.bands.map((band) => bandOf(band, news.matrices[0] ?? null)),
    xDomain: news.recorded ?? [0, 1],
    yScale: "linear",
  }).node;
}

function stateText({ record, state }: RunNews): string {
  if (record === null) return state ?? "cannot be read";
  const of = record.steps === 0 ? "" : ` of ${formatInteger(record.steps)}`;
  return `${state ?? ""} · step ${formatInteger(record.step)}${of}`;
}

function showFigures(list: HTMLElement, { record }: RunNews): void {
  if (record === null) {
    list.replaceChildren();
    return;
  }
  const { loss, halfLife, reach, length, profile: unit = "timesteps", sigma } = record;
  const figures: [string, string][] = [
    ["loss", loss === null ? "–" : formatNumber(loss, 4)],
    [
      "half-life",
      halfLife === null ? "–" : `${formatNumber(Number(halfLife))} of ${formatInteger(length)} ${unit}`,
    ],
    ["reach", reach === null ? "–" : `${formatInteger(reach)} ${unit}`],
    ["σ", sigma === null ? "–" : `${formatNumber(sigma[0])} … ${formatNumber(sigma[1])}`],
  ];
  if (list.childElementCount !== 2 * figures.length)
    list.replaceChildren(
      ...figures.flatMap(() => [document.createElement("dt"), document.createElement("dd")]),
    );
  figures.forEach(([name, value], i) => {
    put(list.children[2 * i]!, name);
    put(list.children[2 * i + 1]!, value);
  });
}

/** Text that is the same is left alone. */
function put(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

main();
