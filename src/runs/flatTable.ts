/**
 * A flatbuffer table read with every access inside the bytes: Arrow's messages describe themselves in flatbuffers,
 * whose generated readers trust lengths and offsets. A damaged length must neither loop nor allocate for ever.
 *
 * The format: https://flatbuffers.dev/internals (tables, vectors, offsets; all little-endian).
 */

/** Thrown where the bytes are no such table. `DataView` throws its own RangeError outside of the bytes. */
export class FlatTableError extends RangeError {
  constructor(message: string) {
    super(message);
    this.name = "FlatTableError";
  }
}

export interface FlatVector {
  /** Byte where the first element stands. */
  readonly start: number;
  readonly length: number;
}

export class FlatTable {
  readonly view: DataView;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableSize: number;

  /** @param at byte where the table stands. */
  constructor(view: DataView, at: number) {
    this.view = view;
    this.#at = at;
    this.#vtable = at - view.getInt32(at, true);
    this.#vtableSize = view.getUint16(this.#vtable, true);
    if (this.#vtableSize < 4 || this.#vtableSize % 2 !== 0)
      throw new FlatTableError(`a table's size is ${this.#vtableSize}`);
    // The last byte of the field list: out of bounds throws here, once.
    view.getUint8(this.#vtable + this.#vtableSize - 1);
  }

  /** The table that the bytes begin with. */
  static root(view: DataView): FlatTable {
    return new FlatTable(view, view.getUint32(0, true));
  }

  /** Byte where a field stands; undefined where the table leaves it at its default. */
  #field(index: number): number | undefined {
    const entry = 4 + 2 * index;
    if (entry >= this.#vtableSize) return undefined;
    const offset = this.view.getUint16(this.#vtable + entry, true);
    return offset === 0 ? undefined : this.#at + offset;
  }

  uint8(index: number): number {
    const at = this.#field(index);
    return at === undefined ? 0 : this.view.getUint8(at);
  }

  /** A 64-bit integer that is a length: not negative, and exact as a number. */
  length64(index: number): number {
    const at = this.#field(index);
    return at === undefined ? 0 : lengthAt(this.view, at);
  }

  has(index: number): boolean {
    return this.#field(index) !== undefined;
  }

  table(index: number): FlatTable | undefined {
    const target = this.#target(index);
    return target === undefined ? undefined : new FlatTable(this.view, target);
  }

  /** @param elementSize bytes of one element; all of them lie inside the bytes. */
  vector(index: number, elementSize: number): FlatVector {
    const target = this.#target(index);
    if (target === undefined) return { start: 0, length: 0 };
    const length = this.view.getUint32(target, true);
    const start = target + 4;
    if (start + length * elementSize > this.view.byteLength)
      throw new FlatTableError(`a list of ${length} elements reaches beyond the end`);
    return { start, length };
  }

  /** Tables of a vector of tables. */
  *tables(index: number): Generator<FlatTable> {
    const { start, length } = this.vector(index, 4);
    for (let i = 0; i < length; i++) {
      const at = start + 4 * i;
      yield new FlatTable(this.view, at + this.view.getUint32(at, true));
    }
  }

  #target(index: number): number | undefined {
    const at = this.#field(index);
    return at === undefined ? undefined : at + this.view.getUint32(at, true);
  }
}

/** A 64-bit length at a place. */
export function lengthAt(view: DataView, at: number): number {
  const value = view.getBigInt64(at, true);
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FlatTableError(`a length is ${value}`);
  return Number(value);
}
