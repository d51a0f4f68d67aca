/** From the times of rounds, in which contestants took turns, to one row of the comparison. */

import { median } from "../../src/diagnostics/select.ts";
import type { CellName } from "../../src/experiment/schema.ts";
import type { Shape } from "../shapes.ts";

/** Ours and a peer's in turn. */
export interface Round {
  /** Median time of one training step of the turn: ours, the peer's. */
  readonly ms: number;
  readonly peerMs: number;
}

/** What was measured of one peer. */
export interface PeerRow extends Shape {
  readonly cell: CellName;
  /** Reflectors; null for cells without. */
  readonly m: number | null;
  readonly threads: number;
  /** Median time of one training step of the fused engine. */
  readonly ms: number;
  readonly peer: string;
  readonly peerMs: number;
  /** Median over the rounds of peerMs / ms. */
  readonly ratio: number;
  /** Rounds that count: those that other processes did not disturb. */
  readonly rounds: number;
}

/** @throws RangeError without rounds. */
export function peerRow(
  what: Pick<PeerRow, "cell" | "n" | "B" | "T" | "m" | "threads" | "peer">,
  rounds: readonly Round[],
): PeerRow {
  if (rounds.length === 0) throw new RangeError(`${what.peer}: no round was timed`);
  const { cell, n, B, T, m, threads, peer } = what;
  return {
    cell,
    n,
    B,
    T,
    m,
    threads,
    ms: median(rounds.map(({ ms }) => ms)),
    peer,
    peerMs: median(rounds.map(({ peerMs }) => peerMs)),
    ratio: median(rounds.map(({ ms, peerMs }) => peerMs / ms)),
    rounds: rounds.length,
  };
}

/** The largest difference of losses relative to ours; Infinity when some are missing or not finite. */
export function lossDifference(ours: readonly number[], theirs: readonly number[], count: number): number {
  let worst = 0;
  for (let step = 0; step < count; step++) {
    const [a, b] = [ours[step] ?? Number.NaN, theirs[step] ?? Number.NaN];
    const difference = Math.abs(a - b) / Math.abs(a);
    if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
  }
  return worst;
}

/** For each cell, shape and number of reflectors the row of the fastest peer of each framework (the name's first word). */
export function bestPeers(rows: readonly PeerRow[]): PeerRow[] {
  const best = new Map<string, PeerRow>();
  for (const row of rows) {
    const { cell, n, B, T, m, threads, peer } = row;
    const key = JSON.stringify([cell, n, B, T, m, threads, peer.split(" ")[0]]);
    const found = best.get(key);
    if (!found || row.ratio < found.ratio) best.set(key, row);
  }
  return [...best.values()];
}
