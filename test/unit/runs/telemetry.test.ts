import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  Table,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemCode } from "../../../src/runs/systemError.ts";
import type { TelemetryRow } from "../../../src/runs/telemetry.ts";
import { readTelemetry, TelemetryTail } from "../../../src/runs/telemetryReader.ts";
import { TelemetryWriter } from "../../../src/runs/telemetryWriter.ts";
import { anyTelemetry } from "./anyTelemetry.ts";
import { bundle } from "./bundle.ts";
import { temporaryFolder } from "./helpers.ts";
import { range, rowOf, rowsOf, shape } from "./rows.ts";

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

test("another Arrow reader finds the documented columns and values", () => {
  const file = written([1, 2], [3]);
  const table = tableFromIPC(readFileSync(file));
  expect(table.schema.fields.map(({ name }) => name)).toEqual([
    ...["step", "time", "loss", "metric", "learningRate", "gradientNorm", "clippedGradientNorm"],
    ...["layers.0.W", "layers.0.u", "head.b"].flatMap((name) => [
      `parameter.${name}.gradientNorm`,
      `parameter.${name}.updateRatio`,
    ]),
    ...[0, 1].flatMap((layer) =>
      [
        ...["gradientNorm.p10", "gradientNorm.p50", "gradientNorm.p90", "saturation"],
        ...["singularValues.input", "singularValues.forget", "halfLife", "reach"],
      ].map((name) => `layer.${layer}.${name}`),
    ),
  ]);
  expect(table.schema.metadata).toEqual(
    new Map([
      ["sigmascope.format", "1"],
      ["sigmascope.run", runId],
    ]),
  );
  expect(table.numRows).toBe(3);
  expect([...table.getChild("step")!]).toEqual([1, 2, 3]);
  expect(table.getChild("layer.1.singularValues.input")!.get(2)).toBe(null);
  expect([...table.getChild("layer.1.gradientNorm.p90")!.get(1)]).toEqual([
    ...rowOf(2).layers[1]!.gradientNorm.p90,
  ]);
});

test("Lyapunov exponents have columns of their own, in a run that measures them alone", () => {
  const file = newFile();
  const of = { ...small, lyapunov: true } as const;
  const writer = TelemetryWriter.open(file, of, { runId });
  const measured = Float32Array.of(0.25, -1, Number.NEGATIVE_INFINITY);
  const rowWith = (step: number, lyapunov: Float32Array | null, lyapunovExpected: number | null) => {
    const row = smallRow(step);
    return { ...row, layers: row.layers.map((layer) => ({ ...layer, lyapunov, lyapunovExpected })) };
  };
  const rows = [
    rowWith(1, measured, 0.5),
    rowWith(2, null, null),
    rowWith(3, measured, Number.NEGATIVE_INFINITY),
  ];
  for (const row of rows) writer.append(row);
  writer.close();
  const table = tableFromIPC(readFileSync(file));
  expect(table.schema.fields.map(({ name }) => name).slice(-2)).toEqual([
    "layer.0.lyapunov",
    "layer.0.lyapunovExpected",
  ]);
  expect([...table.getChild("layer.0.lyapunovExpected")!]).toEqual([0.5, null, Number.NEGATIVE_INFINITY]);
  const read = readTelemetry(file);
  expect(read.shape).toEqual(of);
  expect(read.rows).toEqual(rows);
  // A run that does not: neither columns nor properties.
  expect("lyapunov" in readTelemetry(written([1])).rows[0]!.layers[0]!).toBe(false);
});

test("lists of a large file are views of the bytes that were read", () => {
  const { rows } = readTelemetry(written(range(1, 40)));
  const buffers = new Set(rows.map(({ layers }) => layers[0]!.gradientNorm.p50.buffer));
  expect(buffers.size).toBe(1);
});

const small = { layers: 1, transitions: ["W"], parameters: ["W"] };
const smallRow = (step: number) => rowOf(step, { of: small, length: 2, hidden: 2 });

