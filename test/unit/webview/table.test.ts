/** The panel's numbers as tables: what the cells say, and that a row made alone is the row of the whole table. */
import { expect, test } from "vitest";
import type { Moment } from "../../../src/protocol/details.ts";
import { toMarkup } from "../../../webview/charts/node.ts";
import { momentTables, rowNode, stepsTable, tableNode } from "../../../webview/diagnostics/table.ts";

const moment = {
  step: 1200,
  p10: Float32Array.of(0.25, 0.5),
  p50: Float32Array.of(0.5, 1),
  p90: Float32Array.of(1, 0),
  saturation: Float32Array.of(0.125),
  spectra: [{ matrix: "W", step: 1100, values: Float32Array.of(1.5, 0.75, 0.5) }],
} as unknown as Moment;

test("a step's numbers: one row a timestep, and one a singular value", () => {
  const [gradient, spectrum] = momentTables({ kind: "moment", layer: 0, moment }, "timesteps");
  expect(gradient).toMatchObject({ label: "Gradient by timestep", rowCount: 2 });
  expect(gradient!.caption).toContain("at step 1,200");
  expect([0, 1].map(gradient!.row)).toEqual([
    ["1", "0.25", "0.5", "1", "0.125"],
    ["2", "0.5", "1", "0", "none"],
  ]);
  expect(spectrum!.caption).toContain("at step 1,100");
  expect(spectrum!.row(1)).toEqual(["2", "0.75"]);
  expect(momentTables({ kind: "moment", layer: 0, moment: null }, undefined)).toEqual([]);
});

test("steps: the first column holds whole numbers", () => {
  const table = stepsTable({ kind: "table", headings: ["step", "loss"], rows: [[1000, 0.5]] });
  expect(table.row(0)).toEqual(["1,000", "0.5"]);
});

test("a row that is made alone is that of the whole table", () => {
  for (const table of momentTables({ kind: "moment", layer: 0, moment }, "layers")) {
    const whole = toMarkup(tableNode(table));
    for (let i = 0; i < table.rowCount; i++) expect(whole).toContain(toMarkup(rowNode(table.row(i))));
    expect(whole.match(/<tr>/g)).toHaveLength(1 + table.rowCount);
  }
});
