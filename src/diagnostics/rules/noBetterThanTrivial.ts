/** After a fair share of the run the model is no better than one that ignores its memory. */
import type { Finding } from "../finding.ts";
import { edit, longer, type Remedy, rounded, sentence, spectralCell } from "../remedies.ts";
import { isUnderWay, type Rule, type RuleInput } from "../rule.ts";
import { sortBySeverity } from "../severity.ts";
import { number, percent } from "../words.ts";

export const noBetterThanTrivial: Rule = { name: "no-better-than-trivial", check };

/** Below this update ratio the parameters hardly move (about 0.001 is healthy). */
const slowUpdates = 1e-4;

function check(input: RuleInput): Finding | undefined {
  const { run, history, thresholds, active } = input;
  const { baseline, metricName, steps } = run;
  if (!(baseline.loss > 0) || !isUnderWay(input)) return undefined;
  const { step } = history.recent.at(-1)!;
  if (step < thresholds.fairShare * steps || step < thresholds.fairSteps) return undefined;

  const { meanLoss, meanMetric } = history;
  const limit = (active ? thresholds.trivialClear : thresholds.trivialRaise) * baseline.loss;
  if (!(meanLoss >= limit)) return undefined;
  const isAccuracy = metricName === "accuracy";
  const accuracyLimit = baseline.metric + thresholds.trivialAccuracy * (1 - baseline.metric);
  if (isAccuracy && meanMetric > accuracyLimit) return undefined;

  return {
    rule: "no-better-than-trivial",
    severity: "warning",
    title: `After ${step} of ${steps} steps the model is no better than trivial`,
    evidence:
      `Its mean training loss of late is ${number(meanLoss)}; ${baseline.reason}.` +
      (isAccuracy ? ` Its accuracy is ${percent(meanMetric)}.` : ""),
    sinceStep: active?.sinceStep ?? step,
    timestep: null,
    layer: null,
    property: property(input),
    remedy: remedy(input),
  };
}

/** Rules that find causes, the likelier first. */
const causes = [
  "learning-rate-too-high",
  "saturated-units",
  "vanishing-gradient",
  "exploding-gradient",
  "spectrum-edge",
] as const;

/** The most severe finding that explains why nothing is learned. */
function cause({ found }: RuleInput): Finding | undefined {
  return sortBySeverity(causes.flatMap((rule) => found.get(rule) ?? []))[0];
}

function property(input: RuleInput): readonly string[] {
  return cause(input)?.property ?? (input.model.cell === "rnn" ? ["model", "cell"] : ["training"]);
}

function remedy(input: RuleInput): Remedy {
  const { run, model, history } = input;
  const known = cause(input);
  if (known)
    return { text: `First the likely cause, ${known.rule}: ${known.remedy.text}`, edits: known.remedy.edits };
  if (model.cell === "rnn") {
    const { edits, radius, words } = spectralCell(run.length, run.experiment.model);
    return {
      text: `A vanilla RNN seldom learns what lies many timesteps back; a spectral cell of radius ${radius} carries the gradient there.${words}`,
      edits,
    };
  }
  const ratio = history.median((row) => row.updateRatio.value);
  if (ratio < slowUpdates) {
    const rate = rounded(3 * run.experiment.training.learningRate);
    return {
      text: `The parameters hardly move (update ratio ${number(ratio)}; 0.001 is usual): raise training.learningRate to ${number(rate)}.`,
      edits: [edit("training.learningRate", rate)],
    };
  }
  const more = longer(run);
  return {
    text: `${sentence(more.words)} Nothing else stands out: the gradient arrives and the steps are of a usual size.`,
    edits: [more.edit],
  };
}