/** Few columns and two batches, closed: for what is done at every byte. */
function smallFile(): { bytes: Uint8Array; ends: [number, number, number] } {
  const file = newFile();
  const writer = TelemetryWriter.open(file, small, { runId });
  const write = (...batch: number[]): number => {
    for (const step of batch) writer.append(smallRow(step));
    writer.flush();
    return statSync(file).size;
  };
  const ends: [number, number, number] = [write(), write(1, 2), write(3)];
  writer.close();
  return { bytes: readFileSync(file), ends };
}

test("a file cut at any byte gives its whole batches, and a tail gives each batch when it is whole", () => {
  const { bytes, ends } = smallFile();
  const [schemaEnd, firstEnd, secondEnd] = ends;
  const cut = newFile();
  const tail = new TelemetryTail(cut);
  const followed: TelemetryRow[] = [];
  writeFileSync(cut, "");
  for (let length = 0; length <= bytes.length; length++) {
    if (length > 0) appendFileSync(cut, bytes.subarray(length - 1, length));
    const expected = length < firstEnd ? [] : length < secondEnd ? [1, 2] : [1, 2, 3];
    const telemetry = readTelemetry(cut);
    expect(steps(telemetry.rows)).toEqual(expected);
    expect(telemetry.shape).toEqual(length < schemaEnd ? null : small);
    expect(telemetry.torn).toBe(![0, ...ends, bytes.length].includes(length));
    expect(telemetry.complete).toBe(length === bytes.length);
    expect(telemetry.damage).toBe(null);
    const change = tail.poll();
    expect(change.reset).toBe(false);
    followed.push(...change.rows);
    expect(steps(followed)).toEqual(expected);
  }
  expect(tail.complete).toBe(true);
  expect(followed).toEqual([1, 2, 3].map(smallRow));
});

test("resuming after a kill at any byte of the last batch goes on after the batches before", () => {
  const file = written(range(1, 3));
  const before = statSync(file).size;
  const bytes = readFileSync(written(range(1, 3), range(4, 6)));
  for (let length = before; length < bytes.length; length += 37) {
    const cut = newFile();
    writeFileSync(cut, bytes.subarray(0, length));
    const writer = TelemetryWriter.open(cut, shape, { runId, resumeAfterStep: 6 });
    writer.append(rowOf(7));
    writer.close();
    const telemetry = readTelemetry(cut);
    expect(telemetry.rows).toEqual(rowsOf(1, 2, 3, 7));
    expect([telemetry.torn, telemetry.damage, telemetry.complete]).toEqual([false, null, true]);
  }
});

test("damage anywhere is found or harmless: reading ends, and never gives more rows than were written", () => {
  const bytes = smallFile().bytes;
  const file = newFile();
  const read = (damaged: Uint8Array) => {
    writeFileSync(file, damaged);
    let rows = 0;
    try {
      rows = readTelemetry(file).rows.length;
    } catch (error) {
      expect(String(error)).toContain(file);
    }
    expect(rows).toBeLessThanOrEqual(3);
  };
  // Lengths, offsets and counts stand at multiples of 4 bytes: each becomes enormous, negative or wrong once.
  for (let at = 0; at < bytes.length; at += 4)
    for (const value of at % 8 === 0 ? [0x7fffffff, -1] : [0x7ffffff8]) {
      const damaged = Uint8Array.from(bytes);
      new DataView(damaged.buffer).setInt32(at, value, true);
      read(damaged);
    }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 30,
      }),
      (changes) => {
        const damaged = Uint8Array.from(bytes);
        for (const [at, value] of changes) damaged[at] = value;
        read(damaged);
      },
    ),
    { numRuns: 500, seed: 2 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (random) => read(random)),
    { numRuns: 200, seed: 3 },
  );
});

test("lists that end before they begin, or beyond their values, are damage", () => {
  const item = new Field("item", new Float32(), false);
  const name = "layer.0.saturation";
  for (const [i, valueOffsets] of [
    [0, Int32Array.of(0, 2, 3)],
    [1, Int32Array.of(0, 3, 2)],
    [1, Int32Array.of(0, 2, 9)],
    [1, Int32Array.of(-4, 2, 3)],
  ] as const) {
    const child = makeData({ type: new Float32(), length: 3, data: Float32Array.of(1, 2, 3) });
    const lists = new Vector([
      makeData({ type: new List(item), length: 2, nullCount: 0, valueOffsets, child }),
    ]);
    const file = newFile();
    writeFileSync(file, tableToIPC(new Table({ step: vectorFromArray([1, 2], new Int32()), [name]: lists })));
    const { rows, damage } = readTelemetry(file);
    if (i === 0) expect(rows[1]!.layers[0]!.saturation).toEqual(Float32Array.of(3));
    else expect([rows.length, damage]).toEqual([0, expect.stringContaining(`column "${name}" reach beyond`)]);
  }
});

