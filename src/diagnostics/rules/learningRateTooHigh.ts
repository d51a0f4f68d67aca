/** Steps are too large: the loss climbs above what knowing nothing costs, jumps, or weights are rewritten each step. */
import type { RowDigest } from "../digest.ts";
import type { Finding } from "../finding.ts";
import { clip, lowerLearningRate, type Remedy } from "../remedies.ts";
import { isUnderWay, type Rule, type RuleInput } from "../rule.ts";
import { median } from "../select.ts";
import { number, percent } from "../words.ts";

export const learningRateTooHigh: Rule = { name: "learning-rate-too-high", check };

/** Once raised, limits are this much lower. */
const clearingFactor = 0.85;
/** A loss whose median lies this close to the trivial one has come to it. */
const nearTrivial = 1.1;

function check(input: RuleInput): Finding | undefined {
  if (!isUnderWay(input)) return undefined;
  const looks = [diverged, oscillates, rewrites];
  for (const look of looks) {
    const finding = look(input, 1);
    if (finding) return finding;
  }
  // What was raised clears only below lower limits, so that it does not flicker.
  if (!input.active) return undefined;
  for (const look of looks) {
    const finding = look(input, clearingFactor);
    if (finding) return finding;
  }
  return undefined;
}

/** What the loss ought not to exceed: the trivial one, or until the run came near that, the one at its start. */
function reference({ run, history }: RuleInput): number {
  const { loss } = run.baseline;
  const came = history.best.loss <= nearTrivial * loss;
  return came ? loss : Math.max(loss, history.firstLoss);
}

function diverged(input: RuleInput, factor: number): Finding | undefined {
  const { history, thresholds, active } = input;
  const knowing = reference(input);
  const recent = history.median((row) => row.loss);
  const limit = thresholds.divergedLoss * factor * knowing;
  if (!(knowing > 0 && recent > limit)) return undefined;
  const errorLimit = thresholds.divergedError * (active?.severity === "error" ? clearingFactor : 1) * knowing;
  const came = history.best.loss < knowing;
  return {
    ...common(input, (row) => row.loss > limit, came ? 10 : 3),
    severity: recent > errorLimit ? "error" : "warning",
    title: `The loss diverges: ${number(recent)}, ${number(recent / knowing)} times that of a model that knows nothing`,
    evidence:
      `The median loss of the last ${history.recent.length} recorded steps is ${number(recent)}; ` +
      (came
        ? `the lowest so far was ${number(history.best.loss)}, at step ${history.best.step}.`
        : `it began at ${number(history.firstLoss)} and has not been lower since the first steps.`),
  };
}

function oscillates(input: RuleInput, factor: number): Finding | undefined {
  const { run, history, thresholds } = input;
  const level = history.median((row) => row.loss);
  // Relative noise is large where the loss is small; there it is no sign of anything.
  if (!(level > 0 && level >= thresholds.oscillationLoss * reference(input))) return undefined;
  // Medians: one bad batch makes two jumps, but no habit.
  const { recent } = history;
  const jump = median(recent.slice(1).map((row, i) => Math.abs(row.loss - recent[i]!.loss))) / level;
  const noise = thresholds.oscillationNoise / Math.sqrt(run.experiment.training.batch);
  const limit = Math.max(thresholds.oscillation, noise) * factor;
  if (!(jump > limit)) return undefined;
  return {
    ...common(input, () => true, 3),
    severity: "warning",
    title: `The loss jumps by ${percent(jump)} from one recorded step to the next`,
    evidence: `Over the last ${recent.length} recorded steps the loss is ${number(level)} as a rule and changes by ${number(jump * level)} each time; batches of ${run.experiment.training.batch} explain less than ${percent(noise)}.`,
  };
}

function rewrites(input: RuleInput, factor: number): Finding | undefined {
  const { run, history, thresholds } = input;
  const ratio = history.median((row) => row.updateRatio.value);
  const limit = thresholds.updateRatio * factor;
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
