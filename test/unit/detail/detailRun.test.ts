import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DetailRun } from "../../../src/detail/detailRun.ts";
import { gradientHalfLife } from "../../../src/diagnostics/gradientSummary.ts";
import { experimentSchema } from "../../../src/experiment/schema.ts";
import type { NumbersRequest } from "../../../src/protocol/details.ts";
import { appendEvent } from "../../../src/runs/events.ts";
import { createRun, runFile } from "../../../src/runs/runDirectory.ts";
import { readRunRecord, writeRunRecord } from "../../../src/runs/runRecord.ts";
import type { TelemetryRow, TelemetryShape } from "../../../src/runs/telemetry.ts";
import { TelemetryWriter } from "../../../src/runs/telemetryWriter.ts";
import { anyTelemetry } from "../runs/anyTelemetry.ts";
import { range, rowOf, rowsOf, shape } from "../runs/rows.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "sigmascope-detail-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const experiment = experimentSchema.parse({
  task: { kind: "adding", length: 5 },
  model: { cell: "spectral", hidden: 3, radius: 0.2 },
});

function makeRun(
  rows: readonly TelemetryRow[],
  of: TelemetryShape = shape,
): { directory: string; writer: TelemetryWriter } {
  const directory = createRun(root, experiment, { experimentFile: null, name: "run" });
  writeRunRecord(directory, {
    ...readRunRecord(directory),
    state: "finished",
    step: 9,
    length: 5,
    metricName: "accuracy",
  });
  const writer = TelemetryWriter.open(runFile(directory, "telemetry"), of, { runId: "run" });
  for (const row of rows) writer.append(row);
  writer.flush();
  return { directory, writer };
}

async function opened(directory: string): Promise<DetailRun> {
  const run = new DetailRun(directory);
  await run.poll();
  return run;
}

test("news: what the run is, what happened, which band held when", async () => {
  const { directory } = makeRun(rowsOf(1, 2, 9));
  const time = new Date().toISOString();
  const band = { center: 1, radius: 0.5 };
  const common = {
    time,
    checkpoint: "",
    sigma: [0.9, 1.1] as const,
    clipped: 0,
    clippedCount: 0,
    functionChange: 0,
  };
  appendEvent(directory, { ...common, type: "switch", step: 4, from: "spectral", to: "rnn", band: null });
  appendEvent(directory, { ...common, type: "switch", step: 6, from: "rnn", to: "spectral", band });
  appendEvent(directory, { time, type: "checkpoint", step: 7, file: "x", requested: true });
  appendEvent(directory, { time, type: "evaluation", step: 8, loss: 0.5, metric: 0.75 });
  const { news } = await opened(directory);
  expect(news).toMatchObject({
    state: "finished",
    rowCount: 3,
    recorded: [1, 9],
    layers: 2,
    matrices: ["input", "forget"],
    evaluations: [{ step: 8, loss: 0.5, metric: 0.75 }],
    problems: [],
  });
  expect(news.about?.model).toContain("spectral");
  expect(news.moments.map(({ kind, step }) => [kind, step])).toEqual([
    ["switch", 4],
    ["switch", 6],
    ["checkpoint", 7],
  ]);
  expect(news.bands).toEqual([
    { low: 0.8, high: 1.2, steps: [0, 4] },
    { low: 0.5, high: 1.5, steps: [6, 9] },
  ]);
});

test("a moment is the last row that is not after the step, exactly", async () => {
  const rows = rowsOf(1, 3, 6, 10);
  const run = await opened(makeRun(rows).directory);
  const at = (step: number, layer = 0) => run.answer({ kind: "moment", step, layer }).moment!;
  expect([0, 1, 2, 3, 5, 6, 9, 10, 1000].map((step) => at(step).step)).toEqual([1, 1, 1, 3, 3, 6, 6, 10, 10]);
  const { layers } = rows[3]!;
  const found = at(10, 1);
  expect([...found.p50]).toEqual([...layers[1]!.gradientNorm.p50]);
  expect([...found.p10]).toEqual([...layers[1]!.gradientNorm.p10]);
  expect([...found.saturation]).toEqual([...layers[1]!.saturation]);
  expect(found).toMatchObject({
    loss: rows[3]!.loss,
    halfLife: layers[1]!.halfLife,
    reach: layers[1]!.reach,
  });
  // Steps 3 and 6 did not measure singular values: the newest before them counts.
  expect(at(6).spectra.map(({ matrix, step }) => [matrix, step])).toEqual([
    ["input", 1],
    ["forget", 1],
  ]);
  expect(() => run.answer({ kind: "moment", step: 1, layer: 2 })).toThrow(
    /layer 2 is asked for; the run has 2/,
  );
  expect(() =>
    run.answer({ kind: "spectra", layer: 0, matrix: "W", steps: null, width: 10, mode: "auto" }),
  ).toThrow(/matrix W is asked for; the run has input, forget/);
});

