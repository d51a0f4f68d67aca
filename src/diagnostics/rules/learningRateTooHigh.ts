/** Steps are too large: the loss climbs above what knowing nothing costs, jumps, or weights are rewritten each step. */
import type { RowDigest } from "../digest.ts";
import type { Finding } from "../finding.ts";
import type { History } from "../history.ts";
import { clip, lowerLearningRate, type Remedy } from "../remedies.ts";
import { isUnderWay, type Rule, type RuleInput } from "../rule.ts";
import { number, percent } from "../words.ts";

export const learningRateTooHigh: Rule = { name: "learning-rate-too-high", check };

/** Once raised, a limit is this much lower. */
const clearingFactor = 0.75;
/** A loss whose median lies this close to the trivial one has come to it. */
const nearTrivial = 1.1;

function check(input: RuleInput): Finding | undefined {
  if (!isUnderWay(input)) return undefined;
  return diverged(input) ?? oscillates(input) ?? rewrites(input);
}

/** What the loss ought not to exceed: the trivial one, or until the run came near that, the one at its start. */
function reference({ run, history }: RuleInput): number {
  const { loss } = run.baseline;
  const came = history.best.loss <= nearTrivial * loss;
  return came ? loss : Math.max(loss, history.firstLoss);
}

function diverged(input: RuleInput): Finding | undefined {
  const { history, thresholds, active } = input;
  const knowing = reference(input);
  const recent = history.median((row) => row.loss);
  const limit = thresholds.divergedLoss * (active ? clearingFactor : 1) * knowing;
  if (!(knowing > 0 && recent > limit)) return undefined;
  const came = history.best.loss < knowing;
  return {
    ...common(input, (row) => row.loss > limit, came ? 10 : 3),
    severity: recent > thresholds.divergedError * knowing ? "error" : "warning",
    title: `The loss diverges: ${number(recent)}, ${number(recent / knowing)} times that of a model that knows nothing`,
    evidence:
      `The median loss of the last ${history.recent.length} recorded steps is ${number(recent)}; ` +
      (came
        ? `the lowest so far was ${number(history.best.loss)}, at step ${history.best.step}.`
        : `it began at ${number(history.firstLoss)} and has not been lower since the first steps.`),
  };
}

function oscillates(input: RuleInput): Finding | undefined {
  const { run, history, thresholds, active } = input;
  const { recent } = history;
  const mean = recent.reduce((sum, row) => sum + row.loss, 0) / recent.length;
  // Relative noise is large where the loss is small; there it is no sign of anything.
  if (!(mean > 0 && mean >= thresholds.oscillationLoss * reference(input))) return undefined;
  const jump = meanJump(history) / mean;
  const noise = thresholds.oscillationNoise / Math.sqrt(run.experiment.training.batch);
  const limit = Math.max(thresholds.oscillation, noise) * (active ? clearingFactor : 1);
  if (!(jump > limit)) return undefined;
  return {
    ...common(input, () => true, 3),
    severity: "warning",
    title: `The loss jumps by ${percent(jump)} from one recorded step to the next`,
    evidence: `Over the last ${recent.length} recorded steps the loss is ${number(mean)} on average and changes by ${number(jump * mean)} each time; batches of ${run.experiment.training.batch} explain less than ${percent(noise)}.`,
  };
}

function meanJump({ recent }: History): number {
  let sum = 0;
  for (let i = 1; i < recent.length; i++) sum += Math.abs(recent[i]!.loss - recent[i - 1]!.loss);
  return sum / (recent.length - 1);
}

function rewrites(input: RuleInput): Finding | undefined {
  const { run, history, thresholds, active } = input;
  const ratio = history.median((row) => row.updateRatio.value);
  const limit = thresholds.updateRatio * (active ? clearingFactor : 1);
  // Large steps that lower the loss are good steps: only without any gain are they too large.
  const gains = history.meanLoss < Math.min(Math.max(run.baseline.loss, 0), history.firstLoss);
  if (!(ratio > limit) || gains) return undefined;
  const { parameter } = history.recent.at(-1)!.updateRatio;
  return {
    ...common(input, (row) => row.updateRatio.value > limit, 3),
    severity: "warning",
    title: `Each step changes ${parameter} by ${percent(ratio)} of its size`,
    evidence: `The update ratio ‖update‖/‖parameter‖ is ${number(ratio)} as a rule (0.001 is healthy), and the loss, ${number(history.meanLoss)}, has gained nothing from it: it began at ${number(history.firstLoss)}.`,
  };
}

function common(
  { run, history, active }: RuleInput,
  holds: (row: RowDigest) => boolean,
  factor: number,
): Omit<Finding, "severity" | "title" | "evidence"> {
  return {
    rule: "learning-rate-too-high",
    sinceStep: active?.sinceStep ?? history.since(holds),
    timestep: null,
    layer: null,
    property: ["training", "learningRate"],
    remedy: remedy(run.experiment, factor),
  };
}

function remedy(experiment: Parameters<typeof lowerLearningRate>[0], factor: number): Remedy {
  const slower = lowerLearningRate(experiment, factor);
  const words = `${slower.words.charAt(0).toUpperCase()}${slower.words.slice(1)}`;
  if (experiment.training.clipNorm !== undefined) return { text: `${words}.`, edits: [slower.edit] };
  const clipping = clip(experiment);
  return { text: `${words} and ${clipping.words}.`, edits: [slower.edit, clipping.edit] };
}
