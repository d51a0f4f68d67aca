/** The head of the page: which run, how it stands, and what can be done with it. */
import type { RunNews } from "../../src/protocol/details.ts";
import type { PanelSettings, RunCommand } from "../../src/protocol/panel.ts";
import type { RunState } from "../../src/runs/run.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { button, setDisabled } from "../ui.ts";
import { timeText } from "./timeText.ts";

interface Control {
  readonly command: RunCommand;
  readonly text: string;
  readonly label: string;
  /** Commands a trainer: only in a trusted workspace. */
  readonly trains: boolean;
  readonly fits: (state: RunState, cell: string) => boolean;
}

const live: readonly RunState[] = ["starting", "running", "paused"];
const ended: readonly RunState[] = ["stopped", "interrupted", "failed"];
const switchable: readonly RunState[] = ["running", "paused", "finished", "stopped", "interrupted"];

const controls: readonly Control[] = [
  {
    command: "pause",
    text: "Pause",
    label: "Pause the training",
    trains: true,
    fits: (state) => state === "running",
  },
  {
    command: "resume",
    text: "Resume",
    label: "Go on with the training",
    trains: true,
    fits: (state) => state === "paused" || ended.includes(state),
  },
  {
    command: "stop",
    text: "Stop",
    label: "End the training, with a checkpoint",
    trains: true,
    fits: (state) => live.includes(state),
  },
  {
    command: "checkpoint",
    text: "Checkpoint",
    label: "Write a checkpoint now",
    trains: true,
    fits: (state) => state === "running" || state === "paused",
  },
  {
    command: "switchToSvd",
    text: "Switch to SVD",
    label: "Switch to the SVD parameterization",
    trains: true,
    fits: (state, cell) => cell === "rnn" && switchable.includes(state),
  },
  {
    command: "switchToVanilla",
    text: "Switch to vanilla",
    label: "Switch to the vanilla parameterization",
    trains: true,
    fits: (state, cell) => (cell === "spectral" || cell === "orthogonal") && switchable.includes(state),
  },
  {
    command: "openExperiment",
    text: "Experiment",
    label: "Open the experiment file",
    trains: false,
    fits: () => true,
  },
  { command: "showLog", text: "Log", label: "Show the trainer's log", trains: false, fits: () => true },
  {
    command: "exportRun",
    text: "Export…",
    label: "Export the run's numbers or a report",
    trains: false,
    fits: () => true,
  },
];

export class Header {
  readonly element = document.createElement("header");
  readonly #title = child(this.element, "h1");
  readonly #state = child(this.element, "p", "state-line");
  readonly #pill = child(this.#state, "span", "pill");
  readonly #progressText = child(this.#state, "span", "progress-text");
  readonly #bar = child(this.element, "progress");
  readonly #about = child(this.element, "p", "muted about");
  readonly #figures = child(this.element, "dl", "figures");
  readonly #problem = child(this.element, "p", "problem");
  readonly #controls = child(this.element, "div", "controls-row");
  readonly #buttons: readonly (readonly [Control, HTMLElement])[];

