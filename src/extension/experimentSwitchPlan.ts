/** What a switch of parameterization does to an experiment that is yet to be trained, in words. Knows nothing of VS Code. */
import { band, number } from "../diagnostics/words.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Parameterization } from "./switchPlan.ts";

export interface ExperimentSwitchPlan {
  /** What is to be asked first, because the start of the training changes; undefined where nothing is lost. */
  readonly question: string | undefined;
  /** What has been done, in a sentence or two. */
  readonly done: string;
}

/**
 * About the largest singular value of a large n × n matrix of independent entries of variance v is 2 √(v n); the
 * smallest is next to 0. Entries of uniform have the variance 1/(3n), those of glorot 1/n.
 */
const spreadStarts: Partial<Record<Experiment["model"]["initialization"], number>> = {
  uniform: 2 / Math.sqrt(3),
  glorot: 2,
};

/** @param model of the experiment before the switch. @param isGiven whether the file itself sets a property of `model`. */
export function experimentSwitchPlan(
  model: Experiment["model"],
  isGiven: (name: string) => boolean,
  to: Parameterization,
): ExperimentSwitchPlan {
  const { center, radius, initialization } = model;
  if (to === "spectral") {
    const held = `every singular value stays inside ${band(center, radius)}`;
    const done = `W = U diag(σ) Vᵀ from now on: ${held}.`;
    const largest = model.cell === "rnn" ? spreadStarts[initialization] : undefined;
    if (largest === undefined) return { question: undefined, done };
    return {
      question:
        `"${initialization}" starts W with singular values from near 0 to about ${number(largest)}. ` +
        `A spectral cell starts with the orthogonal matrix nearest to it, all of whose singular values are moved to ${number(center)}; then ${held}.`,
      done,
    };
  }
  const idle = ["reflectors", "radius", "center"].filter(isGiven);
  const left =
    idle.length === 0
      ? ""
      : ` ${idle.join(" and ")} ${idle.length === 1 ? "has" : "have"} no effect until it is switched back.`;
  return {
    question: undefined,
    done: `W is trained itself from now on; nothing holds its singular values.${left}`,
  };
}
