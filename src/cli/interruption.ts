/** Ctrl-C: the first asks the trainer to stop, the second leaves at once. */
import { exitCodes } from "./exitCodes.ts";

export class Interruption {
  /** A person asked to stop. */
  requested = false;
  private onFirst: (() => void) | undefined;
  private onSecond: (() => void) | undefined;
  private readonly listener = () => this.signal();

  constructor() {
    process.on("SIGINT", this.listener);
    process.on("SIGTERM", this.listener);
  }

  /**
   * Says what to do on the first signal, and what before leaving on the second (such as giving the cursor back).
   * A signal that came before takes effect at once.
   */
  handle(first: () => void, second: () => void): void {
    this.onFirst = first;
    this.onSecond = second;
    if (this.requested) first();
  }

  /** Signals have their usual effect again. */
  dispose(): void {
    process.off("SIGINT", this.listener);
    process.off("SIGTERM", this.listener);
  }

  private signal(): void {
    if (this.requested) {
      this.onSecond?.();
      process.exit(exitCodes.interrupted);
    }
    this.requested = true;
    this.onFirst?.();
  }
}
