import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TensorMap } from "../../../src/engine/engine.ts";
import {
  type Checkpoint,
  checkpointFile,
  latestCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
  readCheckpoint,
  writeCheckpoint,
} from "../../../src/runs/checkpoint.ts";
import { decodeSafetensors, encodeSafetensors, readSafetensors } from "../../../src/runs/safetensors.ts";
import { toFloat32 } from "../../../src/runs/safetensorsTypes.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
let runs = 0;
function newRun(): string {
  const run = join(folder, `run-${runs++}`);
  mkdirSync(join(run, "checkpoints"), { recursive: true });
  return run;
}

const anyTensors = fc
  .uniqueArray(
    fc.string({ maxLength: 8 }).filter((name) => name !== "__metadata__" && name !== "__proto__"),
    {
      maxLength: 6,
    },
  )
  .chain((names) => {
    const tensor = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return fc.record({
        shape: fc.constant(shape),
        data: fc.float32Array({ minLength: length, maxLength: length }),
      });
    });
    return fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), tensor)));
  });

test("any tensors are read as they were written, and their order does not change a byte", () => {
  const anyMetadata = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string());
  fc.assert(
    fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
      const bytes = encodeSafetensors(new Map(tensors), metadata);
      expect(encodeSafetensors(new Map([...tensors].reverse()), metadata)).toEqual(bytes);
      expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
      const read = decodeSafetensors(bytes, "f");
      expect(read.metadata).toEqual(metadata);
      expect(new Map([...read.tensors].map(([name, { shape, data }]) => [name, { shape, data }]))).toEqual(
        new Map(tensors),
      );
    }),
    { numRuns: 200, seed: 1 },
  );
});

/** The bytes of a file with any header. */
function fileOf(header: unknown, values: Uint8Array): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Uint8Array.from(Buffer.concat([length, text, values]));
}

test("numbers of every type are read, wherever their bytes stand", () => {
  const cases = [
    ["F64", Uint8Array.from(Buffer.from(Float64Array.of(Math.PI, -0).buffer)), [Math.PI, -0]],
    ["F32", Uint8Array.from(Buffer.from(Float32Array.of(1.5, Number.NaN).buffer)), [1.5, Number.NaN]],
    // Half precision: 1, the largest, the smallest, −2, infinity, −0.
    [
      "F16",
      Uint8Array.of(0, 0x3c, 0xff, 0x7b, 1, 0, 0, 0xc0, 0, 0x7c, 0, 0x80),
      [1, 65504, 2 ** -24, -2, Number.POSITIVE_INFINITY, -0],
    ],
    ["BF16", Uint8Array.of(0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f), [1, -3.140625, Number.POSITIVE_INFINITY]],
    ["I64", Uint8Array.from(Buffer.from(BigInt64Array.of(-5n, 2n ** 40n).buffer)), [-5n, 2n ** 40n]],
    ["U64", Uint8Array.from(Buffer.from(BigUint64Array.of(5n).buffer)), [5n]],
    ["I32", Uint8Array.of(0xfe, 0xff, 0xff, 0xff), [-2]],
    ["U32", Uint8Array.of(0xfe, 0xff, 0xff, 0xff), [4294967294]],
    ["I16", Uint8Array.of(0xfe, 0xff), [-2]],
    ["U16", Uint8Array.of(0xfe, 0xff), [65534]],
    ["I8", Uint8Array.of(0xfe), [-2]],
    ["U8", Uint8Array.of(0xfe), [254]],
    ["BOOL", Uint8Array.of(1, 0), [1, 0]],
  ] as const;
  for (const [dtype, bytes, expected] of cases)
    for (const padding of ["", " ", "  ", "    "]) {
      const entry = { dtype, shape: [expected.length], data_offsets: [0, bytes.length] };
      const { tensors } = decodeSafetensors(fileOf(`${JSON.stringify({ x: entry })}${padding}`, bytes), "f");
      const { data } = tensors.get("x")!;
      expect(Array.from<number | bigint>(data as ArrayLike<number | bigint>)).toEqual([...expected]);
      expect([...toFloat32(data)]).toEqual(expected.map((value) => Math.fround(Number(value))));
    }
});

