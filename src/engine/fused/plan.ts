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
  /** Rows of the packed transpose; absent: the padded units. */
  readonly rows?: number;
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

/** How a layer multiplies by Σ + P Qᵀ. */
export interface LowRankPlan {
  /** Columns of P and Q, rounded up to a multiple of 4. */
  readonly rank: number;
  /** First row of Qᵀ h in a state panel. */
  readonly projected: number;
  /** Qᵀ; its gradient's rows come from Pᵀ Δ, which stands behind Δ. */
  readonly projection: Part;
  /** Pᵀ. */
  readonly backProjection: TransposedPart;
  /** Σ is trained. */
  readonly hasSigma: boolean;
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
  /** Absent: the layer multiplies by W. */
  readonly lowRank?: LowRankPlan;
}

export const pad4 = (size: number): number => (size + 3) & ~3;
export const pad8 = (size: number): number => (size + 7) & ~7;

/** The name under which a layer's dense n×n transition matrix is packed: the parameter W, or what u, v, σ give. */
export const transitionName = (layer: number): string => `layers.${layer}.W`;

/** The names under which P [n, m₁ + m₂] and Qᵀ [m₁ + m₂, n] are packed, where W = Σ + P Qᵀ. */
export const lowRankNames = (layer: number) => ({ P: `layers.${layer}.P`, Qt: `layers.${layer}.Qt` });

/**
 * From this many times the rank on, Σ + P Qᵀ is the faster way to multiply by W (measured): it takes 12·n·rank
 * operations a timestep where W takes 6·n², in products with a short side, and is cheaper to build and to pull back.
 */
const hiddenPerRank = (hidden: number): number => (hidden < 128 ? 2.25 : 2);

/**
 * m₁ + m₂ where a layer multiplies by Σ + P Qᵀ of that rank; 0 where it multiplies by W itself.
 * Each factor's reflectors must be so few that the kernels take them in one block.
 */
export function rankOf(spec: ModelSpec): number {
  const { cell, hidden, reflectors } = spec;
  if (isDeep(spec) || !(cell === "spectral" || cell === "orthogonal")) return 0;
  const factors = cell === "spectral" ? reflectors : [reflectors[0]];
  if (factors.some((m) => m > 32 && 4 * m > hidden)) return 0;
  const rank = factors.reduce((sum, m) => sum + m, 0);
  return hiddenPerRank(hidden) * pad4(rank) <= hidden ? rank : 0;
}

/** A spectral or orthogonal layer that multiplies by Σ + P Qᵀ: its state panel and its Δ have Qᵀ h and Pᵀ Δ behind them. */
function planLowRank(
  plan: LayerPlan,
  n: number,
  rank: number,
  { P, Qt }: { readonly P: string; readonly Qt: string },
  hasSigma: boolean,
): LayerPlan {
  const padded = pad4(n);
  const [forward] = plan.forward;
  if (!forward) throw new Error("a recurrent layer has a forward part");
  const first = plan.stateRows;
  const stateRows = first + pad4(rank);
  return {
    ...plan,
    stateRows,
    gateRows: padded + pad4(rank),
    forward: [
      {
        rows: padded,
        columns: stateRows - padded,
        input: padded,
        output: 0,
        placements: [
          ...forward.placements.slice(1).map((part) => ({ ...part, column: part.column - padded })),
          { name: P, fromRow: 0, rows: n, columns: rank, row: 0, column: first - padded },
        ],
      },
    ],
    backward: {
      columns: pad4(rank),
      firstRow: padded,
      placements: [{ name: Qt, fromRow: 0, rows: rank, columns: n, column: 0 }],
    },
    lowRank: {
      rank: pad4(rank),
      projected: first,
      projection: {
        rows: pad4(rank),
        columns: padded,
        input: 0,
        output: padded,
        placements: [{ name: Qt, fromRow: 0, rows: rank, columns: n, row: 0, column: 0 }],
      },
      backProjection: {
        rows: pad4(rank),
        columns: padded,
        firstRow: 0,
        placements: [{ name: P, fromRow: 0, rows: n, columns: rank, column: 0 }],
      },
      hasSigma,
    },
  };
}

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
  const plan: LayerPlan = {
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
  const rank = rankOf(spec);
  return rank === 0 ? plan : planLowRank(plan, n, rank, lowRankNames(layer), spec.cell === "spectral");
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
