/** What the layers of a spectral or orthogonal model multiply by, made of reflectors. */
import type { ParameterStore } from "./parameterStore.ts";

export interface Transition {
  /** Addresses of the matrices that are packed, and of their gradients, by name. */
  readonly values: readonly (readonly [name: string, address: number])[];
  readonly gradients: readonly (readonly [name: string, address: number])[];
  /** From the parameters to the matrices. */
  materialize(store: ParameterStore): void;
  /** From the matrices' gradients to the parameters'. @param partial address of the gradient that the kernels left. */
  pullback(store: ParameterStore, partial: number): void;
  release(): void;
}
