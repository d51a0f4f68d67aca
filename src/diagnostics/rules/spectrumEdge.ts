/** Singular values of a spectral cell press against the edge of their band: the radius is too small. */
import type { Finding } from "../finding.ts";
import type { Spectrum } from "../history.ts";
import { hasOwnBand } from "../ownBand.ts";
import { edit } from "../remedies.ts";
import { isSettled, type Rule, type RuleInput, severityByProgress } from "../rule.ts";
import { band, inLayer, number, range } from "../words.ts";

export const spectrumEdge: Rule = { name: "spectrum-edge", check };

/** The largest radius that the rule proposes: singular values from 0 to 2. */
const largestRadius = 1;

function check(input: RuleInput): Finding | undefined {
  const { run, model, history, thresholds, active, found } = input;
  if (model.cell !== "spectral" || !isSettled(input)) return undefined;
  // A band in which the gradient already explodes is not too narrow.
  if (found.has("exploding-gradient")) return undefined;
  const severity = severityByProgress(input);
  if (!severity) return undefined;

  const { center, radius } = model;
  const distance = thresholds.edgeDistance * radius;
  // Telemetry holds singular values, so ≥ 0; with a band around 0 they are distances from it already.
  const upper = (sigma: number) => sigma - center >= distance;
  const lower = (sigma: number) => center - sigma >= distance;
  let worst: { spectrum: Spectrum; above: number; below: number } | undefined;
  for (const spectrum of history.spectra.values()) {
    if (hasOwnBand(run.experiment.model, spectrum.transition)) continue;
    const above = spectrum.values.filter(upper).length;
    const below = spectrum.values.filter(lower).length;
    const share = (above + below) / spectrum.values.length;
    if (!worst || share > (worst.above + worst.below) / worst.spectrum.values.length)
      worst = { spectrum, above, below };
  }
  if (!worst) return undefined;
  const { layer, values, step } = worst.spectrum;
  const pressed = worst.above + worst.below;
  // A single value is always allowed, or a tiny network would be reported for one.
  if (pressed < 2 && values.length > 1) return undefined;
  const limit = active ? thresholds.edgeShareClear : thresholds.edgeShareRaise;
  if (pressed < limit * values.length) return undefined;

  const wider = Math.min(largestRadius, Number((2 * radius).toPrecision(2)));
  const layers = history.recent.at(-1)!.layers.length;
  return {
    rule: "spectrum-edge",
    severity,
    title: `${pressed} of ${values.length} singular values${inLayer(layer, layers)} press against the edge of their band`,
    evidence:
      `σ runs ${range(values.at(-1)!, values[0]!)} in the band ${band(center, radius)}; ` +
      `${worst.above} of ${values.length} stand at its upper edge and ${worst.below} at its lower one, ` +
      `where a step hardly moves them any more.`,
    sinceStep: active?.sinceStep ?? step,
    timestep: null,
    layer,
    property: ["model", "radius"],
    remedy:
      wider > radius
        ? {
            text: `Give the singular values room: model.radius ${number(wider)} in place of ${number(radius)}. Over ${run.length} timesteps a σ at the new upper edge stretches by up to ${number((center + wider) ** run.length)}, so watch for an exploding gradient.`,
            edits: [edit("model.radius", wider)],
          }
        : {
            text: "The band is as wide as it can usefully be: the problem wants a free W (cell rnn) or gates (lstm, gru).",
            edits: [edit("model.cell", "lstm")],
          },
  };
}
