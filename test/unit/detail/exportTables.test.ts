import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tableLines } from "../../../src/detail/exportTables.ts";
import { float32Text } from "../../../src/detail/numberText.ts";
import { writeTable } from "../../../src/detail/writeTable.ts";
import { runFile } from "../../../src/runs/runDirectory.ts";
import { TelemetryWriter } from "../../../src/runs/telemetryWriter.ts";
import { range, rowOf, rowsOf, shape } from "../runs/rows.ts";

let directory: string;
const rows = rowsOf(...range(1, 250));
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "sigmascope-export-"));
  const writer = TelemetryWriter.open(runFile(directory, "telemetry"), shape, { runId: "r" });
  for (const row of rows) writer.append(row);
  writer.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Records = Record<string, string>[];
const recordsOf = (text: string) => parse(text, { columns: true }) as Records;

test("a line a step, with everything that has one value a step", async () => {
  const file = join(directory, "steps.csv");
  const shares: number[] = [];
  expect(await writeTable(directory, "steps", file, (share) => shares.push(share))).toBe(251);
  const records = recordsOf(readFileSync(file, "utf8"));
  expect(records).toHaveLength(250);
  expect(records[0]).toMatchObject({
    step: "1",
    loss: "1",
    "halfLife.0": "-1",
    "updateRatio.layers.0.u": "1",
  });
  // Step 3 measured no singular values; step 4 has no parameter of the first name.
  expect(records[2]).toMatchObject({ "sigmaMin.0.input": "", "sigmaMax.1.forget": "" });
  expect(records[3]).toMatchObject({ "gradientNorm.layers.0.W": "", "halfLife.0": "Infinity" });
  expect(records.map(({ loss }) => Number(loss))).toEqual(rows.map(({ loss }) => loss));
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
});

test("a line for each step, layer and timestep; and for each singular value", () => {
  const gradient = recordsOf([...tableLines("gradient", rows.slice(0, 2), shape)].join(""));
  expect(gradient).toHaveLength(2 * 2 * 5);
  const { p90 } = rows[1]!.layers[1]!.gradientNorm;
  expect(gradient.at(-1)).toMatchObject({ step: "2", layer: "1", timestep: "5", p90: float32Text(p90[4]!) });
  const sigma = recordsOf([...tableLines("singularValues", rows.slice(0, 3), shape)].join(""));
  expect(sigma).toHaveLength(2 * 2 * 2 * 3);
  expect(sigma[0]).toEqual({ step: "1", layer: "0", matrix: "input", rank: "1", sigma: "1" });
});

test("the first Lyapunov exponent has a column in a run that measures them", () => {
  const of = { layers: 1, transitions: ["W"], parameters: [], lyapunov: true } as const;
  const measured = range(1, 2).map((step) => {
    const row = rowOf(step, { of });
    const lyapunov = step === 1 ? Float32Array.of(0.5, Number.NEGATIVE_INFINITY) : null;
    const lyapunovExpected = step === 1 ? Number.NEGATIVE_INFINITY : null;
    return { ...row, layers: row.layers.map((layer) => ({ ...layer, lyapunov, lyapunovExpected })) };
  });
  const records = recordsOf([...tableLines("steps", measured, of)].join(""));
  expect(records[0]).toMatchObject({ "lyapunov.0": "0.5", "lyapunovExpected.0": "-Infinity" });
  expect(records[1]).toMatchObject({ "lyapunov.0": "", "lyapunovExpected.0": "" });
  expect(recordsOf([...tableLines("steps", rows.slice(0, 1), shape)].join(""))[0]).not.toHaveProperty(
    "lyapunov.0",
  );
});

test("numbers read back as the same 32-bit floats", () => {
  for (const value of [0.1, 1 / 3, 1e-40, 3.4e38, 16_777_217, -0.2, 1.1754944e-38].map(Math.fround))
    expect(Math.fround(Number(float32Text(value)))).toBe(value);
  expect(float32Text(Math.fround(0.1))).toBe("0.1");
  expect([Number.NaN, Number.NEGATIVE_INFINITY].map(float32Text)).toEqual(["NaN", "-Infinity"]);
});

test("a file is written whole or not at all", async () => {
  const file = join(directory, "kept.csv");
  writeFileSync(file, "before");
  const abort = new AbortController();
  const told = () => abort.abort(new Error("cancelled"));
  await expect(writeTable(directory, "gradient", file, told, abort.signal)).rejects.toThrow("cancelled");
  expect(readFileSync(file, "utf8")).toBe("before");
  const nowhere = join(directory, "nowhere", "x.csv");
  await expect(writeTable(directory, "steps", nowhere)).rejects.toThrow(`${nowhere} cannot be written`);
  expect(existsSync(nowhere)).toBe(false);
  expect(readdirSync(directory).filter((name) => name.endsWith(".part"))).toEqual([]);
});