test("a file that is not good is refused, naming the tensor", () => {
  const f32 = (shape: unknown, begin: number, end: number) => ({
    dtype: "F32",
    shape,
    data_offsets: [begin, end],
  });
  const refused: [unknown, number, string][] = [
    [{ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8, 'tensor "b" overlaps another'],
    [{ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12, '4 bytes before tensor "b" belong to no tensor'],
    [{ a: f32([1], 0, 4) }, 8, "its last 4 bytes belong to no tensor"],
    [{ a: f32([4], 0, 16) }, 8, 'tensor "a" ends at byte 16 of the values; there are 8'],
    [{ a: f32([3], 0, 8) }, 8, 'tensor "a" of F32 [3] takes 12 bytes'],
    [{ a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8, 'tensor "a" of F32'],
    [{ a: f32([-1], 0, 8) }, 8, 'tensor "a": shape.0'],
    [{ a: f32([1.5], 0, 8) }, 8, 'tensor "a": shape.0'],
    [
      { a: { dtype: "F8_E4M3", shape: [8], data_offsets: [0, 8] } },
      8,
      'tensor "a" has dtype F8_E4M3; read are F64,',
    ],
    [{ a: 1 }, 0, 'tensor "a": '],
    [{ __metadata__: { x: 1 } }, 0, "__metadata__ is not text by name: x"],
    ["[]", 0, "its header is not a JSON object"],
    [" {}", 0, "its header is not a JSON object"],
    ["{", 0, "its header is not JSON"],
    ["", 0, "its header is not JSON"],
  ];
  for (const [header, size, message] of refused) {
    const read = () => decodeSafetensors(fileOf(header, new Uint8Array(size)), "model.safetensors");
    expect(read).toThrow(`model.safetensors is not a good safetensors file: `);
    expect(read).toThrow(message);
  }
  const huge = fileOf("{}", new Uint8Array(0));
  new DataView(huge.buffer).setBigUint64(0, 2n ** 62n, true);
  expect(() => decodeSafetensors(huge, "f")).toThrow("at most 100000000 are allowed");
  expect(() => decodeSafetensors(new Uint8Array(5), "f")).toThrow("it has 5 bytes");
});

test("random damage gives an error or other numbers, nothing else", () => {
  const good = encodeSafetensors(
    new Map([
      ["a", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
      ["b", { shape: [], data: Float32Array.of(5) }],
    ]),
    { format: "x" },
  );
  const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(changes, fc.nat(good.length), (damage, length) => {
      const bytes = good.slice(0, length);
      for (const [at, value] of damage) if (at < length) bytes[at] = value;
      try {
        const { tensors } = decodeSafetensors(bytes, "damaged.safetensors");
        for (const { data } of tensors.values()) expect(data.byteLength).toBeLessThanOrEqual(good.length);
      } catch (error) {
        expect(String(error)).toContain("damaged.safetensors is not a good safetensors file");
      }
    }),
    { numRuns: 500, seed: 2 },
  );
});

const vector = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const checkpoint: Checkpoint = {
  step: 500,
  spec: {
    cell: "spectral",
    inputSize: 2,
    hidden: 4,
    layers: 1,
    activation: "tanh",
    outputSize: 1,
    head: "regressLast",
    reflectors: [4, 2],
    radius: 0.1,
    center: 1,
  },
  optimizer: { optimizer: "adam", momentum: 0.9, weightDecay: 0, clipNorm: undefined },
  parameters: new Map([
    ["layers.0.p", vector(1, 2, 3, 4)],
    ["head.b", vector(5)],
  ]),
  optimizerState: new Map([
    ["m.head.b", vector(6)],
    ["t.head.b", { shape: [], data: Float32Array.of(500) }],
  ]),
};

test("a checkpoint is read as it was written", () => {
  const file = checkpointFile(newRun(), 500);
  expect(file).toMatch(/checkpoints.step-0000500\.safetensors$/);
  writeCheckpoint(file, checkpoint);
  expect(readCheckpoint(file)).toEqual(checkpoint);
  const clipped = { ...checkpoint, optimizer: { ...checkpoint.optimizer, clipNorm: 2 } };
  writeCheckpoint(file, clipped);
  expect(readCheckpoint(file)).toEqual(clipped);
  const { metadata, tensors } = readSafetensors(file);
  expect(metadata.format).toBe("sigmascope.checkpoint");
  expect([...tensors.keys()]).toContain("optimizer.t.head.b");
});

test("equal checkpoints are equal byte for byte, however they were put together", () => {
  const run = newRun();
  const reversed = (tensors: TensorMap) => new Map([...tensors].reverse());
  const turned = <T extends object>(value: T) => Object.fromEntries(Object.entries(value).reverse()) as T;
  writeCheckpoint(checkpointFile(run, 1), checkpoint);
  writeCheckpoint(checkpointFile(run, 2), {
    step: 500,
    spec: turned(checkpoint.spec),
    optimizer: turned(checkpoint.optimizer),
    parameters: reversed(checkpoint.parameters),
    optimizerState: reversed(checkpoint.optimizerState),
  });
  expect(readFileSync(checkpointFile(run, 2))).toEqual(readFileSync(checkpointFile(run, 1)));
});

test("what is no checkpoint is refused with a reason", () => {
  const file = join(folder, "other.safetensors");
  const write = (metadata: Record<string, string>) =>
    writeFileSync(file, encodeSafetensors(new Map(), metadata));
  write({ format: "pt" });
  expect(() => readCheckpoint(file)).toThrow(`${file} is not a checkpoint of sigmascope`);
  write({ format: "sigmascope.checkpoint", version: "2" });
  expect(() => readCheckpoint(file)).toThrow("checkpoint version 2; this version reads 1");
  write({ format: "sigmascope.checkpoint", version: "1", step: "1", spec: "{}" });
  expect(() => readCheckpoint(file)).toThrow(`${file} is damaged: its spec: cell: `);
});

test("the newest good checkpoint is found, and what was skipped is said", () => {
  const run = newRun();
  expect(latestCheckpoint(join(run, "none"))).toEqual({ found: null, skipped: [] });
  for (const step of [100, 200, 300]) writeCheckpoint(checkpointFile(run, step), { ...checkpoint, step });
  truncateSync(checkpointFile(run, 300), 700);
  writeFileSync(join(run, "checkpoints", "step-0000999.safetensors.tmp"), "");
  const { found, skipped } = latestCheckpoint(run);
  expect(found?.file).toBe(checkpointFile(run, 200));
  expect(found?.checkpoint.step).toBe(200);
  expect(skipped).toHaveLength(1);
  expect(skipped[0]).toContain(checkpointFile(run, 300));
});

test("steps sort as numbers, beyond seven digits too", () => {
  const run = newRun();
  for (const step of [9_999_999, 10_000_000, 5]) writeFileSync(checkpointFile(run, step), "");
  expect(listCheckpoints(run).map(({ step }) => step)).toEqual([10_000_000, 9_999_999, 5]);
});

test("pruning keeps the newest and the protected", () => {
  const run = newRun();
  for (const step of [1, 2, 3, 4, 5]) writeFileSync(checkpointFile(run, step), "");
  const deleted = pruneCheckpoints(run, 2, new Set([checkpointFile(run, 5), "step-0000001.safetensors"]));
  expect(deleted).toEqual([checkpointFile(run, 2)]);
  expect(readdirSync(join(run, "checkpoints"))).toHaveLength(4);
});

test("a checkpoint that cannot be written leaves the others as they are", () => {
  const run = newRun();
  writeCheckpoint(checkpointFile(run, 1), checkpoint);
  const wrong = {
    ...checkpoint,
    parameters: new Map([["head.b", { shape: [3], data: Float32Array.of(1) }]]),
  };
  expect(() => writeCheckpoint(checkpointFile(run, 1), wrong)).toThrow(
    'tensor "head.b" has 1 values; its shape is [3]',
  );
  expect(readCheckpoint(checkpointFile(run, 1))).toEqual(checkpoint);
});
