/**
 * Where the messages of an Arrow IPC stream begin and end, checked before any library trusts what they say.
 *
 * A message is: 0xFFFFFFFF, the length of its description (int32), the description (a flatbuffer), its body. A length
 * of 0 ends the stream. https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
 */
import { FlatTable, FlatTableError, lengthAt } from "./flatTable.ts";

export interface ArrowMessage {
  readonly kind: "schema" | "batch" | "end";
  /** Bytes from the beginning of what was scanned. */
  readonly start: number;
  readonly end: number;
}

export interface ArrowScan {
  readonly messages: readonly ArrowMessage[];
  /** Where the last whole message ends. */
  readonly end: number;
  /** Bytes needed from the beginning for the next message to be whole, as far as they tell; 0 when nothing follows. */
  readonly needed: number;
  /** Why what follows `end` can never become a message; null when it can, or nothing follows. */
  readonly damage: string | null;
}

const continuation = 0xffffffff;
const prefixLength = 8;
/** The description of a batch of some hundred columns takes a few kilobytes. */
const longestDescription = 64 * 1024 * 1024;
const longestBody = 2 ** 40;
const mostTables = 100_000;

/** Numbers in the format's definition (Message.fbs, Schema.fbs). */
const header = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;
const typeWithText = 10;
const typeWithIds = 14;

/**
 * Finds the whole messages in bytes that begin with a message. Stops at the first that is incomplete or damaged, and
 * after the end-of-stream mark.
 */
export function scanMessages(bytes: Uint8Array): ArrowScan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: ArrowMessage[] = [];
  let end = 0;
  const stop = (needed: number, damage: string | null = null): ArrowScan => ({
    messages,
    end,
    needed,
    damage,
  });
  for (;;) {
    const left = bytes.length - end;
    if (left === 0) return stop(0);
    if (left < prefixLength) return stop(end + prefixLength);
    const length = view.getInt32(end + 4, true);
    if (view.getUint32(end, true) !== continuation || length < 0 || length > longestDescription)
      return stop(0, "there is no Arrow message where one should begin");
    const bodyStart = end + prefixLength + length;
    if (length === 0) {
      messages.push({ kind: "end", start: end, end: bodyStart });
      end = bodyStart;
      return stop(0);
    }
    if (bodyStart > bytes.length) return stop(bodyStart);
    try {
      const description = new DataView(view.buffer, view.byteOffset + end + prefixLength, length);
      const { kind, bodyLength } = checkDescription(description);
      if (bodyStart + bodyLength > bytes.length) return stop(bodyStart + bodyLength);
      messages.push({ kind, start: end, end: bodyStart + bodyLength });
      end = bodyStart + bodyLength;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return stop(0, `an Arrow message is damaged: ${error.message}`);
    }
  }
}

function checkDescription(view: DataView): { kind: "schema" | "batch"; bodyLength: number } {
  const message = FlatTable.root(view);
  const bodyLength = message.length64(3);
  if (bodyLength > longestBody) throw new FlatTableError(`its body has ${bodyLength} bytes`);
  const content = message.table(2);
  if (content === undefined) throw new FlatTableError("it has no content");
  checkMetadata(message, 4);
  switch (message.uint8(1)) {
    case header.schema:
      checkSchema(content);
      return { kind: "schema", bodyLength };
    case header.recordBatch:
      checkBatch(content, bodyLength);
      return { kind: "batch", bodyLength };
    case header.dictionaryBatch:
      throw new FlatTableError("dictionaries are not used in telemetry");
    default:
      throw new FlatTableError(`its kind is ${message.uint8(1)}`);
  }
}

function checkSchema(schema: FlatTable): void {
  const budget = { tables: mostTables };
  for (const field of schema.tables(1)) checkField(field, budget);
  checkMetadata(schema, 2);
  schema.vector(3, 8);
}

function checkField(field: FlatTable, budget: { tables: number }): void {
  budget.tables--;
  if (budget.tables < 0) throw new FlatTableError(`it has more than ${mostTables} columns`);
  field.vector(0, 1);
  const type = field.table(3);
  if (field.uint8(2) === typeWithText) type?.vector(1, 1);
  if (field.uint8(2) === typeWithIds) type?.vector(1, 4);
  if (field.has(4)) throw new FlatTableError("dictionaries are not used in telemetry");
  for (const child of field.tables(5)) checkField(child, budget);
  checkMetadata(field, 6);
}

/** Pairs of key and value. */
function checkMetadata(table: FlatTable, index: number): void {
  for (const pair of table.tables(index)) {
    pair.vector(0, 1);
    pair.vector(1, 1);
  }
}

/** Every buffer lies inside the body, and no column claims more values than the body has bits. */
function checkBatch(batch: FlatTable, bodyLength: number): void {
  const { view } = batch;
  const rows = batch.length64(0);
  const most = bodyLength * 8;
  if (rows > most) throw new FlatTableError(`it claims ${rows} rows in ${bodyLength} bytes`);
  const nodes = batch.vector(1, 16);
  for (let i = 0; i < nodes.length; i++) {
    const at = nodes.start + 16 * i;
    const length = lengthAt(view, at);
    const nulls = lengthAt(view, at + 8);
    if (length > most || nulls > length)
      throw new FlatTableError(`a column claims ${length} values, ${nulls} of them null`);
  }
  const buffers = batch.vector(2, 16);
  for (let i = 0; i < buffers.length; i++) {
    const at = buffers.start + 16 * i;
    if (lengthAt(view, at) + lengthAt(view, at + 8) > bodyLength)
      throw new FlatTableError("a column reaches beyond the body");
  }
  if (batch.has(3)) throw new FlatTableError("compressed columns are not used in telemetry");
  batch.vector(4, 8);
}
