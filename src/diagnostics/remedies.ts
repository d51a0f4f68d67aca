/** What to change in the experiment file, by cell. */
import type { Experiment } from "../experiment/schema.ts";
import type { Edit, Finding } from "./finding.ts";
import type { DiagnosticRun } from "./rule.ts";
import { number } from "./words.ts";

export type Remedy = Finding["remedy"];

export function edit(path: string, value: Edit["value"]): Edit {
  return { path: path.split("."), value };
}

/** One significant digit, so that a proposed value looks like one that a person would choose. */
export function rounded(value: number): number {
  return Number(value.toPrecision(1));
}

const radii = [0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
/** Largest growth over the sequence that a proposed band allows, were every σ at its edge all the time. */
const growthLimit = 5e4;

/** A radius that suits sequences of T timesteps: the widest usual one with (1 + r)^T ≤ 50,000. */
export function radiusFor(length: number): number {
  return radii.find((radius) => length * Math.log1p(radius) <= Math.log(growthLimit)) ?? radii.at(-1)!;
}

/**
 * A spectral cell with tanh starts with a half-life of some 10 timesteps, whatever its radius: the slope of tanh is
 * below 1. From this length on too little is left, and the adding problem was seen to stay unsolved.
 */
const tooLongForTanh = 100;

/** Starts that suit a W that is free; a spectral cell begins with the orthogonal matrix next to them. */
const startsOfFreeMatrices: readonly Experiment["model"]["initialization"][] = [
  "uniform",
  "glorot",
  "henaff",
];

/**
 * Exchange W for U diag(σ) Vᵀ with its singular values next to 1; over long sequences tanh must go too, and with it a
 * start at which the units pull against each other: a leaky ReLU then cuts what reaches them in half at every timestep.
 *
 * @param model where the gradient shrinks; leave it out where it grows, since tanh then helps.
 * `words` is what to say about φ and the start: sentences with a space before them, or nothing.
 */
export function spectralCell(
  length: number,
  model?: Pick<Experiment["model"], "activation" | "initialization">,
): { edits: Edit[]; radius: number; words: string } {
  const radius = radiusFor(length);
  const edits = [edit("model.cell", "spectral"), edit("model.radius", radius)];
  if (model === undefined || length < tooLongForTanh) return { edits, radius, words: "" };
  let words = "";
  if (model.activation === "tanh") {
    edits.push(edit("model.activation", "leakyRelu"));
    words += ` Over ${length} timesteps the slope of tanh, below 1, would lose the gradient all the same: use leakyRelu.`;
  }
  if (startsOfFreeMatrices.includes(model.initialization)) {
    edits.push(edit("model.initialization", "identity"));
    words += ` Start at the identity, where no unit cancels another; "${model.initialization}" is for a W that is free.`;
  }
  return { edits, radius, words };
}

/** Lower the learning rate by a factor; says from what to what. */
export function lowerLearningRate(experiment: Experiment, factor: number): { edit: Edit; words: string } {
  const from = experiment.training.learningRate;
  const to = rounded(from / factor);
  return {
    edit: edit("training.learningRate", to),
    words: `lower training.learningRate from ${number(from)} to ${number(to)}`,
  };
}

/** Clip the gradient: at 1, or at a third of what it is clipped to now. */
export function clip(experiment: Experiment): { edit: Edit; words: string } {
  const { clipNorm } = experiment.training;
  const to = clipNorm === undefined ? 1 : rounded(clipNorm / 3);
  return {
    edit: edit("training.clipNorm", to),
    words:
      clipNorm === undefined
        ? "clip the gradient's norm to 1 (training.clipNorm)"
        : `clip harder: training.clipNorm ${number(to)} in place of ${number(clipNorm)}`,
  };
}

/** Train twice as long, in whichever unit the experiment uses. */
export function longer(run: DiagnosticRun): { edit: Edit; words: string } {
  const epochs = run.epochs ?? run.experiment.training.epochs;
  return epochs === undefined
    ? {
        edit: edit("training.steps", 2 * run.steps),
        words: `train longer (training.steps ${2 * run.steps})`,
      }
    : { edit: edit("training.epochs", 2 * epochs), words: `train longer (training.epochs ${2 * epochs})` };
}

/** A sentence from a clause. */
export function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}
