/** The fused engine's threads: the caller's own and as many workers as asked for. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { builtFile } from "../../builtFile.ts";
import { instantiateKernels, type Kernels } from "./kernels.ts";
import type { Tiles } from "./wideVectors.ts";
import { control, controlIntegers, kinds, takePieces, type WorkKind } from "./work.ts";
import type { WorkerStart } from "./worker.ts";

const spins = 20_000;

export class Threads {
  readonly count: number;
  readonly kernels: Kernels;
  readonly #board: Int32Array;
  readonly #workers: Worker[];

  private constructor(kernels: Kernels, board: Int32Array, workers: Worker[]) {
    this.kernels = kernels;
    this.#board = board;
    this.#workers = workers;
    this.count = workers.length + 1;
  }

  /** Starts `count` − 1 workers and waits until each is ready. */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    count: number,
    tiles: Tiles = "narrow",
  ): Promise<Threads> {
    const workers: Worker[] = [];
    for (let thread = 1; thread < count; thread++) {
      const workerData: WorkerStart = { module, memory, thread, tiles };
      const worker = new Worker(builtFile("fused-worker.js"), { workerData });
      workers.push(worker);
    }
    await Promise.all(workers.map((worker) => once(worker, "message")));
    // Waiting for work must not keep the process alive.
    for (const worker of workers) worker.unref();
    return new Threads(
      instantiateKernels(module, memory, tiles),
      new Int32Array(memory.buffer, 0, controlIntegers),
      workers,
    );
  }

  /**
   * Does `pieces` of work together with the workers; returns when all of it is done.
   * @param a, b, c, d, e what the kind of work takes (`control.arguments`), one by one: a list would be garbage each step.
   * @param shared false: so little work that the caller's thread does it by itself.
   */
  run(kind: WorkKind, pieces: number, a: number, b: number, c: number, d = 0, e = 0, shared = true): void {
    const board = this.#board;
    board[control.kind] = kinds[kind];
    board[control.pieces] = pieces;
    board[control.arguments] = a;
    board[control.arguments + 1] = b;
    board[control.arguments + 2] = c;
    board[control.arguments + 3] = d;
    board[control.arguments + 4] = e;
    Atomics.store(board, control.next, 0);
    if (!shared || pieces === 1 || this.#workers.length === 0) {
      takePieces(this.kernels, board, 0);
      return;
    }
    Atomics.store(board, control.done, 0);
    Atomics.add(board, control.generation, 1);
    Atomics.notify(board, control.generation);
    takePieces(this.kernels, board, 0);
    const workers = this.#workers.length;
    for (let i = 0; i < spins && Atomics.load(board, control.done) < workers; i++);
    for (;;) {
      const done = Atomics.load(board, control.done);
      if (done >= workers) break;
      Atomics.wait(board, control.done, done);
    }
    if (Atomics.load(board, control.failed) > 0)
      throw new Error("a thread of the fused engine stopped on a memory error");
  }

  async stop(): Promise<void> {
    this.#board[control.kind] = kinds.exit;
    Atomics.add(this.#board, control.generation, 1);
    Atomics.notify(this.#board, control.generation);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