test("the fit of a moment is the line whose half-life was recorded", async () => {
  const single: TelemetryShape = { layers: 1, transitions: ["W"], parameters: [] };
  const p50 = Float32Array.from({ length: 40 }, (_, i) => 2 ** ((i - 39) / 7));
  const [row] = rowsOf(1);
  const halfLife = gradientHalfLife(p50, false);
  const layer = {
    gradientNorm: { p10: p50, p50, p90: p50 },
    saturation: new Float32Array(40),
    singularValues: { W: null },
    halfLife,
    reach: 40,
  };
  const { directory } = makeRun([{ ...row!, parameters: {}, layers: [layer] }], single);
  const { fit } = (await opened(directory)).answer({ kind: "moment", step: 1, layer: 0 }).moment!;
  expect(halfLife).toBeCloseTo(7);
  expect(fit!.slope).toBeCloseTo(1 / 7);
  expect(fit!.timesteps).toEqual([1, 40]);
  for (const t of [1, 20, 40]) expect(2 ** (fit!.intercept + fit!.slope * t)).toBeCloseTo(p50[t - 1]!, 5);
});

test("singular values: single ones while they are few, quantiles when they are many or asked for", async () => {
  const run = await opened(makeRun(rowsOf(...range(1, 12))).directory);
  const ask = { kind: "spectra", layer: 0, matrix: "input", steps: null, width: 100 } as const;
  const values = run.answer({ ...ask, mode: "auto" });
  expect(values).toMatchObject({ mode: "values", size: 3, lines: [1, 2, 3] });
  expect([...values.step]).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
  const fan = run.answer({ ...ask, mode: "quantiles", steps: [4, 5] });
  expect([...fan.step]).toEqual([2, 4, 5, 7]);
  expect(fan.lines).toEqual([0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]);
  // The smallest, the median and the largest of the three at the first of these steps.
  expect([0, 3, 6].map((line) => fan.values[line])).toEqual(
    [...values.values.subarray(3, 6)].sort((a, b) => a - b),
  );
});

describe("numbers as CSV", () => {
  const ask = async (request: Partial<NumbersRequest>, rows = rowsOf(1, 2, 3)) => {
    const run = await opened(makeRun(rows).directory);
    const { csv } = run.answer({
      kind: "numbers",
      plot: "loss",
      layer: 0,
      matrix: "input",
      step: 2,
      steps: null,
      ...request,
    });
    return csv
      .trimEnd()
      .split("\n")
      .map((line) => line.split(","));
  };

  test("over steps", async () => {
    expect(await ask({})).toEqual([
      ["step", "time", "loss"],
      ["1", "0.1", "1"],
      ["2", "0.2", "0.5"],
      ["3", "0.3", String(1 / 3)],
    ]);
    expect(await ask({ plot: "metric", steps: [2, 2] })).toEqual([
      ["step", "time", "accuracy"],
      ["2", "0.2", "0.5"],
    ]);
    expect((await ask({ plot: "updateRatio" }))[0]).toEqual(["step", "time", ...shape.parameters]);
    expect((await ask({ plot: "halfLife" }))[1]).toEqual(["1", "0.1", "-1", "1"]);
  });

  test("by timestep, rank and step, which read back as the same 32-bit floats", async () => {
    const rows = rowsOf(1, 2, 3);
    const profile = await ask({ plot: "gradientProfile" });
    const { p10, p50, p90 } = rows[1]!.layers[0]!.gradientNorm;
    expect(profile.slice(1).map((cells) => cells.map(Number).map(Math.fround))).toEqual(
      Array.from(p50, (median, i) => [i + 1, p10[i], median, p90[i]]),
    );
    const map = await ask({ plot: "heatMap" });
    expect(map[0]).toEqual(["step", "t1", "t2", "t3", "t4", "t5"]);
    expect(map[2]!.slice(1).map(Number).map(Math.fround)).toEqual([...p50]);
    const sigma = await ask({ plot: "singularValues" });
    expect(sigma.map(([step]) => step)).toEqual(["step", "1", "2"]);
    const saturation = await ask({ plot: "saturation" });
    expect(saturation.slice(1).map(([, share]) => Math.fround(Number(share)))).toEqual([
      ...rows[1]!.layers[0]!.saturation,
    ]);
    expect((await ask({ plot: "spectrum" })).length).toBe(4);
  });
});

