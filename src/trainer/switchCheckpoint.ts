/** Switching the parameterization of a saved model. */
import { resolve } from "node:path";
import { type SwitchOptions, switchParameterization } from "../engine/switchParameterization.ts";
import { readCheckpoint, writeCheckpoint } from "../runs/checkpoint.ts";
import { checkpointOf } from "./checkpoints.ts";
import { keptState } from "./liveSwitch.ts";

export interface SwitchAnswer {
  /** Absolute path of the checkpoint that was read. */
  readonly source: string;
  /** Absolute path of the one that was written. */
  readonly output: string;
  readonly step: number;
  readonly from: string;
  readonly to: string;
  readonly reflectors: readonly [number, number];
  readonly radius: number;
  readonly center: number;
  /** Smallest and largest singular value before. */
  readonly sigma: readonly [number, number];
  /** How far the farthest singular value was moved to fit the band. */
  readonly clipped: number;
  readonly clippedCount: number;
  /** Largest relative change of a transition matrix (Frobenius norm). */
  readonly representationError: number;
}

/**
 * Writes a checkpoint in another parameterization. The optimizer's state goes along for the parameters that pass
 * through.
 *
 * @param from a checkpoint, or a run directory: its newest checkpoint.
 * @param output any file but that checkpoint itself: the model as it was is worth keeping.
 * @throws Error when there is no checkpoint; SwitchError when the switch is impossible or would change the function.
 */
export function switchCheckpoint(
  from: string,
  to: "spectral" | "rnn",
  options: SwitchOptions,
  output: string,
): SwitchAnswer {
  const file = checkpointOf(from);
  const checkpoint = readCheckpoint(file);
  if (resolve(output) === file)
    throw new Error(`${file} would be replaced by its own switch; name another output`);
  const { spec, parameters, report } = switchParameterization(
    checkpoint.spec,
    checkpoint.parameters,
    to,
    options,
  );
  const optimizerState = keptState(checkpoint.optimizerState, checkpoint.parameters, parameters);
  writeCheckpoint(resolve(output), { ...checkpoint, spec, parameters, optimizerState });
  const { reflectors, radius, center } = spec;
  return {
    source: file,
    output: resolve(output),
    step: checkpoint.step,
    from: checkpoint.spec.cell,
    to,
    reflectors,
    radius,
    center,
    ...report,
  };
}