test("zeros or other text at the end are damage, and a resume removes them", () => {
  for (const garbage of [new Uint8Array(100), Buffer.from("not an Arrow message at all")]) {
    const file = written([1, 2]);
    appendFileSync(file, garbage);
    const telemetry = readTelemetry(file);
    expect(telemetry.rows).toEqual(rowsOf(1, 2));
    expect(telemetry.torn).toBe(true);
    expect(telemetry.damage).toContain(file);
    const tail = new TelemetryTail(file);
    expect(steps(tail.poll().rows)).toEqual([1, 2]);
    expect(tail.damage).toContain("no Arrow message");
    TelemetryWriter.open(file, shape, { runId, resumeAfterStep: 2 }).close();
    expect(readTelemetry(file)).toMatchObject({ complete: true, torn: false, damage: null });
  }
});

test("a resume removes exactly the rows after a step, in any batch, and followers learn of it", () => {
  const batchSizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(batchSizes, fc.nat(18), fc.boolean(), fc.boolean(), (sizes, last, close, polled) => {
      const file = newFile();
      const writer = TelemetryWriter.open(file, shape, { runId });
      let step = 0;
      for (const size of sizes) {
        for (let i = 0; i < size; i++) writer.append(rowOf(++step));
        writer.flush();
      }
      const tail = new TelemetryTail(file);
      let followed = [...tail.poll().rows];
      if (close) writer.close();
      if (polled) expect(tail.poll()).toEqual({ rows: [], reset: false });
      const resumed = TelemetryWriter.open(file, shape, { runId, resumeAfterStep: last });
      const kept = range(1, Math.min(last, step));
      expect(readTelemetry(file).rows).toEqual(rowsOf(...kept));
      const added = range(last + 1, last + 3);
      for (const row of rowsOf(...added)) resumed.append(row);
      resumed.close();
      expect(readTelemetry(file).rows).toEqual(rowsOf(...kept, ...added));
      const change = tail.poll();
      expect(change.reset).toBe(last < step);
      followed = change.reset ? [...change.rows] : [...followed, ...change.rows];
      expect(followed).toEqual(rowsOf(...kept, ...added));
    }),
    { numRuns: 60, seed: 4 },
  );
});

test("a tail follows a file that is closed, opened again and closed again", () => {
  const file = newFile();
  const tail = new TelemetryTail(file);
  expect(tail.poll()).toEqual({ rows: [], reset: false });
  const first = TelemetryWriter.open(file, shape, { runId });
  first.append(rowOf(1));
  first.close();
  expect(steps(tail.poll().rows)).toEqual([1]);
  expect(tail.complete).toBe(true);
  const second = TelemetryWriter.open(file, shape, { runId, resumeAfterStep: 1 });
  expect(tail.poll()).toEqual({ rows: [], reset: false });
  expect(tail.complete).toBe(false);
  second.append(rowOf(2));
  second.close();
  expect(tail.poll()).toEqual({ rows: [rowOf(2)], reset: false });
  expect(tail.complete).toBe(true);
});

test("a killed trainer that wrote no whole schema is resumed from nothing", () => {
  const file = newFile();
  writeFileSync(file, readFileSync(written()).subarray(0, 50));
  const writer = TelemetryWriter.open(file, shape, { runId, resumeAfterStep: 0 });
  writer.append(rowOf(1));
  writer.close();
  expect(steps(readTelemetry(file).rows)).toEqual([1]);
});

test("a writer overwrites nothing and goes on with no other run's file", () => {
  const file = written([1]);
  const overwrite = () => TelemetryWriter.open(file, shape, { runId });
  expect(overwrite).toThrow(`cannot create ${file}: it exists already (EEXIST)`);
  const other = () => TelemetryWriter.open(file, { ...shape, layers: 1 }, { runId, resumeAfterStep: 1 });
  expect(other).toThrow("other columns");
  const writer = TelemetryWriter.open(file, shape, { runId, resumeAfterStep: 1 });
  writer.append({ ...rowOf(2), layers: [] });
  expect(() => writer.flush()).toThrow("the telemetry row of step 2 has 0 layers; this run has 2");
});

