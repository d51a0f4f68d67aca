/**
 * How a model's weights, gradients and states lie in memory: sizes and offsets only, no memory is touched here.
 *
 * Units are padded to a multiple of 4 (`padded`). Padded rows and columns hold zeros and stay zero: their weights are
 * never written, and every activation maps 0 to a state of 0.
 */
import type { ModelSpec } from "../engine.ts";
import { gateCount, isDeep, layerInputs } from "../parameters.ts";

/** Where a block of a parameter goes: rows [fromRow, fromRow + rows) of parameter `name` (all its columns). */
export interface Placement {
  readonly name: string;
  readonly fromRow: number;
  readonly rows: number;
  readonly columns: number;
  /** Row and column in the packed matrix. */
  readonly row: number;
  readonly column: number;
}

/** A packed matrix [row block][k][4] that multiplies a panel. */
export interface Part {
  readonly rows: number;
  readonly columns: number;
  /** First row of the state panel that it multiplies, and of the pre-activations that it gives. */
  readonly input: number;
  readonly output: number;
  readonly placements: readonly Placement[];
}

/** A packed transpose: columns are pre-activation rows from `firstRow` on. */
export interface TransposedPart {
  readonly columns: number;
  readonly firstRow: number;
  /** Parameter blocks whose transposes stand side by side. */
  readonly placements: readonly {
    readonly name: string;
    readonly fromRow: number;
    readonly rows: number;
    readonly columns: number;
    readonly column: number;
  }[];
}

export interface LayerPlan {
  /** Rows of a state panel: units, 1, inputs, padding. */
  readonly stateRows: number;
  /** Rows of pre-activations. */
  readonly gateRows: number;
  readonly forward: readonly Part[];
  /** To ∂L/∂h_{t−1}. */
  readonly backward: TransposedPart;
  /** To ∂L/∂x_t; none for the first layer, unless its inputs are looked up in a matrix that is trained. */
  readonly toInput: readonly TransposedPart[];
}

export const pad4 = (size: number): number => (size + 3) & ~3;

/** The name under which a layer's dense n×n transition matrix is packed: the parameter W, or what u, v, σ give. */
export const transitionName = (layer: number): string => `layers.${layer}.W`;

export function planLayer(spec: ModelSpec, layer: number): LayerPlan {
  const n = spec.hidden;
  const padded = pad4(n);
  const inputs = layerInputs(spec, layer);
  const inputRows = layer === 0 ? inputs : padded;
  const stateRows = pad4(padded + 1 + inputRows);
  const W = transitionName(layer);
  const M = `layers.${layer}.M`;
  const b = `layers.${layer}.b`;
  const bHidden = `layers.${layer}.bHidden`;
  const recurrent = (gate: number, row: number): Placement => ({
    name: W,
    fromRow: gate * n,
    rows: n,
    columns: n,
    row,
    column: 0,
  });
  /** Bias and input weights of a gate, with the bias in packed column `column`. */
  const fromInput = (gate: number, row: number, column: number): Placement[] => [
    { name: b, fromRow: gate * n, rows: n, columns: 1, row, column },
    { name: M, fromRow: gate * n, rows: n, columns: inputs, row, column: column + 1 },
  ];
  const transposed = (
    name: string,
    columns: number,
    gates: readonly number[],
    firstGateRow: number,
  ): TransposedPart => ({
    columns: gates.length * padded,
    firstRow: firstGateRow * padded,
    placements: gates.map((gate, i) => ({ name, fromRow: gate * n, rows: n, columns, column: i * padded })),
  });
  if (isDeep(spec))
    return {
      stateRows,
      gateRows: padded,
      forward: [
        {
          rows: padded,
          columns: stateRows - padded,
          input: padded,
          output: 0,
          placements: [
            { name: b, fromRow: 0, rows: n, columns: 1, row: 0, column: 0 },
            { name: W, fromRow: 0, rows: n, columns: inputs, row: 0, column: 1 },
          ],
        },
      ],
      // There is no timestep before the only one.
      backward: { columns: 4, firstRow: 0, placements: [] },
      toInput: layer === 0 ? [] : [transposed(W, n, [0], 0)],
    };
  const toInputs = layer > 0 || spec.embedding !== undefined;
  if (spec.cell === "gru") {
    // Rows: r, z, h-part of the candidate, x-part of the candidate.
    return {
      stateRows,
      gateRows: 4 * padded,
      forward: [
        {
          rows: 2 * padded,
          columns: stateRows,
          input: 0,
          output: 0,
          placements: [0, 1].flatMap((gate) => [
            recurrent(gate, gate * padded),
            ...fromInput(gate, gate * padded, padded),
          ]),
        },
        {
          rows: padded,
          columns: padded + 4,
          input: 0,
          output: 2 * padded,
          placements: [
            recurrent(2, 0),
            { name: bHidden, fromRow: 0, rows: n, columns: 1, row: 0, column: padded },
          ],
        },
        {
          rows: padded,
          columns: stateRows - padded,
          input: padded,
          output: 3 * padded,
          placements: fromInput(2, 0, 0),
        },
      ],
      backward: transposed(W, n, [0, 1, 2], 0),
      toInput: toInputs ? [transposed(M, n, [0, 1], 0), transposed(M, n, [2], 3)] : [],
    };
  }
  const gates = Array.from({ length: gateCount(spec) }, (_, gate) => gate);
  return {
    stateRows,
    gateRows: gates.length * padded,
    forward: [
      {
        rows: gates.length * padded,
        columns: stateRows,
        input: 0,
        output: 0,
        placements: gates.flatMap((gate) => [
          recurrent(gate, gate * padded),
          ...fromInput(gate, gate * padded, padded),
        ]),
      },
    ],
    backward: transposed(W, n, gates, 0),
    toInput: toInputs ? [transposed(M, n, gates, 0)] : [],
  };
}

/** Names of what a sampled head is packed from, [K, n] and [K], which the model gathers anew for each step. */
export const sampledHead = { W: "sampled.W", b: "sampled.b" } as const;

/** The head as one more part: it multiplies the top layer's state panel from its first row on. */
export function planHead(
  spec: ModelSpec,
  k = spec.outputSize,
  names: { readonly W: string; readonly b: string } = { W: "head.W", b: "head.b" },
): { forward: Part; backward: TransposedPart } {
  const padded = pad4(spec.hidden);
  return {
    forward: {
      rows: pad4(k),
      columns: padded + 4,
      input: 0,
      output: 0,
      placements: [
        { name: names.W, fromRow: 0, rows: k, columns: spec.hidden, row: 0, column: 0 },
        { name: names.b, fromRow: 0, rows: k, columns: 1, row: 0, column: padded },
      ],
    },
    backward: {
      columns: pad4(k),
      firstRow: 0,
      placements: [{ name: names.W, fromRow: 0, rows: k, columns: spec.hidden, column: 0 }],
    },
  };
}
