/** A worker thread of the fused engine: waits for posted work, helps with it, says when it is done. */
import { parentPort, workerData } from "node:worker_threads";
import { instantiateKernels } from "./kernels.ts";
import type { Tiles } from "./wideVectors.ts";
import { control, controlIntegers, kinds, takePieces } from "./work.ts";

export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  readonly tiles: Tiles;
}

/**
 * Looks at the board before going to sleep, some 150 µs long: the next post follows as soon as the poster has done what
 * it does by itself, and waking up takes as long as a small model's whole step.
 */
const spins = 60_000;

const { module, memory, thread, tiles } = workerData as WorkerStart;
const kernels = instantiateKernels(module, memory, tiles);
const board = new Int32Array(memory.buffer, 0, controlIntegers);
let seen = Atomics.load(board, control.generation);
parentPort?.postMessage("ready");
for (;;) {
  for (let i = 0; i < spins && Atomics.load(board, control.generation) === seen; i++);
  while (Atomics.load(board, control.generation) === seen) Atomics.wait(board, control.generation, seen);
  seen = Atomics.load(board, control.generation);
  if (board[control.kind] === kinds.exit) break;
  try {
    takePieces(kernels, board, thread);
  } catch {
    // The poster is waiting: it must hear of it and not wait for ever.
    Atomics.add(board, control.failed, 1);
  }
  Atomics.add(board, control.done, 1);
  Atomics.notify(board, control.done);
}
