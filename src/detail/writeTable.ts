/** Writes a run's table to a file, whole or not at all. */
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { runFile } from "../runs/runDirectory.ts";
import { readTelemetry } from "../runs/telemetryReader.ts";
import { type ExportTable, tableLines } from "./exportTables.ts";

/** Characters that are written at once. */
const pieceSize = 1 << 20;

/**
 * @param told of the share written, 0 … 1, now and then.
 * @param signal ends the writing; the file is then as it was before.
 * @returns the number of lines, the heading included.
 * @throws Error that names the file and the reason.
 */
export async function writeTable(
  directory: string,
  table: ExportTable,
  file: string,
  told: (share: number) => void = () => {},
  signal?: AbortSignal,
): Promise<number> {
  const { rows, shape } = readTelemetry(runFile(directory, "telemetry"));
  const temporary = `${file}.${randomBytes(4).toString("hex")}.part`;
  let lines = 0;
  const pieces = function* () {
    const of = shape ?? { layers: 0, transitions: [], parameters: [] };
    let piece = "";
    // Batches of rows, so that progress can be told of long tables.
    const batch = Math.max(1, Math.ceil(rows.length / 100));
    for (let from = 0; from < Math.max(1, rows.length); from += batch) {
      let isHeading = true;
      for (const line of tableLines(table, rows.slice(from, from + batch), of)) {
        const skip = isHeading && from > 0;
        isHeading = false;
        if (skip) continue;
        lines++;
        piece += line;
        if (piece.length < pieceSize) continue;
        yield piece;
        piece = "";
      }
      told(Math.min(1, (from + batch) / rows.length));
    }
    yield piece;
  };
  try {
    await pipeline(Readable.from(pieces()), createWriteStream(temporary), ...(signal ? [{ signal }] : []));
    await rename(temporary, file);
    return lines;
  } catch (error) {
    await rm(temporary, { force: true });
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} cannot be written: ${reason}`, { cause: error });
  }
}
