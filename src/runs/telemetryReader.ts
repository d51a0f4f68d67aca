/** Reading `telemetry.arrows`: all at once, or as it grows. */
import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { RecordBatchReader } from "apache-arrow";
import { type ArrowMessage, scanMessages } from "./arrowMessages.ts";
import { readBytes } from "./fileBytes.ts";
import { attempt, systemCode } from "./systemError.ts";
import type { TelemetryRow, TelemetryShape } from "./telemetry.ts";
import { endOfStream } from "./telemetryArrow.ts";
import { rowsOfBatch, shapeOfSchema } from "./telemetryDecode.ts";

export interface Telemetry {
  readonly rows: readonly TelemetryRow[];
  /** Null while the file has no whole schema yet. */
  readonly shape: TelemetryShape | null;
  /** The file ends with the end-of-stream mark: its trainer closed it. */
  readonly complete: boolean;
  /** Something follows the last whole batch: a batch that is being written, or that a killed trainer left torn. */
  readonly torn: boolean;
  /** One sentence when what follows the last good batch is no batch and cannot become one. */
  readonly damage: string | null;
}

/**
 * Reads all whole batches of a telemetry file. Lists in the rows are views of the bytes read, not copies.
 *
 * @throws SystemFailure when the file cannot be read; Error that names the file when its schema is not telemetry.
 */
export function readTelemetry(file: string): Telemetry {
  const { batches, shape, complete, torn, damage } = readBatches(file);
  return { rows: batches.flatMap(({ rows }) => rows), shape, complete, torn, damage };
}

export interface TelemetryBatch {
  /** Byte of the file where its message begins. */
  readonly start: number;
  readonly rows: readonly TelemetryRow[];
}

export interface TelemetryBatches extends Omit<Telemetry, "rows"> {
  readonly batches: readonly TelemetryBatch[];
  /** The schema's message; undefined while the file has no whole one. */
  readonly schemaBytes: Uint8Array | undefined;
  /** Byte where the last good batch ends. */
  readonly end: number;
}

/** Reads a telemetry file batch by batch; see `readTelemetry`. */
export function readBatches(file: string): TelemetryBatches {
  const bytes = attempt("read", file, () => {
    const descriptor = openSync(file, "r");
    try {
      return readBytes(descriptor, 0, fstatSync(descriptor).size);
    } finally {
      closeSync(descriptor);
    }
  });
  const decoder = new BatchDecoder(file);
  const { batches, end, damage } = decoder.decode(bytes);
  const { shape, complete, schemaBytes } = decoder;
  const torn = end + (complete ? endOfStream.length : 0) < bytes.length;
  return { batches, shape, complete, torn, damage, schemaBytes, end };
}

interface Decoded {
  readonly batches: readonly TelemetryBatch[];
  /** Bytes of the input that were the schema and good batches; a mark that ends the stream is not counted. */
  readonly end: number;
  /** Bytes that the next message needs, from the beginning of the input, as far as known. */
  readonly needed: number;
  readonly damage: string | null;
}

/** Decodes a stream in pieces, each of which begins where the last good message ended. */
class BatchDecoder {
  readonly #file: string;
  schemaBytes: Uint8Array | undefined;
  shape: TelemetryShape | null = null;
  complete = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws Error that names the file when its schema is not telemetry. */
  decode(bytes: Uint8Array): Decoded {
    const scan = scanMessages(bytes);
    const decoded: TelemetryBatch[] = [];
    let damage = scan.damage === null ? null : `${this.#file}: ${scan.damage}`;
    let end = scan.end;
    const [first] = scan.messages;
    const fail = (message: ArrowMessage, reason: string) => {
      damage = `${this.#file}: ${reason}`;
      end = message.start;
    };
    if (this.schemaBytes === undefined) {
      if (first === undefined) return { batches: decoded, end: 0, needed: scan.needed, damage };
      if (first.kind !== "schema") {
        fail(first, "it does not begin with an Arrow schema");
        return { batches: decoded, end, needed: 0, damage };
      }
      this.#readSchema(bytes.subarray(first.start, first.end));
    } else if (first?.kind === "schema") {
      fail(first, "a second schema follows the first");
      return { batches: decoded, end, needed: 0, damage };
    }
    const reader = this.#open(bytes, scan.messages, scan.end);
    for (const message of scan.messages) {
      if (message.kind !== "batch") continue;
      try {
        const next = reader.next();
        if (next.done) throw new RangeError("a batch is missing");
        decoded.push({ start: message.start, rows: rowsOfBatch(next.value, this.shape!) });
      } catch (error) {
        fail(message, `a batch is damaged: ${error instanceof Error ? error.message : String(error)}`);
        return { batches: decoded, end, needed: 0, damage };
      }
    }
    const last = scan.messages.at(-1);
    this.complete = last?.kind === "end";
    // A resumed trainer writes its first batch over the mark.
    if (last?.kind === "end") end = last.start;
    return { batches: decoded, end, needed: scan.needed, damage };
  }

