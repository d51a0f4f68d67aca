/** What the gradients of a run did, in plain words with numbers. */
import type { Experiment } from "../experiment/schema.ts";
import type { RunRecord } from "../runs/run.ts";
import type { TelemetryRow } from "../runs/telemetry.ts";
import type { Finding, Severity } from "./finding.ts";
import type { ModelSwitch } from "./monitor.ts";
import { hasOwnBand } from "./ownBand.ts";
import { layersOf, type RunMeasure, resultOf, type SigmaRange, sigmaOf } from "./runMeasures.ts";
import { sortFindings } from "./severity.ts";
import { band, halfLifeInWords, inLayer, inLayers, matrixName, number, percent, range } from "./words.ts";

export interface VerdictInput {
  readonly record: RunRecord;
  readonly experiment: Experiment;
  /** Recorded rows, oldest first; the first and the last few are enough. */
  readonly rows: readonly TelemetryRow[];
  readonly findings: readonly Finding[];
  /** Switches of parameterization during the run, oldest first. */
  readonly switches?: readonly ModelSwitch[] | undefined;
}

export interface Verdict {
  /** One line: how the gradient fared. */
  readonly headline: string;
  /** Sentences: result, gradient, spectrum, units, and each finding with its remedy. */
  readonly lines: readonly string[];
}

/** The verdict on one run, finished or not. */
export function verdict(input: VerdictInput): Verdict {
  const { record } = input;
  const layers = layersOf(input);
  const lines = [resultLine(input)];
  for (const layer of layers) lines.push(gradientLine(layer, layers.length, input));
  lines.push(...spectraOf(input).map((sigma) => sigmaLine(sigma, input)));
  lines.push(...layers.flatMap((layer) => unitsLine(layer, layers.length, input)));
  lines.push(...sortFindings(input.findings).map(findingLine));
  const spoken = input.experiment.model.net === "recurrent" ? (text: string) => text : inLayers;
  const [result = "", ...rest] = lines.map(spoken);
  // The reason is another's text and stays as it is.
  const failed = record.reason === null ? [] : [`It failed: ${endSentence(record.reason)}`];
  return { headline: spoken(headline(input, layers)), lines: [result, ...failed, ...rest] };
}

function headline(input: VerdictInput, layers: readonly RunMeasure[]): string {
  const { record, findings } = input;
  const of = (rule: Finding["rule"]) => findings.find((finding) => finding.rule === rule);
  const name = `${record.name} (${record.cell})`;
  const broken = of("non-finite");
  if (broken) return `${name}: ${lowerFirst(broken.title)}.`;
  // Every way back in time passes through the bottom layer, which alone sees the inputs.
  const [layer] = layers;
  if (!layer) return `${name}: no step was recorded, so nothing can be said about its gradients.`;
  const { halfLife, reach, growth } = layer.last;
  const share = "at least 1 % of the gradient at the last timestep";
  if (of("exploding-gradient"))
    return `${name}: the gradient explodes${growth >= 2 ? `: it grows ${number(growth)} times going back in time` : " now and then"}.`;
  if (of("vanishing-gradient"))
    return `${name}: the gradient vanishes${inLayer(layer.layer, layers.length)}: it ${halfLifeInWords(halfLife, record.length)} going back in time, and ${share} reaches only ${Math.round(reach)} of ${record.length} timesteps.`;
  if (record.length === 1)
    return `${name}: with a single timestep there is no way for the gradient to vanish.`;
  if (growth >= grown)
    return `${name}: the gradient grows going back in time: it ${halfLifeInWords(halfLife, record.length)}, ${number(growth)} times in all.`;
  if (reach >= 0.9 * record.length)
    return `${name}: the gradient arrives: it ${halfLifeInWords(halfLife, record.length)} going back in time, and ${share} reaches ${reach >= record.length ? `all ${record.length}` : `${Math.round(reach)} of ${record.length}`} timesteps.`;
  return `${name}: the gradient fades${learned(input) ? " but serves" : ""}: it ${halfLifeInWords(halfLife, record.length)} going back in time, and ${share} reaches ${Math.round(reach)} of ${record.length} timesteps.`;
}

