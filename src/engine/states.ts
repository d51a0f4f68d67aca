/** States that sequences hand on to those that continue them: room for them, and parts of them. */
import type { ModelSpec, States } from "./engine.ts";

type StatesShape = Pick<ModelSpec, "cell" | "layers" | "hidden">;

/** States of B sequences, all zero. */
export function emptyStates({ cell, layers, hidden }: StatesShape, size: number): States {
  const values = layers * size * hidden;
  return { h: new Float32Array(values), c: cell === "lstm" ? new Float32Array(values) : undefined };
}

/** States of the sequences `from` … `to` − 1 of a batch of `size`, copied. */
export function sliceStates(
  spec: StatesShape,
  states: States,
  size: number,
  from: number,
  to: number,
): States {
  const part = emptyStates(spec, to - from);
  copyStates(spec, states, size, from, part, to - from, 0, to - from);
  return part;
}

/** Puts the states of a part of a batch where they belong among those of the whole. */
export function placeStates(
  spec: StatesShape,
  part: States,
  partSize: number,
  whole: States,
  size: number,
  at: number,
): void {
  copyStates(spec, part, partSize, 0, whole, size, at, partSize);
}

function copyStates(
  { layers, hidden }: StatesShape,
  source: States,
  sourceSize: number,
  from: number,
  target: States,
  targetSize: number,
  to: number,
  count: number,
): void {
  for (const kind of ["h", "c"] as const) {
    const [read, write] = [source[kind], target[kind]];
    if (!read || !write) continue;
    for (let layer = 0; layer < layers; layer++) {
      const start = (layer * sourceSize + from) * hidden;
      write.set(read.subarray(start, start + count * hidden), (layer * targetSize + to) * hidden);
    }
  }
}
