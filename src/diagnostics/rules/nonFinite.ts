/** NaN or an infinity in the loss or the gradient: the run is over. */
import type { Finding } from "../finding.ts";
import { clip, lowerLearningRate, type Remedy, sentence, spectralCell } from "../remedies.ts";
import type { Breakdown, Rule, RuleInput } from "../rule.ts";
import { inLayer, number } from "../words.ts";

export const nonFinite: Rule = { name: "non-finite", check };

function check(input: RuleInput): Finding | undefined {
  const { run, history, active, breakdown = fromRows(input) } = input;
  if (active) return active;
  if (!breakdown) return undefined;
  const { step, loss, gradientNorm, origin } = breakdown;
  const { experiment } = run;
  const what = Number.isFinite(loss) ? "gradient" : "loss";
  const value = Number.isFinite(loss) ? gradientNorm : loss;
  const where = origin
    ? origin.pass === "forward"
      ? `Going forward, timestep ${origin.timestep} of ${run.length} is the first whose output is not finite.`
      : `The outputs are finite; going back, the gradient stops being so at timestep ${origin.timestep} of ${run.length}${inLayer(origin.layer ?? 0, experiment.model.layers)}.`
    : "";
  const parameter = history.broken?.row.nonFiniteParameter;
  const before = history.broken ? history.broken.before : history.recent.at(-1);
  const sentences = [
    `At step ${step} the loss is ${number(loss)} and the gradient's norm ${number(gradientNorm)}.`,
    where,
    !origin && parameter ? `It is the gradient of ${parameter}.` : "",
    before
      ? `At step ${before.step}, the recorded one before, they were ${number(before.loss)} and ${number(before.gradientNorm)}.`
      : "It is the first recorded step: look at the data and the learning rate.",
  ];
  return {
    rule: "non-finite",
    severity: "error",
    title: `The ${what} became ${number(value)} at step ${step}${origin ? `, timestep ${origin.timestep}` : ""}`,
    evidence: sentences.filter((text) => text !== "").join(" "),
    sinceStep: step,
    timestep: origin?.timestep ?? null,
    layer: origin?.layer ?? null,
    property: ["training", "learningRate"],
    remedy: remedy(input),
  };
}

/** What the rows alone show, for runs whose trainer did not look for the origin. */
function fromRows({ history }: RuleInput): Breakdown | undefined {
  if (!history.broken) return undefined;
  const { step, loss, gradientNorm, nonFinite: place } = history.broken.row;
  return {
    step,
    loss,
    gradientNorm,
    // A loss that is not finite makes every gradient so: the profile then says nothing about the origin.
    origin:
      place && Number.isFinite(loss)
        ? { timestep: place.timestep, pass: "backward", layer: place.layer }
        : null,
  };
}

function remedy({ run, model }: RuleInput): Remedy {
  const { experiment } = run;
  const slower = lowerLearningRate(experiment, 10);
  const edits = [slower.edit];
  const words = [slower.words];
  if (experiment.training.clipNorm === undefined) {
    const clipping = clip(experiment);
    edits.push(clipping.edit);
    words.push(clipping.words);
  }
  if (model.cell === "rnn" && experiment.model.activation !== "tanh") {
    const spectral = spectralCell(run.length);
    edits.push(...spectral.edits);
    words.push(
      `use a spectral cell of radius ${spectral.radius}, since nothing else bounds the states of ${experiment.model.activation}`,
    );
  }
  return { text: sentence(words.join("; ")), edits };
}
