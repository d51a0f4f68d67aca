/** Writing `telemetry.arrows`: batches are appended; a resume first takes back what the checkpoint does not know. */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { renameOver, syncDirectory, temporaryName, writeFully } from "./atomicFile.ts";
import { attempt, SystemFailure } from "./systemError.ts";
import type { TelemetryRow, TelemetryShape } from "./telemetry.ts";
import { endOfStream, TelemetryEncoder } from "./telemetryArrow.ts";
import { readBatches, type TelemetryBatches } from "./telemetryReader.ts";

/** Rows that wait take up to about this much memory. */
const mostWaitingBytes = 8 * 1024 * 1024;

export interface TelemetryWriterOptions {
  /** Stands in the schema's metadata. */
  readonly runId: string;
  /** Go on with an existing file: rows of later steps are removed. 0 keeps none. */
  readonly resumeAfterStep?: number;
}

export class TelemetryWriter {
  readonly #file: string;
  readonly #encoder: TelemetryEncoder;
  readonly #descriptor: number;
  /** Where the next batch goes: after the last whole one. */
  #position: number;
  #waiting: TelemetryRow[] = [];
  #waitingBytes = 0;
  #closed = false;

  private constructor(file: string, encoder: TelemetryEncoder, descriptor: number, position: number) {
    this.#file = file;
    this.#encoder = encoder;
    this.#descriptor = descriptor;
    this.#position = position;
  }

  /**
   * Opens a run's telemetry for appending.
   *
   * Without `resumeAfterStep` the file must not exist; it is made with its schema. With it, a torn or damaged tail,
   * the end-of-stream mark and every row of a later step are removed first, and nothing else: a kill in between
   * leaves the old rows or the new, and a reader that follows the file sees that it was replaced.
   *
   * @throws SystemFailure when the file exists already or cannot be written; Error when the file to go on with has
   *   other columns.
   */
  static open(file: string, shape: TelemetryShape, options: TelemetryWriterOptions): TelemetryWriter {
    const encoder = new TelemetryEncoder(shape, options.runId);
    if (options.resumeAfterStep === undefined || !existsSync(file))
      return TelemetryWriter.#create(file, encoder);
    const batches = readBatches(file);
    // Killed before the schema was whole: there is nothing to go on with.
    if (batches.schemaBytes === undefined) {
      attempt("write", file, () => rmSync(file));
      return TelemetryWriter.#create(file, encoder);
    }
    if (!sameBytes(batches.schemaBytes, encoder.schemaBytes))
      throw new Error(
        `${file} has other columns than this run, or is of another run: it cannot be continued`,
      );
    const position = dropLaterRows(file, batches, encoder, options.resumeAfterStep);
    const descriptor = attempt("write", file, () => openSync(file, "r+"));
    return TelemetryWriter.#own(descriptor, () => {
      attempt("write", file, () => ftruncateSync(descriptor, position));
      return new TelemetryWriter(file, encoder, descriptor, position);
    });
  }

  static #create(file: string, encoder: TelemetryEncoder): TelemetryWriter {
    const descriptor = attempt("create", file, () => openSync(file, "wx"));
    return TelemetryWriter.#own(descriptor, () => {
      const writer = new TelemetryWriter(file, encoder, descriptor, 0);
      writer.#write(encoder.schemaBytes);
      return writer;
    });
  }

  static #own(descriptor: number, make: () => TelemetryWriter): TelemetryWriter {
    try {
      return make();
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /**
   * Takes a row, which is written by the next `flush`; the row and its arrays must not change until then. Rows come
   * in ascending order of their steps. Flushes by itself when many rows wait.
   */
  append(row: TelemetryRow): void {
    this.#assertOpen();
    this.#waiting.push(row);
    this.#waitingBytes += sizeOf(row);
    if (this.#waitingBytes > mostWaitingBytes) this.flush();
  }

  /**
   * Writes the rows that wait as one record batch, with one system call; readers see it at once.
   *
   * @throws SystemFailure, e.g. when the disk is full. What was written of the batch is then taken back, the rows still
   *   wait, and the file stays readable.
   */
  flush(): void {
    this.#assertOpen();
    if (this.#waiting.length === 0) return;
    this.#write(this.#encoder.encode(this.#waiting));
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Writes what waits and the end-of-stream mark, and waits for the disk. A resume opens the file again. */
  close(): void {
    if (this.#closed) return;
    try {
      this.flush();
      this.#write(endOfStream);
      attempt("write", this.#file, () => fsyncSync(this.#descriptor));
    } finally {
      this.#closed = true;
      closeSync(this.#descriptor);
    }
  }

  #write(bytes: Uint8Array): void {
    try {
      writeFully(this.#descriptor, bytes, this.#position);
    } catch (error) {
      this.#takeBack();
      throw new SystemFailure(error, "write", this.#file);
    }
    this.#position += bytes.length;
  }

  #takeBack(): void {
    try {
      ftruncateSync(this.#descriptor, this.#position);
    } catch {
      // The torn batch stays at the end, where readers ignore it; the next write begins at the same place.
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error(`${this.#file} is closed`);
  }
}

/**
 * Removes every row of a step beyond `lastStep`; where there are such rows, by replacing the file whole.
 *
 * @returns where the remaining batches end.
 */
function dropLaterRows(
  file: string,
  { batches, end }: TelemetryBatches,
  encoder: TelemetryEncoder,
  lastStep: number,
): number {
  const cut = batches.find(({ rows }) => rows.some(({ step }) => step > lastStep));
  if (cut === undefined) return end;
  const kept = cut.rows.filter(({ step }) => step <= lastStep);
  const tail = kept.length === 0 ? new Uint8Array(0) : encoder.encode(kept);
  attempt("write", file, () => {
    const temporary = temporaryName(file);
    try {
      copyFileSync(file, temporary, constants.COPYFILE_FICLONE);
      const descriptor = openSync(temporary, "r+");
      try {
        ftruncateSync(descriptor, cut.start);
        writeFully(descriptor, tail, cut.start);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameOver(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncDirectory(dirname(file));
  });
  return cut.start + tail.length;
}

function sizeOf(row: TelemetryRow): number {
  let floats = 2 * Object.keys(row.parameters).length;
  for (const { gradientNorm, saturation, singularValues, lyapunov } of row.layers) {
    floats += gradientNorm.p10.length + gradientNorm.p50.length + gradientNorm.p90.length + saturation.length;
    floats += lyapunov?.length ?? 0;
    for (const values of Object.values(singularValues)) floats += values?.length ?? 0;
  }
  return 4 * floats;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
