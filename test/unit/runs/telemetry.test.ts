import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemCode } from "../../../src/runs/systemError.ts";
import type { TelemetryRow } from "../../../src/runs/telemetry.ts";
import { readTelemetry, TelemetryTail } from "../../../src/runs/telemetryReader.ts";
import { TelemetryWriter } from "../../../src/runs/telemetryWriter.ts";
import { anyTelemetry, range, rowOf, rowsOf, shape, temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.arrows`);
const runId = "20261123-081502-a-7f3a";
const steps = (rows: readonly TelemetryRow[]) => rows.map(({ step }) => step);

/** A file with one batch for each list of steps, neither closed nor torn. */
function written(...batches: number[][]): string {
  const file = newFile();
  const writer = TelemetryWriter.open(file, shape, { runId });
  for (const batch of batches) {
    for (const row of rowsOf(...batch)) writer.append(row);
    writer.flush();
  }
  return file;
}

test("any rows of any shape are read as they were written, split into batches in any way", () => {
  fc.assert(
    fc.property(anyTelemetry, fc.array(fc.boolean()), fc.boolean(), (telemetry, flushes, close) => {
      const file = newFile();
      const writer = TelemetryWriter.open(file, telemetry.shape, { runId });
      for (const [i, row] of telemetry.rows.entries()) {
        writer.append(row);
        if (flushes[i]) writer.flush();
      }
      if (close) writer.close();
      else writer.flush();
      expect(readTelemetry(file)).toEqual({
        rows: telemetry.rows,
        shape: telemetry.shape,
        complete: close,
        torn: false,
        damage: null,
      });
    }),
    { numRuns: 150, seed: 1 },
  );
});
