/** What a task is: where sequences come from, and how well a model that learns nothing would do. */
import type { TaskSettings } from "../experiment/schema.ts";

/** Sequences in memory: `size` of them, `length` timesteps, `inputSize` values each. */
export interface Sequences {
  readonly size: number;
  readonly length: number;
  /** [size, length, inputSize]. */
  readonly inputs: Float32Array;
  /** classifyLast: Int32Array [size]; regressLast: Float32Array [size, outputSize]; classifyEach: Int32Array [size, length]. */
  readonly targets: Int32Array | Float32Array;
}

export interface Task {
  readonly kind: TaskSettings["kind"];
  /** T. */
  readonly length: number;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly head: "classifyLast" | "regressLast" | "classifyEach";
  /** What the metric is called: "accuracy" (0 … 1, higher is better) or "mean squared error" (lower is better). */
  readonly metricName: "accuracy" | "mean squared error";
  /** The loss and metric of the best model that ignores its memory, with the reason in words. */
  readonly baseline: { readonly loss: number; readonly metric: number; readonly reason: string };
  /** Size of the training set; undefined when sequences are generated without end. */
  readonly trainSize: number | undefined;
  /**
   * The batch of a training step: a pure function of (seed, step, size), so that a resumed run sees the same data.
   * A finite training set is visited in a new order each epoch; a batch may span two epochs.
   */
  trainBatch(step: number, size: number): Sequences;
  /** The fixed test set. */
  readonly test: Sequences;
}