/** Growth of the gradient over the sequence that "it arrives" would hide. */
const grown = 100;

/** Whether the result is clearly better than the trivial one, or nothing trivial is known to compare it with. */
function learned(input: VerdictInput): boolean {
  const { value } = resultOf(input);
  const { metric } = input.record.baseline;
  if (value === null || Number.isNaN(metric)) return true;
  return input.record.metricName === "accuracy" ? value > metric + 0.1 * (1 - metric) : value < 0.9 * metric;
}

function resultLine(input: VerdictInput): string {
  const { record } = input;
  const { value, from } = resultOf(input);
  const { metricName, baseline, step, steps } = record;
  const show = (metric: number) => (metricName === "accuracy" ? percent(metric) : number(metric));
  const after = `after ${step}${step < steps ? ` of ${steps}` : ""} steps`;
  if (value === null) return `No result ${after}.`;
  return `${from === "test" ? "Test" : "Training"} ${metricName} ${show(value)} ${after}${Number.isNaN(baseline.metric) ? "" : `; without memory it would be ${show(baseline.metric)}`}.`;
}

function gradientLine(measure: RunMeasure, layers: number, { record, experiment }: VerdictInput): string {
  const { first, last } = measure;
  const then =
    first.step < last.step
      ? ` At the start (step ${first.step}) it ${halfLifeInWords(first.halfLife, record.length)}, reaching ${Math.round(first.reach)}.`
      : "";
  const note =
    experiment.task.kind === "copy" ? " Every timestep has an output here and adds gradient of its own." : "";
  return `Gradient${inLayer(measure.layer, layers)}: going back in time ∂L/∂h ${halfLifeInWords(last.halfLife, record.length)}; at least 1 % of the last timestep's reaches ${Math.round(last.reach)} of ${record.length}.${then}${note}`;
}

/** The spectra to speak of; a feed-forward net's layers as one, but for the first of a resnet, which is of its own kind. */
function spectraOf(input: VerdictInput): SigmaRange[] {
  const ranges = sigmaOf(input);
  const { net } = input.experiment.model;
  if (net === "recurrent" || ranges.length === 0) return ranges;
  const apart = net === "resnet" ? ranges.slice(0, 1) : [];
  const joined = ranges.slice(apart.length);
  const over = (of: (sigma: SigmaRange) => readonly [number, number]) =>
    [Math.min(...joined.map((s) => of(s)[0])), Math.max(...joined.map((s) => of(s)[1]))] as const;
  if (joined.length < 2) return ranges;
  const transition = `layers ${joined[0]!.transition.slice(6)} to ${joined.at(-1)!.transition.slice(6)}`;
  return [
    ...apart,
    { layer: 0, transition, first: over(({ first }) => first), last: over(({ last }) => last) },
  ];
}

function sigmaLine(sigma: SigmaRange, { record, experiment, switches = [] }: VerdictInput): string {
  const layers = experiment.model.net === "recurrent" ? experiment.model.layers : 1;
  const { cell, radius, center } = switches.at(-1) ?? experiment.model;
  const start = `Spectrum: σ of ${matrixName(sigma.transition)}${inLayer(sigma.layer, layers)} runs ${range(...sigma.last)}`;
  // The band of a model that came out of a checkpoint from elsewhere is not known.
  if (record.cell === "spectral" && cell === "spectral" && radius !== undefined && center !== undefined) {
    const own = hasOwnBand(experiment.model, sigma.transition) ? 1 : center;
    return `${start}, held inside ${band(own, radius)}.`;
  }
  if (record.cell === "spectral") return `${start}.`;
  if (record.cell === "orthogonal") return `${start}: W is orthogonal.`;
  return `${start}; it began at ${range(...sigma.first)}, and nothing holds it.`;
}

function unitsLine(measure: RunMeasure, layers: number, { record, experiment }: VerdictInput): string[] {
  const { activation } = experiment.model;
  const gated = record.cell === "lstm" || record.cell === "gru";
  if (!gated && activation === "identity") return [];
  const state = gated || activation === "tanh" ? "saturated" : activation === "relu" ? "dead" : "below 0";
  return [
    `Units${inLayer(measure.layer, layers)}: ${percent(measure.last.saturation)} are ${state} on average.`,
  ];
}

