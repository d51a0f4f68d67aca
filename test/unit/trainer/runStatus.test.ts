import { expect, test } from "vitest";
import type { LayerTelemetry, TelemetryRow } from "../../../src/runs/telemetry.ts";
import { RunStatus } from "../../../src/trainer/runStatus.ts";
import { record } from "../cli/record.ts";
import { rowOf } from "../runs/rows.ts";

const layer = (changes: Partial<LayerTelemetry>): LayerTelemetry => ({ ...rowOf(1).layers[0]!, ...changes });
const rowWith = (...layers: LayerTelemetry[]): TelemetryRow => ({ ...rowOf(1), layers });

test("half-life and reach are those of the bottom layer, σ that of all", () => {
  const status = new RunStatus("/nowhere", record);
  status.setRow(
    rowWith(
      layer({ halfLife: 7, reach: 3, singularValues: { W: Float32Array.of(1.5, 0.75) } }),
      layer({ halfLife: -2, reach: 5, singularValues: { W: Float32Array.of(1.25, 0.5) } }),
    ),
  );
  expect(status.record).toMatchObject({ halfLife: 7, reach: 3, sigma: [0.5, 1.5] });
});

test("a row without a spectrum leaves σ as it was; what JSON lacks goes by its name", () => {
  const status = new RunStatus("/nowhere", record);
  status.setRow(rowWith(layer({ halfLife: Number.NEGATIVE_INFINITY, singularValues: { W: null } })));
  expect(status.record).toMatchObject({ halfLife: "-Infinity", sigma: record.sigma });
  status.setRow(rowWith(layer({ halfLife: Number.NaN, singularValues: {} })));
  expect(status.record.halfLife).toBe("NaN");
});
