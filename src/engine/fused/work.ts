/** Work that threads share: each takes the next piece from a counter in shared memory until none is left. */
import type { Kernels } from "./kernels.ts";

/** 32-bit integers at the start of shared memory. Times are in units of one post. */
export const control = {
  generation: 0,
  done: 1,
  next: 2,
  kind: 3,
  pieces: 4,
  /** shards: model, scratch, scratch stride, flags · reduce: to, from, stride in floats, count, shards · the rounds of the transition matrices: records, scratch, scratch stride. */
  arguments: 5,
  /** Number of threads that stopped on an error in the posted work. */
  failed: 10,
} as const;
export const controlIntegers = 16;

export const kinds = { exit: 0, shards: 1, reduce: 2, prepare: 3, right: 4, left: 5, pull: 6 } as const;
export type WorkKind = Exclude<keyof typeof kinds, "exit">;

/** Floats that one piece of a reduction covers; a multiple of 16 so that no two threads share a cache line. */
export const reducePiece = 8192;

/** Does pieces of the posted work until the counter runs out. */
export function takePieces(kernels: Kernels, board: Int32Array, thread: number): void {
  const kind = board[control.kind]!;
  const pieces = board[control.pieces]!;
  const a0 = board[control.arguments]!;
  const a1 = board[control.arguments + 1]!;
  const a2 = board[control.arguments + 2]!;
  const a3 = board[control.arguments + 3]!;
  const a4 = board[control.arguments + 4]!;
  for (;;) {
    const piece = Atomics.add(board, control.next, 1);
    if (piece >= pieces) return;
    if (kind === kinds.shards) kernels.runShard(a0, a1 + thread * a2, piece, a3);
    else if (kind === kinds.reduce) {
      const start = piece * reducePiece;
      kernels.reducePartials(a0 + 4 * start, a1 + 4 * start, a2, Math.min(reducePiece, a3 - start), a4);
    } else if (kind === kinds.prepare) kernels.spectralPrepare(a0, a1 + thread * a2, piece);
    else if (kind === kinds.right) kernels.spectralRight(a0, a1 + thread * a2, piece);
    else if (kind === kinds.left) kernels.spectralLeft(a0, a1 + thread * a2, piece);
    else kernels.spectralPull(a0, a1 + thread * a2, piece);
  }
}