const severityWords: Readonly<Record<Severity, string>> = {
  error: "Error",
  warning: "Warning",
  information: "Note",
};

function findingLine({ severity, title, sinceStep, remedy }: Finding): string {
  const edits = remedy.edits.map(({ path, value }) => `${path.join(".")} = ${JSON.stringify(value)}`);
  return `${severityWords[severity]} since step ${sinceStep}: ${title}. ${remedy.text}${edits.length > 0 ? ` [${edits.join(", ")}]` : ""}`;
}

/**
 * One short paragraph: which run did best, and what their gradients and spectra had to do with it.
 *
 * @param runs in the order in which they are to be named; of one run it is the headline, of none an empty text.
 */
export function compareVerdict(runs: readonly VerdictInput[]): string {
  const [first, second] = runs;
  if (!first) return "";
  if (!second) return verdict(first).headline;
  const comparable = runs.every(
    ({ record, experiment }) =>
      experiment.task.kind === first.experiment.task.kind &&
      record.length === first.record.length &&
      record.metricName === first.record.metricName,
  );
  const sentences: string[] = [];
  if (comparable) sentences.push(...resultSentences(runs));
  else sentences.push("These runs are on different problems, so their results do not compare.");
  sentences.push(...runs.map(gradientSentence));
  return sentences.join(" ");
}

function resultSentences(runs: readonly VerdictInput[]): string[] {
  const { metricName, baseline } = runs[0]!.record;
  const higher = metricName === "accuracy";
  const show = (metric: number) => (higher ? percent(metric) : number(metric));
  const results = runs
    .map((run) => ({ name: labelOf(run, runs), ...resultOf(run) }))
    .filter((result): result is typeof result & { value: number } => result.value !== null)
    .sort((a, b) => (higher ? b.value - a.value : a.value - b.value));
  const [best, ...others] = results;
  if (!best || others.length === 0) return [];
  // Runs of other programs may not know it.
  const known = !Number.isNaN(baseline.metric);
  const trivial = known ? ` (${show(baseline.metric)} without memory)` : "";
  const word = results.every(({ from }) => from === "test") ? `test ${metricName}` : metricName;
  const next = others[0]!.value;
  const equal =
    Math.abs(best.value - next) <=
    0.02 * (higher ? 1 : Math.max(Math.abs(next), known ? baseline.metric : 0));
  const list = (of: typeof results) => of.map(({ name, value }) => `${name} ${show(value)}`).join(", ");
  return [
    equal
      ? `${best.name} and ${others[0]!.name} do about equally well: ${word} of ${list(results)}${trivial}.`
      : `${best.name} does best: ${word} ${show(best.value)}, against ${list(others)}${trivial}.`,
  ];
}

function gradientSentence(run: VerdictInput, _index: number, runs: readonly VerdictInput[]): string {
  const label = labelOf(run, runs);
  const layers = layersOf(run);
  const bottom = layers[0];
  if (!bottom) return `${label} recorded no step.`;
  const { halfLife, reach } = bottom.last;
  const sigma = sigmaOf(run);
  const low = Math.min(...sigma.map(({ last }) => last[0]));
  const high = Math.max(...sigma.map(({ last }) => last[1]));
  const spectrum = sigma.length > 0 ? `; its σ run ${range(low, high)}` : "";
  const spoken = run.experiment.model.net === "recurrent" ? (text: string) => text : inLayers;
  const reached = `In ${label} the gradient ${halfLifeInWords(halfLife, run.record.length)} going back in time, and at least 1 % of it reaches ${Math.round(reach)} of ${run.record.length} timesteps${spectrum}.`;
  return spoken(reached);
}

/** A run's name and cell, or its id where these do not tell it from another. */
function labelOf({ record }: VerdictInput, runs: readonly VerdictInput[]): string {
  const twins = runs.filter(
    (other) => other.record.name === record.name && other.record.cell === record.cell,
  );
  return `${record.name} (${twins.length > 1 ? record.id : record.cell})`;
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
