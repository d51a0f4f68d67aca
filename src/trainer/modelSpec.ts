/** From an experiment's `model` and the task's sizes to the model that an engine builds. */
import type { ModelSpec, OptimizerSettings } from "../engine/engine.ts";
import { parameterShapes } from "../engine/parameters.ts";
import type { ModelSettings, TrainingSettings } from "../experiment/schema.ts";
import type { Task } from "../tasks/task.ts";

/** Reflectors of U and V when the experiment names none: at most this many. */
const defaultReflectors = 16;

/** The model of an experiment on a task. */
export function modelSpecOf(
  model: ModelSettings,
  task: Pick<Task, "inputSize" | "outputSize" | "head" | "vocabulary">,
): ModelSpec {
  const { cell, net, hidden, layers, activation, radius, center, embedding } = model;
  const reflectors = model.reflectors ?? Math.min(hidden, defaultReflectors);
  return {
    cell,
    ...(net === "recurrent" ? {} : { net }),
    inputSize: task.inputSize,
    ...(task.vocabulary === undefined ? {} : { vocabulary: task.vocabulary }),
    ...(embedding === undefined ? {} : { embedding }),
    hidden,
    layers,
    activation,
    outputSize: task.outputSize,
    head: task.head,
    reflectors: typeof reflectors === "number" ? [reflectors, reflectors] : reflectors,
    radius,
    center,
  };
}

/** The optimizer's part of an experiment's `training`. */
export function optimizerOf(training: TrainingSettings): OptimizerSettings {
  const { optimizer, momentum, weightDecay, clipNorm, sampledSoftmax } = training;
  return {
    optimizer,
    momentum,
    weightDecay,
    clipNorm,
    ...(sampledSoftmax === undefined ? {} : { sampledSoftmax }),
  };
}

/**
 * Names of every parameter that a run of this model can have: a live switch exchanges W for u, v and p, or these
 * for W.
 */
export function parameterNamesOfRun(spec: ModelSpec): string[] {
  const cells =
    spec.cell === "lstm" || spec.cell === "gru" ? [spec.cell] : ([spec.cell, "rnn", "spectral"] as const);
  const names = new Set<string>();
  for (const cell of cells) for (const { name } of parameterShapes({ ...spec, cell })) names.add(name);
  return [...names];
}
