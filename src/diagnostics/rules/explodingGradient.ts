/** The gradient grows without bound going back in time, or its norm leaps from step to step. */

import type { RowDigest } from "../digest.ts";
import type { Finding } from "../finding.ts";
import { clip, edit, lowerLearningRate, type Remedy, rounded, spectralCell } from "../remedies.ts";
import { isUnderWay, progress, type Rule, type RuleInput, severityByProgress } from "../rule.ts";
import { halfLifeInWords, inLayer, number, range } from "../words.ts";

export const explodingGradient: Rule = { name: "exploding-gradient", check };

/** Two ways to explode: along the sequence, which the profile shows, and from step to step, which the norm shows. */
function check(input: RuleInput): Finding | undefined {
  if (!isUnderWay(input)) return undefined;
  const strict = alongSequence(input, false) ?? fromStepToStep(input, false);
  // What was raised clears only below lower limits, so that it does not flicker.
  return strict ?? (input.active ? (alongSequence(input, true) ?? fromStepToStep(input, true)) : undefined);
}

function alongSequence(input: RuleInput, loose: boolean): Finding | undefined {
  const { run, history, thresholds, active } = input;
  const layers = history.recent.at(-1)!.layers.length;
  let layer = 0;
  let growth = 0;
  for (let i = 0; i < layers; i++) {
    const layerGrowth = history.layerMedian(i, (digest) => digest.growth);
    if (layerGrowth > growth) [layer, growth] = [i, layerGrowth];
  }
  const limit = loose ? thresholds.growthClear : thresholds.growthRaise;
  const learns = severityByProgress(input);
  if (!(growth >= limit) || !learns) return undefined;
  const halfLife = history.layerMedian(layer, (digest) => digest.halfLife);
  const spectrum = history.spectra.get(`${layer} W`);
  const sigma = spectrum ? ` σ of W runs ${range(spectrum.values.at(-1)!, spectrum.values[0]!)}.` : "";
  const speed =
    halfLife < 0
      ? `Going back in time, ∂L/∂h ${halfLifeInWords(halfLife, run.length)}; it`
      : "Going back in time, ∂L/∂h";
  return {
    rule: "exploding-gradient",
    severity: learns === "warning" && growth >= thresholds.growthError ? "error" : learns,
    title: `The gradient explodes${inLayer(layer, layers)}: it grows ${number(growth)} times going back over ${run.length} timesteps`,
    evidence: `${speed} reaches ${number(growth)} times its size at the last timestep.${sigma}${clipped(input)}`,
    sinceStep: active?.sinceStep ?? history.since((row) => (row.layers[layer]?.growth ?? 0) >= limit),
    timestep: 1,
    layer,
    property: ["model", "cell"],
    remedy: remedyAlong(input),
  };
}

function fromStepToStep(input: RuleInput, loose: boolean): Finding | undefined {
  const { run, history, thresholds, active } = input;
  const typical = history.median((row) => row.gradientNorm);
  const { startNorm } = history;
  const isSpike = (row: RowDigest) =>
    row.gradientNorm >= thresholds.spikeOverMedian * typical &&
    row.gradientNorm >= thresholds.spikeOverStart * startNorm;
  const spikes = history.recent.filter(isSpike);
  const largest = Math.max(...history.recent.map((row) => row.gradientNorm));
  const learnsNot = progress(input) < thresholds.learning;
  const blownUp = learnsNot && startNorm > 0 && typical >= thresholds.normOverStart * startNorm;
  // Once raised, one spike in the window keeps it up.
  const leaps = spikes.length >= (loose ? 1 : thresholds.spikes);
  if (!blownUp && !leaps) return undefined;
  const { clipNorm } = run.experiment.training;
  return {
    rule: "exploding-gradient",
    // Clipping is the cure for single spikes, so with it they are only information.
    severity: blownUp || (clipNorm === undefined && learnsNot) ? "warning" : "information",
    title: blownUp
      ? `The gradient explodes: its norm is ${number(typical / startNorm)} times that of the first steps`
      : `The gradient explodes now and then: ${number(largest / typical)} times its usual norm`,
    evidence: blownUp
      ? `The gradient's norm was ${number(startNorm)} in the first steps and is ${number(typical)} now, and the loss has not fallen for it.${clipped(input)}`
      : `In the last ${history.recent.length} recorded steps its norm was ${number(typical)} as a rule, and up to ${number(largest)} in ${spikes.length} of them.${clipped(input)}`,
    sinceStep:
      active?.sinceStep ??
      (blownUp
        ? history.since((row) => row.gradientNorm >= thresholds.normOverStart * startNorm)
        : spikes[0]!.step),
    timestep: null,
    layer: null,
    property: clipNorm === undefined ? ["training"] : ["training", "clipNorm"],
    remedy: remedyAcross(input),
  };
}

function clipped({ run }: RuleInput): string {
  const { clipNorm } = run.experiment.training;
  return clipNorm === undefined ? "" : ` Steps are clipped to a norm of ${number(clipNorm)}.`;
}

function remedyAlong(input: RuleInput): Remedy {
  const { run, model } = input;
  const { experiment } = run;
  const { edits, radius } = spectralCell(run.length);
  const clipping = clip(experiment);
  switch (model.cell) {
    case "rnn":
      return {
        text: `Use a spectral cell: it keeps every singular value of W inside 1 ± ${radius}. Clipping (training.clipNorm) only keeps the steps small; the direction is still that of the earliest timesteps.`,
        edits,
      };
    case "spectral": {
      if (experiment.model.net === "resnet" && model.center > 0)
        return {
          text: `Each block adds φ(W h) to h, and with σ around ${number(model.center)} adds about as much as it passes on, so that the gradient can double in every block: centre the band on 0, where a block stays near the identity.`,
          edits: [edit("model.center", 0)],
        };
      const narrower = Math.min(radius, rounded(model.radius / 2));
      return {
        text: `The band of singular values is too wide for ${run.length} timesteps: (${number(model.center)} + ${number(model.radius)})^${run.length} is ${number((model.center + model.radius) ** run.length)}. Make the radius ${narrower}${model.center > 1 ? " and centre the band on 1" : ""}.`,
        edits: [edit("model.radius", narrower), ...(model.center > 1 ? [edit("model.center", 1)] : [])],
      };
    }
    default:
      return { text: `${upper(clipping.words)}, the usual cure for this cell.`, edits: [clipping.edit] };
  }
}

function remedyAcross({ run, model }: RuleInput): Remedy {
  const clipping = clip(run.experiment);
  if (run.experiment.training.clipNorm === undefined)
    return {
      text: `${upper(clipping.words)}, so that one cliff cannot throw the parameters away${model.cell === "rnn" ? "; a spectral cell removes the cliffs themselves" : ""}.`,
      edits: [clipping.edit],
    };
  const slower = lowerLearningRate(run.experiment, 3);
  return { text: `Steps are clipped already; ${slower.words}.`, edits: [slower.edit] };
}

function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
