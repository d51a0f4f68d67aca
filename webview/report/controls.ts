/** What the charts of a report are looked at by: the moment of training, layer and matrix, seeds as one. */
import { toElement } from "../charts/mount.ts";
import { element } from "../charts/node.ts";
import { formatInteger } from "../charts/numbers.ts";
import type { Selection, ShownRun } from "./runs.ts";
import { hasSeedGroups } from "./seeds.ts";

/** The recorded step next to one that may have been thinned away since. */
export function nearest(steps: readonly number[], step: number): number {
  return steps.reduce(
    (best, other) => (Math.abs(other - step) < Math.abs(best - step) ? other : best),
    steps[0] ?? 0,
  );
}

/** Steps at which any run recorded a gradient profile, ascending. */
export function recordedSteps(runs: readonly ShownRun[]): number[] {
  const steps = new Set(
    runs.flatMap(({ run }) => run.layers.slice(0, 1).flatMap(({ profiles }) => profiles.steps)),
  );
  return [...steps].sort((a, b) => a - b);
}

export function matrixNames(runs: readonly ShownRun[]): string[] {
  return [...new Set(runs.flatMap(({ run }) => run.layers.flatMap(({ spectra }) => Object.keys(spectra))))];
}

/** The slider over recorded steps, and the choice of layer and matrix where there is one. */
export function controls(
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
        runs.length < 2
          ? "At step"
          : element(
              "select",
              { name: "align", "aria-label": "Compare at" },
              option("step", "At the same step", selection.align === "step"),
              option("fraction", "At the same share of each run", selection.align === "fraction"),
            ),
        element("input", {
          type: "range",
          name: "moment",
          "aria-label": "Moment of training",
          min: 0,
          step: 1,
        }),
        element("output", {}),
      ),
      runs.length < 2
        ? undefined
        : element(
            "label",
            {},
            element("input", {
              type: "checkbox",
              name: "collapse",
              checked: selection.collapse ? "" : undefined,
              disabled: hasSeedGroups(runs) ? undefined : "",
            }),
            hasSeedGroups(runs)
              ? "Runs that differ in seed alone as mean and spread"
              : "No two runs differ in seed alone",
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
  const slider = bar.querySelector<HTMLInputElement>("input[type=range]")!;
  const output = bar.querySelector("output")!;
  let { align } = selection;
  /** Where the slider stands, as what is chosen. */
  const position = (): Pick<Selection, "step" | "fraction"> =>
    align === "step"
      ? { step: steps[Number(slider.value)]!, fraction: selection.fraction }
      : { step: selection.step, fraction: Number(slider.value) / 100 };
  const show = () => {
    const text = align === "step" ? formatInteger(steps[Number(slider.value)]!) : `${slider.value} %`;
    output.textContent = text;
    slider.setAttribute("aria-valuetext", align === "step" ? `step ${text}` : `${text} of each run`);
  };
  const arrange = (step: number, fraction: number) => {
    slider.max = String(align === "step" ? steps.length - 1 : 100);
    slider.value = String(
      align === "step" ? Math.max(0, steps.indexOf(nearest(steps, step))) : Math.round(100 * fraction),
    );
    show();
  };
  arrange(selection.step, selection.fraction);
  slider.oninput = () => {
    show();
    changed(align === "step" ? { step: position().step } : { fraction: position().fraction });
  };
  const collapse = bar.querySelector<HTMLInputElement>("input[name=collapse]");
  if (collapse) collapse.onchange = () => changed({ collapse: collapse.checked });
  for (const select of bar.querySelectorAll("select"))
    select.onchange = () => {
      if (select.name === "align") {
        // The same moment, measured the other way.
        const { step, fraction } = position();
        const last = steps.at(-1) || 1;
        const other =
          align === "step"
            ? { step, fraction: step / last }
            : { step: nearest(steps, fraction * last), fraction };
        align = select.value === "fraction" ? "fraction" : "step";
        arrange(other.step, other.fraction);
        changed({ align, ...other });
      } else changed(select.name === "layer" ? { layer: Number(select.value) } : { matrix: select.value });
    };
  return bar;
}
