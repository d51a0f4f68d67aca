/** Time spent training, and the rate of steps. */

/** A clock that stands still while paused. */
export class TrainingClock {
  #before: number;
  #since: number | undefined;
  readonly #now: () => number;

  /**
   * Starts to run at once.
   * @param seconds of training in earlier processes of the same run.
   * @param now milliseconds that only grow.
   */
  constructor(seconds: number, now: () => number = () => performance.now()) {
    this.#before = seconds;
    this.#now = now;
    this.#since = now();
  }

  /** Seconds of training so far. */
  get seconds(): number {
    return this.#before + (this.#since === undefined ? 0 : (this.#now() - this.#since) / 1000);
  }

  stop(): void {
    this.#before = this.seconds;
    this.#since = undefined;
  }

  start(): void {
    this.#since ??= this.#now();
  }
}

/** Marks nearer to each other than this many seconds are thinned out. */
const spacing = 0.05;

/** Steps per second over the most recent few seconds of training. */
export class StepRate {
  readonly #marks: { step: number; seconds: number }[] = [];
  readonly #window: number;

  /** @param window seconds to average over. */
  constructor(window = 5) {
    this.#window = window;
  }

  /** Notes that `step` steps were finished after so many seconds of training. */
  mark(step: number, seconds: number): void {
    const marks = this.#marks;
    const before = marks.at(-2);
    if (before && seconds - before.seconds < spacing) marks.pop();
    marks.push({ step, seconds });
    // The oldest mark kept lies at or before the window's start, so that slow steps still span one interval.
    while (marks.length > 2 && marks[1]!.seconds <= seconds - this.#window) marks.shift();
  }

  /** null until two marks are apart in time. */
  get perSecond(): number | null {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (!first || !last || last.seconds <= first.seconds) return null;
    return (last.step - first.step) / (last.seconds - first.seconds);
  }
}
