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

/**
 * Exchange W for U diag(σ) Vᵀ with its singular values next to 1; over long sequences tanh must go too.
 * @param activation φ where the gradient shrinks; leave it out where it grows, since tanh then helps.
 * `words` is what to say about φ: a sentence with a space before it, or nothing.
 */
export function spectralCell(
  length: number,
  activation?: Experiment["model"]["activation"],
): { edits: Edit[]; radius: number; words: string } {
  const radius = radiusFor(length);
  const edits = [edit("model.cell", "spectral"), edit("model.radius", radius)];
  if (activation !== "tanh" || length < tooLongForTanh) return { edits, radius, words: "" };
  return {
    edits: [...edits, edit("model.activation", "leakyRelu")],
    radius,
    words: ` Over ${length} timesteps the slope of tanh, below 1, would lose the gradient all the same: use leakyRelu.`,
  };
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
