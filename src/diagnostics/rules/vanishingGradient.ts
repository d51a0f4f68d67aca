/** The gradient of the last timesteps does not arrive at the early ones. */
import type { Finding } from "../finding.ts";
import type { History } from "../history.ts";
import { edit, type Remedy, spectralCell } from "../remedies.ts";
import { isSettled, type Rule, type RuleInput, severityByProgress } from "../rule.ts";
import { halfLifeInWords, inLayer, number, percent, range } from "../words.ts";

export const vanishingGradient: Rule = { name: "vanishing-gradient", check };

function check(input: RuleInput): Finding | undefined {
  const { run, model, history, thresholds, active } = input;
  if (run.length < thresholds.shortestSequence || !isSettled(input)) return undefined;
  const severity = severityByProgress(input);
  if (!severity) return undefined;

  // Inputs enter at the bottom layer and every way back in time passes through it: what does not arrive there does
  // not arrive. A layer further up may well forget.
  const layer = 0;
  const layers = history.recent.at(-1)!.layers.length;
  const reach = history.layerMedian(layer, (digest) => digest.reach);
  const limit = (active ? thresholds.reachClear : thresholds.reachRaise) * run.length;
  if (!(reach < limit)) return undefined;

  const halfLife = history.layerMedian(layer, (digest) => digest.halfLife);
  return {
    rule: "vanishing-gradient",
    severity,
    title: `The gradient vanishes${inLayer(layer, layers)}: it reaches only ${Math.round(reach)} of ${run.length} timesteps`,
    evidence: evidence(history, layer, halfLife, reach, run.length, run.headIsPerStep),
    sinceStep: active?.sinceStep ?? history.since((row) => (row.layers[layer]?.reach ?? limit) < limit),
    // The latest timestep, counted back from T, that no longer receives it.
    timestep: Math.max(1, run.length - Math.round(reach)),
    layer,
    property: model.cell === "spectral" ? spectralProperty(input) : ["model", "cell"],
    remedy: remedy(input),
  };
}

function evidence(
  history: History,
  layer: number,
  halfLife: number,
  reach: number,
  length: number,
  headIsPerStep: boolean,
): string {
  const parts: string[] = [];
  if (halfLife > 0 && Number.isFinite(halfLife))
    parts.push(`going back in time, ∂L/∂h ${halfLifeInWords(halfLife, length)}`);
  parts.push(
    headIsPerStep
      ? `a gradient carried so falls below 1 % within ${Math.round(reach)} of ${length} timesteps`
      : `at least 1 % of the gradient at the last timestep reaches only ${Math.round(reach)} of ${length} timesteps`,
  );
  const spectrum = history.spectra.get(`${layer} W`);
  if (spectrum) parts.push(`σ of W runs ${range(spectrum.values.at(-1)!, spectrum.values[0]!)}`);
  const text = parts.join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** For a spectral cell W is not what shrinks the gradient, unless its band lies below 1. */
function spectralProperty({ model, run }: RuleInput): string[] {
  if (model.center < 1) return ["model", "center"];
  return run.experiment.model.activation === "tanh" ? ["model", "activation"] : ["model", "radius"];
}

function remedy(input: RuleInput): Remedy {
  const { model, run } = input;
  const { activation } = run.experiment.model;
  const { edits, radius, words } = spectralCell(run.length, run.experiment.model);
  const units = input.found.get("saturated-units");
  if (units)
    return { text: `The units pass no gradient on: ${units.remedy.text}`, edits: units.remedy.edits };
  switch (model.cell) {
    case "rnn":
      return {
        text: `Use a spectral cell: it keeps every singular value of W inside 1 ± ${radius}, so that W alone can no longer shrink the gradient.${words} Clipping does not help against vanishing.`,
        edits,
      };
    case "lstm":
    case "gru":
      return {
        text: `Its gates close and cut the gradient. Some runs open them later, so more steps may be enough; for memory over ${run.length} timesteps by construction use a spectral cell with radius ${radius}.${words}`,
        edits,
      };
    case "orthogonal":
      return {
        // Its σ may rise above 1 to make up for the slope of φ, whichever that is.
        text: `W is orthogonal and takes nothing away, so the slope of ${activation} does (φ′ < 1). A spectral cell of radius ${radius} lets singular values above 1 make up for it${activation === "identity" ? "" : "; a smoother φ such as identity or, for small states, tanh is the other way"}.`,
        edits: edits.slice(0, 2),
      };
    case "spectral":
      return spectralRemedy(input);
  }
}

function spectralRemedy(input: RuleInput): Remedy {
  const { model, run } = input;
  const { activation } = run.experiment.model;
  if (model.center < 1)
    return {
      text: `The band of singular values is centred on ${number(model.center)}, below 1, so W itself shrinks the gradient: centre it on 1.`,
      edits: [edit("model.center", 1)],
    };
  const room = Math.min(0.5, Number((2 * model.radius).toPrecision(2)));
  if (activation === "tanh")
    return {
      text: `W keeps the gradient nearly as it is, but the slope of tanh is at most 1 and shrinks it at every timestep. A leaky ReLU keeps its slope for large values; a larger radius${room > model.radius ? ` (${room})` : ""}, which lets singular values above 1 make up for the loss, is the other way.`,
      edits: [edit("model.activation", "leakyRelu")],
    };
  if (room > model.radius)
    return {
      text: `W keeps the gradient nearly as it is, but ${activation} passes ${activation === "relu" ? "nothing" : "little"} of it where units are below 0${belowZero(input)}. A larger radius (${room}) lets singular values above 1 make up for that.`,
      edits: [edit("model.radius", room)],
    };
  return {
    text: `The band is wide and centred on ${number(model.center)}, yet its singular values do not make up for what ${activation} takes away: centre it a little higher.`,
    edits: [edit("model.center", Number((model.center + 0.1).toPrecision(3)))],
  };
}

function belowZero({ history }: RuleInput): string {
  const share = history.median((row) => Math.max(...row.layers.map(({ saturation }) => saturation)));
  return ` (${percent(share)} of them here)`;
}
