/** How the loop ends at a step that is not finite. */
import type { StepResult } from "../engine/engine.ts";
import type { NonFiniteOrigin } from "./nonFinite.ts";

/** A step whose loss or gradient is not finite; no parameter was changed by it. */
export class NonFiniteStep extends Error {
  readonly step: number;
  readonly result: StepResult;
  readonly origin: NonFiniteOrigin | undefined;

  constructor(step: number, result: StepResult, origin: NonFiniteOrigin | undefined) {
    const what = Number.isFinite(result.loss)
      ? `the gradient's norm became ${result.gradientNorm}`
      : `the loss became ${result.loss}`;
    super(`${what} at step ${step}${origin ? `, timestep ${origin.timestep} of the sequence` : ""}`);
    this.name = "NonFiniteStep";
    this.step = step;
    this.result = result;
    this.origin = origin;
  }
}
