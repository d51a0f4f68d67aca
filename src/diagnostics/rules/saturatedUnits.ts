/** Most units are saturated (tanh) or dead (ReLU) at most timesteps, and pass no gradient on. */
import type { Finding } from "../finding.ts";
import { edit, lowerLearningRate, type Remedy } from "../remedies.ts";
import { isSettled, type Rule, type RuleInput, severityByProgress } from "../rule.ts";
import type { Thresholds } from "../thresholds.ts";
import { inLayer, percent } from "../words.ts";

export const saturatedUnits: Rule = { name: "saturated-units", check };

function check(input: RuleInput): Finding | undefined {
  const { run, model, history, thresholds, active } = input;
  const limit = limitFor(input, thresholds);
  if (limit === undefined || !isSettled(input)) return undefined;
  const severity = severityByProgress(input);
  if (!severity) return undefined;

  const newest = history.recent.at(-1)!;
  let layer = 0;
  let share = 0;
  for (let i = 0; i < newest.layers.length; i++) {
    const layerShare = history.layerMedian(i, (digest) => digest.saturation);
    if (layerShare > share) [layer, share] = [i, layerShare];
  }
  if (share < limit * (active ? thresholds.saturationClear : 1)) return undefined;

  const gated = model.cell === "lstm" || model.cell === "gru";
  const rectified = !gated && run.experiment.model.activation !== "tanh";
  const peak = newest.layers[layer]!.peakSaturation;
  const state = rectified
    ? run.experiment.model.activation === "relu"
      ? "dead (output 0, slope 0)"
      : "below 0 (slope 0.01)"
    : model.cell === "lstm"
      ? "saturated (tanh of the cell beyond ±0.975)"
      : model.cell === "gru"
        ? "saturated (candidate beyond ±0.975)"
        : "saturated (beyond ±0.975, slope under 0.05)";
  return {
    rule: "saturated-units",
    severity,
    title: `${percent(share)} of the units${inLayer(layer, newest.layers.length)} are ${rectified ? "dead" : "saturated"}`,
    evidence: `On average over the ${run.length} timesteps, ${percent(share)} of the units are ${state}; at timestep ${peak.timestep} it is ${percent(peak.share)}.`,
    sinceStep: active?.sinceStep ?? history.since((row) => (row.layers[layer]?.saturation ?? 0) >= limit),
    timestep: peak.timestep,
    layer,
    property: gated ? ["training", "learningRate"] : ["model", "activation"],
    remedy: remedy(input, rectified),
  };
}

/** The share from which on units count as too many; undefined for φ that cannot saturate. */
function limitFor({ run, model }: RuleInput, thresholds: Thresholds): number | undefined {
  if (model.cell === "lstm" || model.cell === "gru") return thresholds.saturatedGated;
  const { activation } = run.experiment.model;
  if (activation === "identity") return undefined;
  if (activation === "tanh") return thresholds.saturatedTanh;
  return activation === "relu" ? thresholds.deadRelu : thresholds.lowLeakyRelu;
}

function remedy({ run, model }: RuleInput, rectified: boolean): Remedy {
  const { experiment } = run;
  const slower = lowerLearningRate(experiment, 3);
  if (rectified && experiment.model.activation === "relu")
    return {
      text: `Dead units do not come back: a leaky ReLU keeps a slope for them. A step that was too large often kills them, so also ${slower.words}.`,
      edits: [edit("model.activation", "leakyRelu"), slower.edit],
    };
  if (rectified)
    return {
      text: "Few units carry the signal at full slope: tanh is steep on both sides of 0.",
      edits: [edit("model.activation", "tanh")],
    };
  if (experiment.task.kind === "csv" && !experiment.task.normalize)
    return {
      text: "Large inputs drive tanh into its flat parts: scale them to mean 0 and variance 1.",
      edits: [edit("task.normalize", true)],
    };
  if (model.cell === "lstm" || model.cell === "gru")
    return {
      text: `Steps that are too large drive units to their limits: ${slower.words}.`,
      edits: [slower.edit],
    };
  return {
    text: `Steps that are too large drive tanh into its flat parts: ${slower.words}. A leaky ReLU (model.activation) has no flat part on the side of large values.`,
    edits: [slower.edit],
  };
}
