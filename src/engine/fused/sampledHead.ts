/** The head of a sampled softmax in kernel memory: rows gathered from the whole one, and their gradients put back. */
import type { ModelSpec } from "../engine.ts";
import type { Candidates } from "../sampledSoftmax.ts";
import type { Arena } from "./memory.ts";

export class SampledHead {
  /** Addresses of W [K, n] and b [K] and of their gradients. */
  readonly value: { readonly W: number; readonly b: number };
  readonly gradient: { readonly W: number; readonly b: number };
  readonly #arena: Arena;
  readonly #hidden: number;
  readonly #count: number;
  readonly #block: number;
  readonly #bytes: number;

  /** @param count K. */
  constructor(arena: Arena, { hidden }: ModelSpec, count: number) {
    this.#arena = arena;
    this.#hidden = hidden;
    this.#count = count;
    const rows = count * hidden * 4;
    const biases = count * 4;
    this.#bytes = 2 * (rows + biases);
    this.#block = arena.allocate(this.#bytes);
    this.value = { W: this.#block, b: this.#block + 2 * rows };
    this.gradient = { W: this.#block + rows, b: this.#block + 2 * rows + biases };
  }

  /** @param W, b addresses of the whole head's values. */
  gather({ classes, shift }: Candidates, W: number, b: number): void {
    const { floats } = this.#arena;
    const n = this.#hidden;
    classes.forEach((each, i) => {
      const from = W / 4 + each * n;
      floats.copyWithin(this.value.W / 4 + i * n, from, from + n);
      floats[this.value.b / 4 + i] = floats[b / 4 + each]! + shift[i]!;
    });
  }

  /** Writes the whole head's gradient, zero for the classes that took no part. @param W, b its addresses. */
  scatter({ classes }: Candidates, outputs: number, W: number, b: number): void {
    const { floats } = this.#arena;
    const n = this.#hidden;
    floats.fill(0, W / 4, W / 4 + outputs * n);
    floats.fill(0, b / 4, b / 4 + outputs);
    classes.forEach((each, i) => {
      const from = this.gradient.W / 4 + i * n;
      floats.copyWithin(W / 4 + each * n, from, from + n);
      floats[b / 4 + each] = floats[this.gradient.b / 4 + i]!;
    });
  }

  release(): void {
    this.#arena.release(this.#block, this.#bytes);
  }

  get count(): number {
    return this.#count;
  }
}
