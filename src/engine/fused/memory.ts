/** The shared memory of the kernels and who owns which part of it. */
import { OutOfMemory } from "../outOfMemory.ts";

const pageBytes = 65_536;
const alignment = 64;

/** Newest shared memory that the host grants: 4 GiB of addresses where it can, less where it cannot. */
export function createSharedMemory(): WebAssembly.Memory {
  let failure: unknown;
  for (const maximum of [65_536, 32_768, 16_384, 4_096]) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared: true });
    } catch (error) {
      failure = error;
    }
  }
  throw new Error(`the fused engine could not reserve shared memory: ${String(failure)}`);
}

/** First-fit allocator of blocks in a shared memory that grows as needed. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  #floats: Float32Array;
  #integers: Int32Array;
  #doubles: Float64Array;
  /** Free blocks by address, neighbours merged. */
  #free: { start: number; end: number }[] = [];
  #top: number;

  constructor(memory: WebAssembly.Memory, start: number) {
    this.memory = memory;
    this.#top = Math.ceil(start / alignment) * alignment;
    this.#floats = new Float32Array(memory.buffer);
    this.#integers = new Int32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
  }

  /** Views over the whole memory; take them anew after an allocation, since growth replaces the buffer. */
  get floats(): Float32Array {
    return this.#floats;
  }
  get integers(): Int32Array {
    return this.#integers;
  }
  get doubles(): Float64Array {
    return this.#doubles;
  }

  /**
   * A zeroed block on a 64-byte boundary.
   * @throws OutOfMemory when the memory cannot grow enough, naming the size asked for.
   */
  allocate(bytes: number): number {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    const index = this.#free.findIndex((block) => block.end - block.start >= size);
    let start: number;
    if (index >= 0) {
      const block = this.#free[index]!;
      start = block.start;
      block.start += size;
      if (block.start === block.end) this.#free.splice(index, 1);
    } else {
      start = this.#top;
      this.#grow(start + size);
      this.#top = start + size;
    }
    this.#floats.fill(0, start >>> 2, (start + size) >>> 2);
    return start;
  }

  /** Gives a block of `allocate(bytes)` back. */
  release(start: number, bytes: number): void {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    this.#free.push({ start, end: start + size });
    this.#free.sort((a, b) => a.start - b.start);
    const merged: { start: number; end: number }[] = [];
    for (const block of this.#free) {
      const last = merged.at(-1);
      if (last && last.end === block.start) last.end = block.end;
      else merged.push(block);
    }
    const last = merged.at(-1);
    if (last && last.end === this.#top) {
      this.#top = last.start;
      merged.pop();
    }
    this.#free = merged;
  }

  #grow(end: number): void {
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / pageBytes));
      } catch {
        throw new OutOfMemory(
          `the model needs ${Math.ceil(end / 2 ** 20)} MiB of memory, more than the fused engine can have; ` +
            "use a smaller hidden size, batch or sequence length",
        );
      }
    }
    if (this.#floats.buffer !== this.memory.buffer) {
      this.#floats = new Float32Array(this.memory.buffer);
      this.#integers = new Int32Array(this.memory.buffer);
      this.#doubles = new Float64Array(this.memory.buffer);
    }
  }
}
