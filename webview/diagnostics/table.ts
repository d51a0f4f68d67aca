/** The same numbers as a table, for screen readers and whoever wants to read them. */
import type { MomentAnswer, TableAnswer } from "../../src/protocol/details.ts";
import { toElement } from "../charts/mount.ts";
import { type ElementNode, element } from "../charts/node.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { inUnit, matrixText, type ProfileUnit } from "../charts/profileWords.ts";

/** Rows of a table that a person still reads. */

export function stepsTable({ headings, rows }: TableAnswer): Element {
  return toElement(
    element(
      "div",
      { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Numbers over steps" },
      numbers(
        `${rows.length} recorded steps, evenly spaced among those shown`,
        headings,
        rows.map((row) => row.map((value, i) => (i === 0 ? formatInteger(value) : formatNumber(value, 5)))),
      ),
    ),
    document,
  );
}

/** Gradient and saturation by timestep (or layer), and the singular values, at the step that is shown. */
export function momentTables({ moment }: MomentAnswer, unit: ProfileUnit | undefined): Element[] {
  if (moment === null) return [];
  const { p10, p50, p90, saturation, spectra, step } = moment;
  const of = inUnit("timestep", unit);
  const byTimestep = Array.from(p50, (median, i) => [
    formatInteger(i + 1),
    formatNumber(p10[i]!, 5),
    formatNumber(median, 5),
    formatNumber(p90[i]!, 5),
    formatNumber(saturation[i] ?? Number.NaN, 4),
  ]);
  const tables = [
    numbers(
      `‖∂L/∂h‖ over the batch by ${of}, and the share of saturated or dead units, at step ${formatInteger(step)}`,
      [of, "10th percentile", "median", "90th percentile", "saturated"],
      byTimestep,
    ),
    ...spectra.map(({ matrix, step: measured, values }) =>
      numbers(
        `Singular values of ${matrixText(matrix)} at step ${formatInteger(measured)}`,
        ["rank", "σ"],
        Array.from(values, (value, i) => [formatInteger(i + 1), formatNumber(value, 6)]),
      ),
    ),
  ];
  return tables.map((table, i) =>
    toElement(
      element(
        "div",
        {
          class: "scroll tall",
          tabindex: 0,
          role: "region",
          "aria-label": i === 0 ? `Gradient by ${of}` : "Singular values",
        },
        table,
      ),
      document,
    ),
  );
}

function numbers(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): ElementNode {
  return element(
    "table",
    { class: "numbers" },
    element("caption", {}, caption),
    element(
      "thead",
      {},
      element("tr", {}, ...headings.map((heading) => element("th", { scope: "col" }, heading))),
    ),
    element(
      "tbody",
      {},
      ...rows.map(([first = "", ...rest]) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, first),
          ...rest.map((value) => element("td", {}, value)),
        ),
      ),
    ),
  );
}
