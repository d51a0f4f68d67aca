/** The bar above the plots: which step, which layer and matrix, zoom reset, table; and a button that plays the training. */
import type { RunNews, Span } from "../../src/protocol/details.ts";
import { formatInteger } from "../charts/numbers.ts";
import { inUnit, matrixText } from "../charts/profileWords.ts";
import { button, checkbox, dropdown, setDisabled } from "../ui.ts";
import { stepOf, type View } from "./view.ts";

/** Seconds that the whole training takes when it is played. */
const playSeconds = 10;
/** With reduced motion the training is played in so many hops a second instead. */
const hopsPerSecond = 2;

export class Toolbar {
  readonly element = document.createElement("div");
  readonly #change: (change: Partial<View>) => void;
  readonly #slider = document.createElement("input");
  readonly #output = document.createElement("output");
  readonly #play: HTMLElement;
  readonly #newest: HTMLElement;
  readonly #reset: HTMLElement;
  readonly #choices = document.createElement("span");
  #choicesShown = "";
  #recorded: Span = [0, 0];
  #step = 0;
  #playing: number | undefined;

  constructor(change: (change: Partial<View>) => void) {
    this.#change = change;
    this.element.className = "toolbar";
    this.element.setAttribute("role", "toolbar");
    this.element.setAttribute("aria-label", "What the plots show");
    this.#play = button({
      text: "▶ Play",
      label: "Play the training step by step",
      onClick: () => this.#toggle(),
    });
    this.#play.classList.add("play");
    const label = document.createElement("label");
    label.className = "step";
    label.append("Step ", this.#slider, this.#output);
    this.#slider.type = "range";
    this.#slider.name = "step";
    this.#slider.oninput = () => {
      this.#stop();
      this.#change({ step: Number(this.#slider.value) });
    };
    this.#newest = button({
      text: "Newest",
      label: "Show the newest step, and follow it while the run is trained",
      onClick: () => {
        this.#stop();
        this.#change({ step: null });
      },
    });
    this.#reset = button({
      text: "Reset zoom",
      label: "Show all steps and all timesteps",
      onClick: () => this.#change({ steps: null, timesteps: null }),
    });
    this.#choices.className = "choices";
    this.element.append(this.#play, label, this.#newest, this.#reset, this.#choices);
  }

  show(news: RunNews, view: View): void {
    this.#recorded = news.recorded ?? [0, 0];
    const [first, last] = this.#recorded;
    this.#step = stepOf(view, news);
    this.#slider.min = String(first);
    this.#slider.max = String(last);
    this.#slider.value = String(this.#step);
    this.#slider.disabled = last <= first;
    const text = `${formatInteger(this.#step)}${view.step === null ? " (newest)" : ""}`;
    if (this.#output.textContent !== text) this.#output.textContent = text;
    this.#slider.setAttribute("aria-valuetext", `step ${formatInteger(this.#step)}`);
    setDisabled(this.#play, last <= first);
    setDisabled(this.#newest, view.step === null);
    const all = inUnit("Show all steps and all timesteps", news.record?.profile);
    if (this.#reset.getAttribute("aria-label") !== all) {
      this.#reset.setAttribute("aria-label", all);
      this.#reset.title = all;
    }
    setDisabled(this.#reset, view.steps === null && view.timesteps === null);
    this.#showChoices(news, view);
  }

  #showChoices({ layers, matrices, parameters }: RunNews, view: View): void {
    const key = JSON.stringify([layers, matrices, parameters.length, view]);
    // The step alone moves often, and touches none of these.
    const withoutStep = key.replace(/"step":[^,]*,/, "");
    if (withoutStep === this.#choicesShown) return;
    this.#choicesShown = withoutStep;
    const focused = this.#choices.contains(document.activeElement)
      ? document.activeElement?.getAttribute("data-choice")
      : undefined;
    const choices: [string, HTMLElement][] = [];
    if (layers > 1)
      choices.push([
        "layer",
        dropdown({
          label: "Layer",
          choices: Array.from({ length: layers }, (_, i) => ({
            value: String(i),
            text: i === 0 ? "Layer 1 (bottom)" : `Layer ${i + 1}`,
          })),
          value: String(view.layer),
          onChange: (value) => this.#change({ layer: Number(value) }),
        }),
      ]);
    if (matrices.length > 1)
      choices.push([
        "matrix",
        dropdown({
          label: "Transition matrix",
          choices: matrices.map((name) => ({
            value: name,
            text: matrixText(name),
          })),
          value: view.matrix ?? matrices[0]!,
          onChange: (matrix) => this.#change({ matrix }),
        }),
      ]);
    choices.push([
      "singleValues",
      checkbox("Single σ lines", view.singleValues, (singleValues) => this.#change({ singleValues })),
    ]);
    choices.push(["table", checkbox("Table view", view.table, (table) => this.#change({ table }))]);
    this.#choices.replaceChildren(
      ...choices.map(([name, control]) => {
        control.dataset.choice = name;
        return control;
      }),
    );
    if (focused != null) this.#choices.querySelector<HTMLElement>(`[data-choice="${focused}"]`)?.focus();
  }

  #toggle(): void {
    if (this.#playing !== undefined) {
      this.#stop();
      return;
    }
    const [first, last] = this.#recorded;
    this.#hop(this.#step >= last ? first : this.#step, performance.now());
    this.#play.textContent = "❚❚ Hold";
    this.#play.setAttribute("aria-pressed", "true");
  }

  /** In the next frame: on from `step`, which was shown at `before`. */
  #hop(step: number, before: number): void {
    this.#playing = requestAnimationFrame((now) => {
      const seconds = Math.max(0, now - before) / 1000;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (calm && seconds < 1 / hopsPerSecond) {
        this.#hop(step, before);
        return;
      }
      const [first, last] = this.#recorded;
      const next = Math.min(last, step + ((last - first) * seconds) / playSeconds);
      this.#change({ step: Math.floor(next) });
      if (next >= last) this.#stop();
      else this.#hop(next, now);
    });
  }

  #stop(): void {
    if (this.#playing !== undefined) cancelAnimationFrame(this.#playing);
    this.#playing = undefined;
    this.#play.textContent = "▶ Play";
    this.#play.setAttribute("aria-pressed", "false");
  }
}
