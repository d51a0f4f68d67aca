/** What sets runs apart: the properties of their experiments that are not the same. */
import { type ElementNode, element } from "../charts/node.ts";
import type { ShownRun } from "./runs.ts";

/** Properties whose values differ, in the order of the experiment file. */
export function differingSettings(runs: readonly ShownRun[]): string[] {
  const properties = new Set(runs.flatMap(({ run }) => Object.keys(run.settings)));
  return [...properties].filter(
    (property) => new Set(runs.map(({ run }) => run.settings[property])).size > 1,
  );
}

/** Runs that differ in their seed alone belong together. */
export function isSeed(property: string): boolean {
  return property === "training.seed";
}

export function settingsTable(runs: readonly ShownRun[]): ElementNode {
  const differing = differingSettings(runs);
  if (differing.length === 0) return element("p", {}, "Nothing: the experiments are the same, seed and all.");
  return element(
    "div",
    { class: "scroll", role: "region", "aria-label": "What sets the runs apart", tabindex: 0 },
    element(
      "table",
      { class: "summary settings" },
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("td"),
          ...runs.map(({ label, color }) =>
            element(
              "th",
              { scope: "col" },
              element("span", { class: `swatch series-${color % 8}`, "aria-hidden": "true" }),
              label,
            ),
          ),
        ),
      ),
      element(
        "tbody",
        {},
        ...differing.map((property) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, element("code", {}, property)),
            ...runs.map(({ run }) => element("td", {}, run.settings[property] ?? "–")),
          ),
        ),
      ),
    ),
  );
}
