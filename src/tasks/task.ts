/** What a task is: where sequences come from, and how well a model that learns nothing would do. */
import type { TaskSettings } from "../experiment/schema.ts";

export type MetricName = "accuracy" | "mean squared error" | "bits per character" | "perplexity";

/** Sequences in memory: `size` of them, `length` timesteps, `inputSize` values each. */
export interface Sequences {
  readonly size: number;
  readonly length: number;
  /** [size, length, inputSize]. */
  readonly inputs: Float32Array;
  /** classifyLast: Int32Array [size]; regressLast: Float32Array [size, outputSize]; classifyEach: Int32Array [size, length]. */
  readonly targets: Int32Array | Float32Array;
  /**
   * Of a task that carries state: sequence i goes on where sequence i of the batch before ended, so that it starts
   * from the state that this one left. Absent or false: it starts from zero.
   */
  readonly continues?: boolean;
}

export interface Task {
  readonly kind: TaskSettings["kind"];
  /** T. */
  readonly length: number;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly head: "classifyLast" | "regressLast" | "classifyEach";
  /**
   * Size V of the vocabulary where inputs are symbols: `inputSize` is then 1, and each input is the whole number of a
   * symbol, 0 … V − 1. Absent: inputs are numbers.
   */
  readonly vocabulary?: number;
  /** What the metric is called: "accuracy" (0 … 1, higher is better); of the others lower is better. */
  readonly metricName: MetricName;
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
  /**
   * Of a task that carries state: `test` holds the windows of `testStreams` parallel streams, the first window of
   * every stream, then the second of every stream, and so on. Absent: sequences stand for themselves.
   */
  readonly testStreams?: number;
}
