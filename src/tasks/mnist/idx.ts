/** Files in IDX form, gzipped or not: the format of MNIST (Y. LeCun, yann.lecun.com/exdb/mnist). */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const unzip = promisify(gunzip);

/** Dimensions and values of an IDX file of unsigned bytes. */
export interface IdxFile {
  readonly path: string;
  readonly dimensions: readonly number[];
  readonly values: Uint8Array;
}

/** Most bytes that a file may hold once unpacked. */
const mostBytes = 2 ** 31;

/**
 * Reads an IDX file of unsigned bytes.
 *
 * @param path of the file; a gzipped one is told by its first bytes, not by its name.
 * @param rank number of dimensions that it must have.
 * @throws Error that names the file, the byte, the value found and what is allowed.
 */
export async function readIdx(path: string, rank: number): Promise<IdxFile> {
  const bytes = await unpacked(path);
  const fail = (at: number, what: string): never => {
    throw new Error(`${path}: byte ${at}: ${what}`);
  };
  const header = 4 + 4 * rank;
  if (bytes.length < header)
    fail(bytes.length, `the file ends here; an IDX header of ${rank} dimensions takes ${header} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0)
    fail(0, `found 0x${view.getUint16(0).toString(16).padStart(4, "0")}; an IDX file begins with 0x0000`);
  if (bytes[2] !== 8) fail(2, `found type 0x${hex(bytes[2]!)}; allowed is 0x08, unsigned bytes`);
  if (bytes[3] !== rank) fail(3, `found ${bytes[3]} dimensions; ${rank} are expected`);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = dimensions.reduce((product, size) => product * size, 1);
  const found = bytes.length - header;
  if (found !== expected)
    fail(
      bytes.length,
      `the file ends after ${found} values; its header says ${dimensions.join(" × ")} = ${expected}`,
    );
  return { path, dimensions, values: bytes.subarray(header) };
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

async function unpacked(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unzip(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: cannot be unpacked: ${reason}`, { cause: error });
  }
}
