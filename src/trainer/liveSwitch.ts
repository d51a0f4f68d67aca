/** Switching the parameterization of a model in the middle of its training, without changing what it computes. */
import type { Batch, Engine, Model, OptimizerSettings, TensorMap } from "../engine/engine.ts";
import {
  SwitchError,
  type SwitchOptions,
  type SwitchReport,
  switchParameterization,
} from "../engine/switchParameterization.ts";
import { carriedState } from "./carriedState.ts";

/** Sequences of the test set that outputs before and after are compared on. */
export const comparedSequences = 64;

/** Largest change of an output, relative to the largest output, that passes for the same function. */
export const sameFunction = 1e-4;

export interface SwitchedModel {
  readonly model: Model;
  readonly report: SwitchReport;
  /** Largest change of an output on the batch, relative to the largest output. */
  readonly functionChange: number;
}

/** Newest batches of the training that the optimizer's state of the new parameters is measured on. */
export const measuredBatches = 32;

/**
 * Makes a model in another parameterization with the same function. The optimizer's state of parameters that pass
 * through (M, b, the head) goes along; that of the new ones is carried over (carriedState.ts).
 *
 * @param model stays as it is; the caller disposes of it.
 * @param batch what outputs are compared on.
 * @param recent of the training, newest last; none: the optimizer begins anew for the new parameters.
 * @throws SwitchError when the switch is impossible, or would change the function and `options.clip` is not set.
 */
export function switchModel(
  engine: Engine,
  model: Model,
  optimizer: OptimizerSettings,
  to: "spectral" | "rnn",
  options: SwitchOptions,
  batch: Batch,
  recent: readonly Batch[] = [],
): SwitchedModel {
  const before = model.getParameters();
  const { spec, parameters, report } = switchParameterization(model.spec, before, to, options);
  const state = keptState(model.getOptimizerState(), before, parameters);
  const switched = engine.createModel(spec, optimizer, parameters, state);
  const functionChange = relativeChange(model.predict(batch), switched.predict(batch));
  if (!options.clip && !(functionChange < sameFunction)) {
    switched.dispose();
    throw new SwitchError(
      Number.isNaN(functionChange)
        ? `cannot tell whether a switch to ${to} would change the model: its outputs are not finite`
        : `cannot switch to ${to} without changing the model: its outputs would change by ` +
            `${functionChange.toPrecision(3)} of the largest, more than ${sameFunction} allows`,
      report,
    );
  }
  const carried = carriedState(model, switched, state, recent);
  if (carried === state) return { model: switched, report, functionChange };
  switched.dispose();
  return { model: engine.createModel(spec, optimizer, parameters, carried), report, functionChange };
}

/** Optimizer state by `m.`, `v.` or `t.` and a parameter's name; kept where the parameter's tensor is untouched. */
export function keptState(state: TensorMap, before: TensorMap, after: TensorMap): TensorMap {
  return new Map(
    [...state].filter(([name]) => {
      const parameter = name.slice(name.indexOf(".") + 1);
      return after.get(parameter) === before.get(parameter);
    }),
  );
}

/**
 * Largest difference, relative to the largest value of `before`; 0 for equal values, all zeros included; NaN where any
 * value has no difference to the one before.
 */
function relativeChange(before: Float32Array, after: Float32Array): number {
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < before.length; i++) {
    const change = Math.abs(after[i]! - before[i]!);
    // Every comparison with it is false: the next difference would take its place.
    if (Number.isNaN(change)) return Number.NaN;
    difference = Math.max(difference, change);
    largest = Math.max(largest, Math.abs(before[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}
