/**
 * The singular values of a free W have spread far from the band that a spectral cell would keep them in, and the
 * gradient shows it.
 *
 * A wide spectrum alone is no illness: vanilla networks that work have one too. So a symptom must go with it.
 */
import type { Finding } from "../finding.ts";
import type { Spectrum } from "../history.ts";
import { clip, type Remedy, spectralCell } from "../remedies.ts";
import { isSettled, type Rule, type RuleInput, severityByProgress } from "../rule.ts";
import { inLayer, matrixName, number, range } from "../words.ts";

export const spectrumDrift: Rule = { name: "spectrum-drift", check };

interface Drift {
  readonly spectrum: Spectrum;
  /** Farthest distance of a singular value from the band's centre. */
  readonly distance: number;
}

function check(input: RuleInput): Finding | undefined {
  const { run, model, history, found, active } = input;
  const free = model.cell === "rnn" || model.cell === "lstm" || model.cell === "gru";
  if (!free || run.length < input.thresholds.shortestSequence || !isSettled(input)) return undefined;
  const bySymptom = severityByProgress(input);
  if (!bySymptom) return undefined;
  const drift = farthest(input);
  if (!drift) return undefined;

  const { layer, transition, values, step } = drift.spectrum;
  const { center, radius } = model;
  const outside = values.filter((sigma) => Math.abs(sigma - center) > radius).length;
  const [low, high] = [values.at(-1)!, values[0]!];
  const first = history.firstSpectra.get(`${layer} ${transition}`);
  const layers = history.recent.at(-1)!.layers.length;
  const reach = history.layerMedian(layer, (digest) => digest.reach);
  const growth = history.layerMedian(layer, (digest) => digest.growth);
  const grows = growth > input.thresholds.driftGrowth;
  const name = matrixName(transition);
  // The vanishing or exploding gradient is the illness; the spectrum of W is its cause. With gates in between it is
  // one cause of several.
  const causes = found.has("vanishing-gradient") || found.has("exploding-gradient");
  return {
    rule: "spectrum-drift",
    severity: bySymptom === "warning" && causes && model.cell === "rnn" ? "warning" : "information",
    title: `The singular values of ${name}${inLayer(layer, layers)} lie far from ${number(center)}: ${range(low, high)}`,
    evidence:
      `σ of ${name} runs ${range(low, high)}${first && step > 1 ? ` (when first measured: ${range(...first)})` : ""}; ` +
      `${outside} of ${values.length} lie outside ${number(center)} ± ${number(radius)}. ` +
      (grows
        ? `Going back, the gradient grows ${number(growth)} times.`
        : `${Math.round(reach)} of ${run.length} timesteps receive at least 1 % of the gradient at the last one.`),
    sinceStep: active?.sinceStep ?? step,
    timestep: null,
    layer,
    property: ["model", "cell"],
    remedy: remedy(input, grows),
  };
}

/** The matrix that strays farthest among those that stray far enough and whose layer shows a symptom. */
function farthest({ run, model, history, thresholds, active }: RuleInput): Drift | undefined {
  // Looser limits once raised.
  const reachLimit = (thresholds.driftReach + (active ? 0.1 : 0)) * run.length;
  const growthLimit = thresholds.driftGrowth / (active ? 3 : 1);
  let result: Drift | undefined;
  for (const spectrum of history.spectra.values()) {
    const { layer, values } = spectrum;
    const ill =
      history.layerMedian(layer, (digest) => digest.reach) < reachLimit ||
      history.layerMedian(layer, (digest) => digest.growth) > growthLimit;
    const far = values.filter((sigma) => Math.abs(sigma - model.center) >= thresholds.driftDistance).length;
    const wide = far >= thresholds.driftShare * values.length || values[0]! >= thresholds.driftLargest;
    if (!ill || !wide) continue;
    const distance = Math.max(Math.abs(values[0]! - model.center), Math.abs(values.at(-1)! - model.center));
    if (!result || distance > result.distance) result = { spectrum, distance };
  }
  return result;
}

function remedy({ run, model }: RuleInput, grows: boolean): Remedy {
  const { edits, radius } = spectralCell(run.length);
  if (model.cell !== "rnn" && grows) {
    const clipping = clip(run.experiment);
    return {
      text: `${clipping.words.charAt(0).toUpperCase()}${clipping.words.slice(1)}; a spectral cell of radius ${radius} would bound the spectrum itself.`,
      edits: [clipping.edit],
    };
  }
  return {
    text: `A spectral cell keeps every singular value inside 1 ± ${radius}.${model.cell === "rnn" ? " A running vanilla model can be switched to it (sigmascope switch RUN --to spectral)." : ""}`,
    edits,
  };
}