test("many waiting rows are written before they are asked for", () => {
  const wide = { layers: 1, transitions: ["W"], parameters: [] };
  const file = newFile();
  const writer = TelemetryWriter.open(file, wide, { runId });
  for (const step of range(1, 60)) writer.append(rowOf(step, { of: wide, length: 10_000, hidden: 2 }));
  expect(readTelemetry(file).rows.length).toBeGreaterThan(0);
  writer.close();
  expect(readTelemetry(file).rows.length).toBe(60);
});

test.runIf(process.platform !== "win32")(
  "a disk that runs full in the middle of a batch leaves the batches before",
  async () => {
    const file = newFile();
    const program = await bundle(
      folder,
      "full",
      `import { TelemetryWriter } from "../../../src/runs/telemetryWriter.ts";
     import { rowsOf, shape } from "./rows.ts";
     const writer = TelemetryWriter.open(${JSON.stringify(file)}, shape, { runId: ${JSON.stringify(runId)} });
     let step = 1;
     for (let failures = 0; failures < 3; )
       try {
         for (const row of rowsOf(step, step + 1)) writer.append(row);
         step += 2;
         writer.flush();
       } catch (error) {
         failures++;
         console.log(error.message);
       }`,
    );
    // The system lets no file of this process grow beyond some tens of KiB, and writes what still fits, as a full
    // disk does.
    const limited = spawn("sh", ["-c", `ulimit -f 64; exec "$0" "$1"`, process.execPath, program]);
    let output = "";
    limited.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
    expect((await once(limited, "close"))[0]).toBe(0);
    const failure = `cannot write ${file}: the file has reached the largest size allowed (EFBIG)`;
    expect(output.trim().split("\n")).toEqual([failure, failure, failure]);
    const { rows, torn, damage } = readTelemetry(file);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows).toEqual(rowsOf(...range(1, rows.length)));
    expect([torn, damage]).toEqual([false, null]);
    // With room again, what waited could be written; a new trainer goes on from a checkpoint.
    const resumed = TelemetryWriter.open(file, shape, { runId, resumeAfterStep: 2 });
    resumed.append(rowOf(3));
    resumed.close();
    expect(readTelemetry(file).rows).toEqual(rowsOf(1, 2, 3));
  },
);

test("a file that is missing or is no telemetry is an error that names it", () => {
  const missing = join(folder, "missing.arrows");
  let code: string | undefined;
  try {
    readTelemetry(missing);
  } catch (error) {
    code = systemCode(error);
    expect(String(error)).toContain(`cannot read ${missing}: it does not exist (ENOENT)`);
  }
  expect(code).toBe("ENOENT");
  const foreign = newFile();
  writeFileSync(foreign, tableToIPC(tableFromArrays({ x: Float32Array.of(1) })));
  expect(() => readTelemetry(foreign)).toThrow(`${foreign} is not telemetry: telemetry has no column "step"`);
});

test("somebody else's Arrow stream with fewer columns and other number types is read", () => {
  const file = newFile();
  const norms = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
  const table = new Table({
    step: vectorFromArray([10n, 20n], new Int64()),
    loss: vectorFromArray([0.5, 0.25], new Float32()),
    "layer.0.gradientNorm.p50": vectorFromArray(norms, new List(new Field("x", new Float64(), true))),
  });
  writeFileSync(file, tableToIPC(table));
  const { rows, shape: found } = readTelemetry(file);
  expect(found).toEqual({ layers: 1, transitions: [], parameters: [] });
  expect(rows.map(({ step, loss, metric }) => [step, loss, metric])).toEqual([
    [10, 0.5, Number.NaN],
    [20, 0.25, Number.NaN],
  ]);
  expect(rows[1]!.layers[0]!.gradientNorm.p50).toEqual(norms[1]);
  expect(rows[1]!.layers[0]!.gradientNorm.p10.length).toBe(0);
});
