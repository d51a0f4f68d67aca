/** Carried states between ordinary memory, [layers, B, n], and the kernels', [panel][layer][h, c][padded n][8]. */
import type { ModelSpec, States } from "../engine.ts";
import { emptyStates } from "../states.ts";
import { panelWidth } from "./batchBuffers.ts";
import { pad4 } from "./plan.ts";

/** Calls `visit` with the index of a state's first unit on either side; units are `panelWidth` apart in the kernels'. */
function eachState(
  spec: ModelSpec,
  size: number,
  visit: (kind: "h" | "c", index: number, kernelIndex: number) => void,
): void {
  const { layers, hidden } = spec;
  const kinds = spec.cell === "lstm" ? (["h", "c"] as const) : (["h"] as const);
  const block = pad4(hidden) * panelWidth;
  for (let layer = 0; layer < layers; layer++)
    for (let b = 0; b < size; b++) {
      const panel = Math.floor(b / panelWidth);
      kinds.forEach((kind, i) => {
        const at = ((panel * layers + layer) * kinds.length + i) * block + (b % panelWidth);
        visit(kind, (layer * size + b) * hidden, at);
      });
    }
}

/** @param at index of the kernels' first float. */
export function writeCarried(
  floats: Float32Array,
  at: number,
  spec: ModelSpec,
  states: States,
  size: number,
): void {
  // Absent sequences of the last panel begin at zero, so that nothing old goes through them.
  const panels = Math.ceil(size / panelWidth);
  const kinds = spec.cell === "lstm" ? 2 : 1;
  floats.fill(0, at, at + panels * spec.layers * kinds * pad4(spec.hidden) * panelWidth);
  eachState(spec, size, (kind, index, kernelIndex) => {
    const values = states[kind]!;
    for (let j = 0; j < spec.hidden; j++) floats[at + kernelIndex + j * panelWidth] = values[index + j]!;
  });
}

/** The states where the batch's sequences ended. */
export function readCarried(floats: Float32Array, at: number, spec: ModelSpec, size: number): States {
  const states = emptyStates(spec, size);
  eachState(spec, size, (kind, index, kernelIndex) => {
    const values = states[kind]!;
    for (let j = 0; j < spec.hidden; j++) values[index + j] = floats[at + kernelIndex + j * panelWidth]!;
  });
  return states;
}
