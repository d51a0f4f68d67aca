/**
 * The safetensors format: the length of a JSON header (unsigned 64-bit, little-endian), the header, the values.
 * https://github.com/huggingface/safetensors#format
 *
 * Read strictly: a file whose tensors overlap, leave gaps or reach beyond its end is refused.
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import { z } from "zod";
import { replaceFile } from "./atomicFile.ts";
import { describeIssues } from "./describeIssues.ts";
import { readBytes } from "./fileBytes.ts";
import { type DtypeName, decodeValues, dtypes, isDtype, type TensorValues } from "./safetensorsTypes.ts";
import { attempt } from "./systemError.ts";

export interface SafeTensor {
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  /** Row-major. F16 and BF16 are widened to Float32Array; BOOL is 0 or 1. */
  readonly data: TensorValues;
}

export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

const lengthSize = 8;
/** The reference implementation's limit. */
const largestHeader = 100_000_000;

/** Tensors of float32 to be written. */
export type Float32Tensors = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: Float32Array }
>;

/**
 * The bytes of a safetensors file. Equal tensors and metadata give equal bytes, in whatever order they come: names are
 * sorted, and the header is padded with spaces so that the values begin at a multiple of 8.
 *
 * @throws Error naming the tensor whose values do not fit its shape, or which holds a name that is reserved.
 */
export function encodeSafetensors(
  tensors: Float32Tensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = [...tensors.keys()].sort();
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0)
    header.push([
      "__metadata__",
      Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
    ]);
  let offset = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    if (name === "__metadata__") throw new Error("a tensor cannot be called __metadata__");
    if (shape.reduce((product, size) => product * size, 1) !== data.length)
      throw new Error(`tensor "${name}" has ${data.length} values; its shape is [${shape.join(", ")}]`);
    const end = offset + data.byteLength;
    header.push([name, { dtype: "F32", shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)), "utf8");
  const start = lengthSize + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + offset).fill(0x20, lengthSize, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - lengthSize), true);
  bytes.set(text, lengthSize);
  let at = start;
  for (const name of names) {
    const { data } = tensors.get(name)!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Writes a safetensors file whole or not at all. @throws SystemFailure, or as `encodeSafetensors`. */
export function writeSafetensors(
  file: string,
  tensors: Float32Tensors,
  metadata: Readonly<Record<string, string>> = {},
): void {
  replaceFile(file, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a safetensors file. Values are views of the bytes read where these are aligned for their type.
 *
 * @throws SystemFailure when it cannot be read; Error naming the file, and the tensor or the part of the header, when
 *   it is damaged.
 */
export function readSafetensors(file: string): SafetensorsFile {
  const descriptor = attempt("read", file, () => openSync(file, "r"));
  try {
    const bytes = attempt("read", file, () => {
      const { size } = fstatSync(descriptor);
      // A file that is something else is found out before all of it is read.
      headerLength(readBytes(descriptor, 0, lengthSize), size, file);
      return readBytes(descriptor, 0, size);
    });
    return decodeSafetensors(bytes, file);
  } finally {
    closeSync(descriptor);
  }
}

/** Reads the bytes of a safetensors file. @param file for the messages. */
export function decodeSafetensors(bytes: Uint8Array, file: string): SafetensorsFile {
  const start = lengthSize + headerLength(bytes, bytes.length, file);
  const { metadata, entries } = readHeader(bytes.subarray(lengthSize, start), file);
  const values = bytes.subarray(start);
  checkLayout(entries, values.length, file);
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, end } of entries)
    tensors.set(name, { dtype, shape, data: decodeValues(dtype, values.subarray(begin, end)) });
  return { metadata, tensors };
}

function damaged(file: string, reason: string): Error {
  return new Error(`${file} is not a good safetensors file: ${reason}`);
}

function headerLength(bytes: Uint8Array, fileSize: number, file: string): number {
  if (bytes.length < lengthSize) throw damaged(file, `it has ${fileSize} bytes; the shortest has 10`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(largestHeader))
    throw damaged(file, `its header would have ${length} bytes; at most ${largestHeader} are allowed`);
  if (lengthSize + Number(length) > fileSize)
    throw damaged(file, `its header would have ${length} bytes; the file has ${fileSize}`);
  return Number(length);
}

interface Entry {
  readonly name: string;
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  /** Bytes from the beginning of the values. */
  readonly begin: number;
  readonly end: number;
}

const size = z.int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});
const headerSchema = z.record(z.string(), z.unknown());
const metadataSchema = z.record(z.string(), z.string());

function readHeader(bytes: Uint8Array, file: string): { metadata: Record<string, string>; entries: Entry[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged(file, `its header is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const header = headerSchema.safeParse(parsed);
  if (!header.success || bytes[0] !== 0x7b) throw damaged(file, "its header is not a JSON object");
  const metadata = metadataSchema.safeParse(header.data.__metadata__ ?? {});
  if (!metadata.success)
    throw damaged(file, `__metadata__ is not text by name: ${describeIssues(metadata.error)}`);
  const entries = Object.entries(header.data)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => readEntry(name, value, file));
  return { metadata: metadata.data, entries };
}

function readEntry(name: string, value: unknown, file: string): Entry {
  const entry = entrySchema.safeParse(value);
  if (!entry.success) throw damaged(file, `tensor "${name}": ${describeIssues(entry.error)}`);
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = entry.data;
  if (!isDtype(dtype))
    throw damaged(file, `tensor "${name}" has dtype ${dtype}; read are ${Object.keys(dtypes).join(", ")}`);
  const byteLength = shape.reduce((product, length) => product * length, dtypes[dtype].bytes);
  if (byteLength !== end - begin)
    throw damaged(
      file,
      `tensor "${name}" of ${dtype} [${shape.join(", ")}] takes ${byteLength} bytes, not ${begin} … ${end}`,
    );
  return { name, dtype, shape, begin, end };
}

/** The tensors fill the values from the first byte to the last, one after the other. */
function checkLayout(entries: readonly Entry[], length: number, file: string): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > length)
      throw damaged(file, `tensor "${name}" ends at byte ${end} of the values; there are ${length}`);
    if (begin < at)
      throw damaged(file, `tensor "${name}" overlaps another: it begins at ${begin}, not ${at}`);
    if (begin > at) throw damaged(file, `${begin - at} bytes before tensor "${name}" belong to no tensor`);
    at = end;
  }
  if (at !== length) throw damaged(file, `its last ${length - at} bytes belong to no tensor`);
}