  #readSchema(schemaBytes: Uint8Array): void {
    try {
      const reader = RecordBatchReader.from(schemaBytes).open();
      this.shape = shapeOfSchema(reader.schema);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${this.#file} is not telemetry: ${reason}`, { cause: error });
    }
    this.schemaBytes = schemaBytes.slice();
  }

  #open(bytes: Uint8Array, messages: readonly ArrowMessage[], end: number) {
    const good = bytes.subarray(0, end);
    if (messages[0]?.kind === "schema") return RecordBatchReader.from(good).open();
    // The library reads a stream only from its schema on.
    const schema = this.schemaBytes!;
    const stream = new Uint8Array(schema.length + good.length);
    stream.set(schema);
    stream.set(good, schema.length);
    return RecordBatchReader.from(stream).open();
  }
}

export interface TelemetryChange {
  readonly rows: readonly TelemetryRow[];
  /** Rows given before are void, because a resumed run took some back: `rows` are all there are, from the first. */
  readonly reset: boolean;
}

const nothing: TelemetryChange = { rows: [], reset: false };

/** Follows a telemetry file while a trainer writes it. A file that does not exist yet has no rows. */
export class TelemetryTail {
  readonly #file: string;
  #decoder: BatchDecoder;
  /** Bytes of whole messages read so far. */
  #offset = 0;
  /** Size that the file must have for another message to be whole. */
  #needed = 1;
  #size = -1;
  /** A file that was replaced is another one, even when it is longer. */
  #inode: bigint | undefined;
  #damage: string | null = null;

  constructor(file: string) {
    this.#file = file;
    this.#decoder = new BatchDecoder(file);
  }

  get shape(): TelemetryShape | null {
    return this.#decoder.shape;
  }

  /** The trainer has closed the file (a resume opens it again). */
  get complete(): boolean {
    return this.#decoder.complete;
  }

  /** One sentence when the file cannot be read further; null otherwise. */
  get damage(): string | null {
    return this.#damage;
  }

  /**
   * Rows since the last look. Costs one `stat` when nothing was added.
   *
   * @throws SystemFailure when the file exists and cannot be read; Error when its schema is not telemetry.
   */
  poll(): TelemetryChange {
    const found = this.#stat();
    if (found === undefined) return this.#inode === undefined ? nothing : this.#restart(undefined);
    const replaced = this.#isReplacedBy(found);
    if (!replaced && found.size === this.#size) return nothing;
    if (!replaced && (this.#damage !== null || found.size < this.#needed)) {
      this.#size = found.size;
      // The mark that ended the stream is gone: a resumed trainer goes on.
      if (found.size === this.#offset) this.#decoder.complete = false;
      return nothing;
    }
    return this.#read();
  }

  #read(): TelemetryChange {
    const file = this.#file;
    const descriptor = attempt("read", file, () => openSync(file, "r"));
    try {
      // The file may have been replaced since `stat`: what counts is the one that is open.
      const found = attempt("read", file, () => identity(fstatSync(descriptor, { bigint: true })));
      const reset = this.#isReplacedBy(found);
      if (reset) this.#restart(found.inode);
      this.#inode = found.inode;
      this.#size = found.size;
      const bytes = attempt("read", file, () => readBytes(descriptor, this.#offset, found.size));
      const { batches, end, needed, damage } = this.#decoder.decode(bytes);
      this.#needed = this.#offset + Math.max(needed, end + 1);
      this.#offset += end;
      this.#damage = damage;
      return { rows: batches.flatMap(({ rows }) => rows), reset };
    } finally {
      closeSync(descriptor);
    }
  }

  #isReplacedBy({ inode, size }: FileIdentity): boolean {
    return this.#inode !== undefined && (inode !== this.#inode || size < this.#offset);
  }

  #restart(inode: bigint | undefined): TelemetryChange {
    this.#decoder = new BatchDecoder(this.#file);
    this.#offset = 0;
    this.#needed = 1;
    this.#size = -1;
    this.#inode = inode;
    this.#damage = null;
    return { rows: [], reset: true };
  }

  #stat(): FileIdentity | undefined {
    return attempt("read", this.#file, () => {
      try {
        return identity(statSync(this.#file, { bigint: true }));
      } catch (error) {
        if (systemCode(error) === "ENOENT") return undefined;
        throw error;
      }
    });
  }
}

interface FileIdentity {
  readonly size: number;
  readonly inode: bigint;
}

function identity({ size, ino }: { size: bigint; ino: bigint }): FileIdentity {
  return { size: Number(size), inode: ino };
}
