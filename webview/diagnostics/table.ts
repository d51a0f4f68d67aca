/** The same numbers as tables, for screen readers and whoever wants to read them. */
import type { MomentAnswer, TableAnswer } from "../../src/protocol/details.ts";
import { type ElementNode, element } from "../charts/node.ts";
import { formatInteger, formatNumber } from "../charts/numbers.ts";
import { inUnit, matrixText, type ProfileUnit } from "../charts/profileWords.ts";

/** A table as text. */
export interface NumbersTable {
  /** What it is, for the list of a page's regions. */
  readonly label: string;
  readonly caption: string;
  readonly headings: readonly string[];
  readonly rowCount: number;
  /** One text for each heading; the first is the row's own. Made when it is asked for: not all are seen. */
  readonly row: (index: number) => readonly string[];
}

export function stepsTable({ headings, rows }: TableAnswer): NumbersTable {
  return {
    label: "Numbers over steps",
    caption: `${rows.length} recorded steps, evenly spaced among those shown`,
    headings,
    rowCount: rows.length,
    row: (index) => rows[index]!.map((value, i) => (i === 0 ? formatInteger(value) : formatNumber(value, 5))),
  };
}

/** Gradient and saturation by timestep (or layer), and the singular values, at the step that is shown. */
export function momentTables({ moment }: MomentAnswer, unit: ProfileUnit | undefined): NumbersTable[] {
  if (moment === null) return [];
  const { p10, p50, p90, saturation, spectra, step } = moment;
  const of = inUnit("timestep", unit);
  return [
    {
      label: `Gradient by ${of}`,
      caption: `‖∂L/∂h‖ over the batch by ${of}, and the share of saturated or dead units, at step ${formatInteger(step)}`,
      headings: [of, "10th percentile", "median", "90th percentile", "saturated"],
      rowCount: p50.length,
      row: (i) => [
        formatInteger(i + 1),
        formatNumber(p10[i]!, 5),
        formatNumber(p50[i]!, 5),
        formatNumber(p90[i]!, 5),
        formatNumber(saturation[i] ?? Number.NaN, 4),
      ],
    },
    ...spectra.map(
      ({ matrix, step: measured, values }): NumbersTable => ({
        label: "Singular values",
        caption: `Singular values of ${matrixText(matrix)} at step ${formatInteger(measured)}`,
        headings: ["rank", "σ"],
        rowCount: values.length,
        row: (i) => [formatInteger(i + 1), formatNumber(values[i]!, 6)],
      }),
    ),
  ];
}

/** The table in a region that scrolls. */
export function tableNode({ label, caption, headings, rowCount, row }: NumbersTable): ElementNode {
  return element(
    "div",
    { class: "scroll tall", tabindex: 0, role: "region", "aria-label": label },
    element(
      "table",
      { class: "numbers" },
      element("caption", {}, caption),
      element(
        "thead",
        {},
        element("tr", {}, ...headings.map((heading) => element("th", { scope: "col" }, heading))),
      ),
      element("tbody", {}, ...Array.from({ length: rowCount }, (_, i) => rowNode(row(i)))),
    ),
  );
}

/** One row of a table. */
export function rowNode([first = "", ...rest]: readonly string[]): ElementNode {
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, first),
    ...rest.map((value) => element("td", {}, value)),
  );
}
