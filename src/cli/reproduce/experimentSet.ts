/** What a named set of experiments is: rows of one table of results. */
import type { ExperimentInput } from "../../experiment/schema.ts";

/** What the experiments of a set depend on. */
export interface SetContext {
  /** Small enough to see the same order of the models in minutes. */
  readonly quick: boolean;
  /** Absolute; holds `mnist`, `ucr`, `brown` … */
  readonly dataFolder: string;
}

/** What a run takes, as far as its time depends on it; known before the trainer has loaded any data. */
export interface Workload {
  /** Timesteps T. */
  readonly length: number;
  /** Numbers at each timestep, which the input's product takes; default few. */
  readonly inputs?: number;
  /** Outputs at each timestep; absent where there is an output at the last one only. */
  readonly outputsEach?: number;
  /** Training sequences; turns epochs into steps. */
  readonly trainSize?: number;
}

export interface SetExperiment {
  /** Unlike all others of its set, whatever the context. */
  readonly name: string;
  /** What the table calls the model. */
  readonly model: string;
  /** The data set, where a set has several; then a column of the table. */
  readonly data?: string;
  readonly input: ExperimentInput;
  readonly work: Workload;
}

/** When a run counts as having learnt its task. */
export interface Solved {
  /** For the heading, such as `MSE < 0.01`. */
  readonly condition: string;
  holds(testMetric: number, length: number): boolean;
}

export interface ExperimentSet {
  readonly name: string;
  /** Sets that go by one name together. */
  readonly family: string;
  /** One sentence. */
  readonly description: string;
  /** Folders in the data folder, any one of which will do; none where the data are generated. */
  readonly needs: readonly string[];
  readonly solved?: Solved;
  /** What the reader of the table should know. */
  readonly remark?: string;
  /** What gradients travel back through. */
  readonly unit: "timesteps" | "layers";
  /** @throws DataMissing where the data are not there. */
  experiments(context: SetContext): Promise<readonly SetExperiment[]>;
}

/** Data that a set needs are not there. */
export class DataMissing extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DataMissing";
  }
}
