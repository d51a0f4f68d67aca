/** Commands to a trainer: from `control.jsonl`, and from the operating system's signals. */
import type { ControlReader } from "../runs/control.ts";
import type { ControlCommand } from "../runs/run.ts";

/** Time between looks at the file: commands are honoured within 250 ms, between steps. */
export const pollMilliseconds = 80;

export class CommandQueue {
  readonly #reader: ControlReader;
  readonly #queue: ControlCommand[] = [];
  #polled = Number.NEGATIVE_INFINITY;
  #stopRequested = false;

  constructor(reader: ControlReader) {
    this.#reader = reader;
  }

  /** Stops the run as the command `stop` does, ahead of all commands that wait. */
  requestStop(): void {
    this.#stopRequested = true;
  }

  /** Whether a command waits. Looks at the file when the last look was long enough ago. */
  waiting(): boolean {
    if (this.#stopRequested) return true;
    const now = performance.now();
    if (now - this.#polled >= pollMilliseconds) {
      this.#polled = now;
      this.#queue.push(...this.#reader.poll());
    }
    return this.#queue.length > 0;
  }

  /** The oldest command that waits. */
  next(): ControlCommand | "signal" | undefined {
    if (!this.waiting()) return undefined;
    return this.#stopRequested ? "signal" : this.#queue.shift();
  }

  /** One sentence for each line that was no command. */
  takeProblems(): string[] {
    return this.#reader.takeProblems();
  }
}
