/** How many multiply-adds the matrix products of one training step take, as the engine lays them out. */

import type { ModelSpec } from "../src/engine/engine.ts";
import { pad4, planHead, planLayer } from "../src/engine/fused/plan.ts";
import { type GradientCheckpointing, panelWidth, segmentTimesteps } from "../src/engine/fused/scratch.ts";

/** Multiply-adds, padding included: units and outputs in fours, sequences in eights. */
export interface StepOperations {
  /** From states and inputs to pre-activations, and to the head's outputs. */
  readonly forward: number;
  /** From gradients of pre-activations to those of the states before. */
  readonly backward: number;
  /** … to those of the layer below, or of inputs that are looked up in a matrix that is trained. */
  readonly toInput: number;
  /** To the gradients of the weights. */
  readonly toWeights: number;
  readonly total: number;
}

/**
 * What the panels' products of one step take. The transition matrix of a spectral or orthogonal layer is built by
 * products of another kind, once a step whatever B and T are: they are not in here.
 *
 * @param size B. @param length T.
 * @param checkpointing with it, all segments but the last go forward twice.
 */
export function stepOperations(
  spec: ModelSpec,
  { size, length }: { readonly size: number; readonly length: number },
  checkpointing: GradientCheckpointing = "off",
): StepOperations {
  const segment = segmentTimesteps(checkpointing, length);
  const again = Math.floor((length - 1) / segment) * segment;
  const sequences = Math.ceil(size / panelWidth) * panelWidth;
  const sums = { forward: 0, backward: 0, toInput: 0, toWeights: 0 };
  for (let layer = 0; layer < spec.layers; layer++) {
    const plan = planLayer(spec, layer);
    const units = pad4(spec.hidden);
    const projection = plan.lowRank ? area(plan.lowRank.projection) : 0;
    const weights = sum(plan.forward.map(area)) + projection;
    sums.forward += (length + again) * weights;
    sums.toWeights += length * weights;
    // Before the first timestep there is no state that a gradient could go to.
    sums.backward += (length - 1) * units * plan.backward.columns + length * projection;
    sums.toInput += length * units * sum(plan.toInput.map(({ columns }) => columns));
  }
  const head = planHead(spec);
  const each = spec.head === "classifyEach";
  const read = each ? length : 1;
  sums.forward += (read + (each ? again : 0)) * area(head.forward);
  sums.toWeights += read * area(head.forward);
  sums.backward += read * pad4(spec.hidden) * head.backward.columns;
  const forward = sums.forward * sequences;
  const backward = sums.backward * sequences;
  const toInput = sums.toInput * sequences;
  const toWeights = sums.toWeights * sequences;
  return { forward, backward, toInput, toWeights, total: forward + backward + toInput + toWeights };
}

const area = ({ rows, columns }: { readonly rows: number; readonly columns: number }): number =>
  rows * columns;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
