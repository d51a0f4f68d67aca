/** What happens at which step: how many steps there are, the learning rate, evaluations and checkpoints. */
import type { TrainingSettings } from "../experiment/schema.ts";
import type { Task } from "../tasks/task.ts";

export interface Schedule {
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps between evaluations on the test set. */
  readonly evaluateEvery: number;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
}

const defaultSteps = 1000;

/**
 * The schedule of a run.
 *
 * @throws Error when both `steps` and `epochs` are given, or `epochs` for a task without a finite training set.
 */
export function scheduleOf(training: TrainingSettings, task: Pick<Task, "kind" | "trainSize">): Schedule {
  const steps = stepsOf(training, task);
  const tenth = Math.max(1, Math.round(steps / 10));
  return {
    steps,
    evaluateEvery: training.evaluateEvery ?? tenth,
    checkpointEvery: training.checkpointEvery ?? tenth,
  };
}

function stepsOf(training: TrainingSettings, task: Pick<Task, "kind" | "trainSize">): number {
  const { steps, epochs, batch } = training;
  if (steps !== undefined && epochs !== undefined)
    throw new Error(`training.steps (${steps}) and training.epochs (${epochs}) are both given; give one`);
  if (epochs === undefined) return steps ?? defaultSteps;
  if (task.trainSize === undefined)
    throw new Error(
      `training.epochs is ${epochs}, but the task "${task.kind}" makes sequences without end; give training.steps`,
    );
  return Math.max(1, Math.ceil((epochs * task.trainSize) / batch));
}

/**
 * The learning rate of a step.
 *
 * @param finished steps finished before it (0 for the first).
 */
export function learningRateAt(training: TrainingSettings, finished: number): number {
  return training.learningRate * training.learningRateDecay ** (finished / training.decaySteps);
}

/** Whether something done every so many steps, and at the last, is due once `step` steps are finished. */
export function isDue(step: number, every: number, steps: number): boolean {
  return step % every === 0 || step === steps;
}
