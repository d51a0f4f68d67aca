/** The singular values of a spectral layer in kernel memory: σ = 2r (sigmoid(p) − ½) + σ* (Zhang, Lei & Dhillon 2018). */
import type { Band } from "../../spectral/sigma.ts";
import type { Arena } from "./memory.ts";
import type { ParameterStore } from "./parameterStore.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export class BandedSigma {
  /** Addresses of σ and ∂L/∂σ, [count]; what follows up to a whole vector is zero. */
  readonly value: number;
  readonly gradient: number;
  readonly #arena: Arena;
  readonly #name: string;
  readonly #count: number;
  readonly #band: Band;

  /** @param name the parameter p. */
  constructor(arena: Arena, name: string, count: number, band: Band) {
    this.#arena = arena;
    this.#name = name;
    this.#count = count;
    this.#band = band;
    this.value = arena.allocate(count * 4);
    this.gradient = arena.allocate(count * 4);
  }

  /** σ from p. */
  fill(store: ParameterStore): void {
    const { radius, center } = this.#band;
    const { floats } = this.#arena;
    const p = store.value(this.#name) / 4;
    const sigma = this.value / 4;
    for (let i = 0; i < this.#count; i++)
      floats[sigma + i] = 2 * radius * (sigmoid(floats[p + i]!) - 0.5) + center;
  }

  /** ∂L/∂p from ∂L/∂σ. */
  pullback(store: ParameterStore): void {
    const { radius } = this.#band;
    const { floats } = this.#arena;
    const p = store.value(this.#name) / 4;
    const out = store.gradient(this.#name) / 4;
    const gradient = this.gradient / 4;
    for (let i = 0; i < this.#count; i++) {
      const s = sigmoid(floats[p + i]!);
      floats[out + i] = floats[gradient + i]! * 2 * radius * s * (1 - s);
    }
  }

  release(): void {
    this.#arena.release(this.value, this.#count * 4);
    this.#arena.release(this.gradient, this.#count * 4);
  }
}