  constructor(onCommand: (command: RunCommand) => void) {
    this.#controls.setAttribute("role", "toolbar");
    this.#controls.setAttribute("aria-label", "Run");
    this.#problem.setAttribute("role", "alert");
    this.#pill.setAttribute("role", "status");
    this.#bar.setAttribute("aria-label", "Steps done");
    this.#buttons = controls.map((control) => {
      const made = button({
        text: control.text,
        label: control.label,
        onClick: () => onCommand(control.command),
      });
      made.dataset.command = control.command;
      this.#controls.append(made);
      return [control, made] as const;
    });
  }

  show({ record, state, about, problems, directory }: RunNews, { mayTrain }: PanelSettings): void {
    const name = record?.name ?? directory.split(/[\\/]/).at(-1) ?? directory;
    put(this.#title, name);
    put(this.#pill, state ?? "unreadable");
    this.#pill.dataset.state = state ?? "unreadable";
    put(this.#about, about === null ? "" : `${about.task} · ${about.model} · ${about.training}`);
    const trouble = [...(record?.reason == null ? [] : [record.reason]), ...problems];
    put(this.#problem, trouble.join("\n"));
    this.#problem.hidden = trouble.length === 0;
    this.#bar.hidden = record === null || record.steps === 0;
    if (record !== null) {
      const { step, steps } = record;
      this.#bar.max = Math.max(1, steps);
      this.#bar.value = step;
      const share = steps === 0 ? "" : ` of ${formatInteger(steps)} (${Math.floor((100 * step) / steps)} %)`;
      const left = state === "running" ? timeLeft(record) : undefined;
      put(
        this.#progressText,
        `step ${formatInteger(step)}${share}${left === undefined ? "" : `, ${left} left`}`,
      );
    } else put(this.#progressText, "");
    this.#showFigures(record);
    for (const [control, made] of this.#buttons) {
      const fits = state !== null && control.fits(state, record?.cell ?? "");
      // Those that never fit the cell or the state take no room; those that may not be used are greyed out.
      made.hidden = !fits && control.trains;
      setDisabled(made, control.trains && !mayTrain);
    }
  }

  #showFigures(record: RunNews["record"]): void {
    const figures = record === null ? [] : figuresOf(record);
    // A pair in a box of its own stays together wherever the line breaks.
    while (this.#figures.childElementCount < figures.length) {
      const box = child(this.#figures, "div");
      box.append(document.createElement("dt"), document.createElement("dd"));
    }
    while (this.#figures.childElementCount > figures.length) this.#figures.lastElementChild!.remove();
    figures.forEach(([name, value], i) => {
      const [term, figure] = this.#figures.children[i]!.children;
      put(term!, name);
      put(figure!, value);
    });
  }
}

/** What a person wants to know of a run, in the order of the page. */
function figuresOf(record: NonNullable<RunNews["record"]>): [string, string][] {
  const { loss, metric, metricName, testMetric, halfLife, length, reach, sigma, stepsPerSecond, elapsed } =
    record;
  const unit = record.profile ?? "timesteps";
  const number = (value: number | null) => (value === null ? "–" : formatNumber(value, 4));
  return [
    ["loss", number(loss)],
    [metricName, number(metric)],
    ...(testMetric === null ? [] : [[`test ${metricName}`, number(testMetric)] satisfies [string, string]]),
    ["gradient half-life", halfLife === null ? "–" : halfLifeFigure(Number(halfLife), length, unit)],
    ["gradient reach", reach === null ? "–" : `${formatInteger(reach)} of ${formatInteger(length)} ${unit}`],
    ["σ", sigma === null ? "–" : `${formatNumber(sigma[0])} … ${formatNumber(sigma[1])}`],
    ["rate", stepsPerSecond === null ? "–" : `${formatNumber(stepsPerSecond)} steps/s`],
    ["trained for", timeText(elapsed)],
  ];
}

function halfLifeFigure(halfLife: number, length: number, unit: string): string {
  if (Number.isNaN(halfLife)) return "none: nothing to fit";
  if (!Number.isFinite(halfLife)) return "∞: steady";
  if (halfLife < 0) return `doubles every ${formatNumber(-halfLife)} ${unit}`;
  return `${formatNumber(halfLife)} of ${formatInteger(length)} ${unit}`;
}

function timeLeft({ step, steps, stepsPerSecond }: NonNullable<RunNews["record"]>): string | undefined {
  if (!stepsPerSecond || steps <= step) return undefined;
  return timeText((steps - step) / stepsPerSecond);
}

function child<Tag extends keyof HTMLElementTagNameMap>(
  parent: Element,
  tag: Tag,
  className?: string,
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  parent.append(made);
  return made;
}

/** Text that is the same is left alone: a screen reader would read it again, and a selection would be lost. */
function put(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