test("Lyapunov exponents: eight lines and the expected one, every number as CSV, two columns of the table", async () => {
  const of: TelemetryShape = { layers: 1, transitions: ["W"], parameters: [], lyapunov: true };
  const none = Number.NEGATIVE_INFINITY;
  const rows = range(1, 4).map((step) => {
    const row = rowOf(step, { of });
    const lyapunov =
      step % 2 === 1 ? Float32Array.from({ length: 10 }, (_, i) => (i === 9 ? none : step - i)) : null;
    const lyapunovExpected = lyapunov && step / 4;
    return { ...row, layers: row.layers.map((layer) => ({ ...layer, lyapunov, lyapunovExpected })) };
  });
  const run = await opened(makeRun(rows, of).directory);
  expect(run.news.lyapunov).toBe(true);
  const { lines } = run.answer({ kind: "lines", steps: null, width: 100 });
  const found = lines.flatMap(({ column, step, value }) =>
    column.name === "lyapunov" ? [{ rank: column.rank, step: [...step], value: [...value] }] : [],
  );
  expect(found.map(({ rank }) => rank)).toEqual(range(1, 8));
  // Rows that did not measure them are no gap.
  expect(found[1]).toEqual({ rank: 2, step: [1, 3], value: [0, 2] });
  const expected = lines.find(({ column }) => column.name === "lyapunovExpected")!;
  expect([...expected.value]).toEqual([0.25, 0.75]);
  const { csv } = run.answer({
    kind: "numbers",
    plot: "lyapunov",
    layer: 0,
    matrix: "W",
    step: 1,
    steps: null,
  });
  expect(csv.split("\n")).toEqual([
    `step,expected,${range(1, 10)
      .map((rank) => `lambda${rank}`)
      .join(",")}`,
    "1,0.25,1,0,-1,-2,-3,-4,-5,-6,-7,-Infinity",
    "3,0.75,3,2,1,0,-1,-2,-3,-4,-5,-Infinity",
    "",
  ]);
  const table = run.answer({ kind: "table", steps: null, layer: 0, rows: 4 });
  expect(table.headings.slice(-2)).toEqual(["largest λ", "expected λ"]);
  expect(table.rows.map((cells) => cells.slice(-2))).toEqual([
    [1, 0.25],
    [Number.NaN, Number.NaN],
    [3, 0.75],
    [Number.NaN, Number.NaN],
  ]);
  const without = await opened(makeRun(rowsOf(1, 2)).directory);
  expect(without.news.lyapunov).toBe(false);
  expect(
    without
      .answer({ kind: "lines", steps: null, width: 100 })
      .lines.some(({ column }) => column.name === "lyapunov"),
  ).toBe(false);
});

test("a table of rows evenly spaced, the first and the last among them", async () => {
  const run = await opened(makeRun(rowsOf(...range(1, 100))).directory);
  const { headings, rows } = run.answer({ kind: "table", steps: null, layer: 0, rows: 4 });
  expect(headings.slice(0, 3)).toEqual(["step", "loss", "accuracy"]);
  expect(rows.map(([step]) => step)).toEqual([1, 34, 67, 100]);
  const part = run.answer({ kind: "table", steps: [10, 12], layer: 0, rows: 50 });
  expect(part.rows.map(([step]) => step)).toEqual([10, 11, 12]);
});

test("a run that grows is the same as one read anew, whatever its telemetry", async () => {
  await fc.assert(
    fc.asyncProperty(anyTelemetry, fc.nat(), async ({ shape: of, rows }, cut) => {
      const { directory, writer } = makeRun(rows.slice(0, cut % (rows.length + 1)), of);
      const growing = await opened(directory);
      for (const row of rows.slice(cut % (rows.length + 1))) writer.append(row);
      writer.close();
      await growing.poll();
      const anew = await opened(directory);
      expect(growing.news.rowCount).toBe(rows.length);
      const questions = [
        { kind: "lines", steps: null, width: 50 },
        ...Array.from({ length: Math.max(1, of.layers) }, (_, layer) => [
          { kind: "heatMap", layer, steps: null, timesteps: null, width: 20, height: 9 } as const,
          { kind: "moment", layer, step: 5 } as const,
          { kind: "table", layer, steps: null, rows: 5 } as const,
        ]).flat(),
      ] as const;
      for (const question of questions) expect(growing.answer(question)).toEqual(anew.answer(question));
    }),
    { seed: 5, numRuns: 40 },
  );
});

test("rows that a resume took back are gone", async () => {
  const { directory, writer } = makeRun(rowsOf(1, 2, 3, 4));
  writer.close();
  const run = await opened(directory);
  const again = TelemetryWriter.open(runFile(directory, "telemetry"), shape, {
    runId: "run",
    resumeAfterStep: 2,
  });
  for (const row of rowsOf(3)) again.append(row);
  again.close();
  expect(await run.poll()).toBe(true);
  expect(run.news).toMatchObject({ rowCount: 3, recorded: [1, 3] });
  expect(run.answer({ kind: "moment", step: 99, layer: 0 }).moment?.step).toBe(3);
  expect(await run.poll()).toBe(false);
});

test("damage is told, and what stands before it is shown; a directory that is none is told too", async () => {
  const { directory, writer } = makeRun(rowsOf(1, 2));
  writer.close();
  appendFileSync(runFile(directory, "telemetry"), Buffer.alloc(400, 7));
  const { news } = await opened(directory);
  expect(news.rowCount).toBe(2);
  const nowhere = (await opened(join(root, "nowhere"))).news;
  expect(nowhere).toMatchObject({ record: null, state: null, rowCount: 0, recorded: null });
  const ruined = makeRun([]).directory;
  writeFileSync(runFile(ruined, "record"), "{");
  expect((await opened(ruined)).news.problems.join()).toContain("run.json");
});
