/** Tells readers once a second that the trainer lives, whatever it waits for. */
import type { RunLock } from "../runs/runLock.ts";
import type { RunStatus } from "./runStatus.ts";

const timerMilliseconds = 200;

export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #failure: { readonly error: unknown } | undefined;

  /** Beats until `stop`. */
  constructor(status: RunStatus, lock: RunLock) {
    this.#timer = setInterval(() => {
      try {
        if (status.beat()) lock.renew();
      } catch (error) {
        this.#failure ??= { error };
      }
    }, timerMilliseconds);
  }

  /** @throws what went wrong with a beat since the start. */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
