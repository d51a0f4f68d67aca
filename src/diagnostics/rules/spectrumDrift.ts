/**
 * The singular values of a free W have spread far from the band that a spectral cell would keep them in, and the
 * gradient vanishes or explodes.
 *
 * A wide spectrum alone is no illness: vanilla networks that work have one too. This rule names a cause, so the
 * symptom must be there.
 */
import type { Finding } from "../finding.ts";
import type { Spectrum } from "../history.ts";
import { clip, type Remedy, spectralCell } from "../remedies.ts";
import type { Rule, RuleInput } from "../rule.ts";
import { inLayer, matrixName, number, range } from "../words.ts";

export const spectrumDrift: Rule = { name: "spectrum-drift", check };

function check(input: RuleInput): Finding | undefined {
  const { model, history, found, active } = input;
  const free = model.cell === "rnn" || model.cell === "lstm" || model.cell === "gru";
  const symptom = found.get("exploding-gradient") ?? found.get("vanishing-gradient");
  if (!free || !symptom) return undefined;
  const spectrum = farthest(input, symptom.layer);
  if (!spectrum) return undefined;

  const { layer, transition, values, step } = spectrum;
  const { center, radius } = model;
  const outside = values.filter((sigma) => Math.abs(sigma - center) > radius).length;
  const [low, high] = [values.at(-1)!, values[0]!];
  const first = history.firstSpectra.get(`${layer} ${transition}`);
  const layers = history.recent.at(-1)!.layers.length;
  const name = matrixName(transition);
  return {
    rule: "spectrum-drift",
    // With gates in between, W is one cause of several.
    severity: symptom.severity !== "information" && model.cell === "rnn" ? "warning" : "information",
    title: `The singular values of ${name}${inLayer(layer, layers)} lie far from ${number(center)}: ${range(low, high)}`,
    evidence:
      `σ of ${name} runs ${range(low, high)}${first && step > 1 ? ` (when first measured: ${range(...first)})` : ""}; ` +
      `${outside} of ${values.length} lie outside ${number(center)} ± ${number(radius)}.`,
    sinceStep: active?.sinceStep ?? step,
    timestep: null,
    layer,
    property: ["model", "cell"],
    remedy: remedy(input, symptom.rule === "exploding-gradient"),
  };
}

/** The matrix that strays farthest, of the layer with the symptom (null: of any), if it strays far enough. */
function farthest({ model, history, thresholds }: RuleInput, sick: number | null): Spectrum | undefined {
  let result: { spectrum: Spectrum; distance: number } | undefined;
  for (const spectrum of history.spectra.values()) {
    const { layer, values } = spectrum;
    const far = values.filter((sigma) => Math.abs(sigma - model.center) >= thresholds.driftDistance).length;
    const wide = far >= thresholds.driftShare * values.length || values[0]! >= thresholds.driftLargest;
    if (!wide || (sick !== null && layer !== sick)) continue;
    const distance = Math.max(Math.abs(values[0]! - model.center), Math.abs(values.at(-1)! - model.center));
    if (!result || distance > result.distance) result = { spectrum, distance };
  }
  return result?.spectrum;
}

function remedy({ run, model }: RuleInput, grows: boolean): Remedy {
  const { edits, radius, words } = spectralCell(run.length, grows ? undefined : run.experiment.model);
  if (model.cell !== "rnn" && grows) {
    const clipping = clip(run.experiment);
    return {
      text: `${clipping.words.charAt(0).toUpperCase()}${clipping.words.slice(1)}; a spectral cell of radius ${radius} would bound the spectrum itself.`,
      edits: [clipping.edit],
    };
  }
  return {
    text: `A spectral cell keeps every singular value inside 1 ± ${radius}.${model.cell === "rnn" ? " A running vanilla model can be switched to it (sigmascope switch RUN --to spectral)." : ""}${words}`,
    edits,
  };
}
