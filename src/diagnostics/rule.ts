/** What a rule is given and what it gives back. */
import type { CellName, Experiment } from "../experiment/schema.ts";
import type { RunRecord } from "../runs/run.ts";
import type { Finding, RuleName } from "./finding.ts";
import type { History } from "./history.ts";
import type { Thresholds } from "./thresholds.ts";

/** What is fixed about a run. */
export interface DiagnosticRun {
  readonly experiment: Experiment;
  /** T. */
  readonly length: number;
  /** Whether the loss has a term at every timestep (the copy problem). */
  readonly headIsPerStep: boolean;
  readonly baseline: RunRecord["baseline"];
  /** "accuracy" or "mean squared error". */
  readonly metricName: string;
  /** Training steps planned in all. */
  readonly steps: number;
  /** Epochs, where the experiment file counts in them; a resolved experiment no longer says so. */
  readonly epochs?: number | undefined;
}

/** The parameterization now, which a switch changes. */
export interface Parameterization {
  readonly cell: CellName;
  readonly radius: number;
  readonly center: number;
}

/** Where a training step stopped being finite, as far as it is known. */
export interface Breakdown {
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm: number;
  /** 1 … T, layer from 0; null where only something else shows it. */
  readonly origin: {
    readonly timestep: number;
    readonly pass: "forward" | "backward";
    readonly layer: number | null;
  } | null;
}

export interface RuleInput {
  readonly run: DiagnosticRun;
  readonly model: Parameterization;
  readonly history: History;
  readonly thresholds: Thresholds;
  /** The step that was not finite, where the trainer found its origin. */
  readonly breakdown: Breakdown | undefined;
  /** This rule's finding as of the row before: where it is set, the clearing threshold holds, not the raising one. */
  readonly active: Finding | undefined;
  /** Findings of the rules that stand before this one, at this row. */
  readonly found: ReadonlyMap<RuleName, Finding>;
}

/** Looks at a run after each row; the finding as it stands now, or undefined. */
export interface Rule {
  readonly name: RuleName;
  readonly check: (input: RuleInput) => Finding | undefined;
}

/** Whether enough steps and rows have passed to judge by what can go wrong fast: the loss and the gradient's size. */
export function isUnderWay(input: RuleInput): boolean {
  return hasPassed(input, input.thresholds.warmUpSteps);
}

/** Whether enough steps and rows have passed to judge by what changes slowly: reach, spectrum, saturation. */
export function isSettled(input: RuleInput): boolean {
  const { warmUpSteps, warmUpShare } = input.thresholds;
  const share = Math.min(warmUpShare * input.run.steps, 10 * warmUpSteps);
  return hasPassed(input, Math.max(warmUpSteps, share));
}

function hasPassed({ run, history, thresholds }: RuleInput, warmUp: number): boolean {
  const step = history.newest?.step ?? 0;
  return step >= Math.min(warmUp, run.steps / 4) && history.recent.length >= thresholds.minimumRows;
}

/** Share of the trivial loss that is gone: 0 for a model that knows nothing, 1 for a perfect one; may be negative. */
export function progress({ run, history }: Pick<RuleInput, "run" | "history">): number {
  const { loss } = run.baseline;
  return loss > 0 && Number.isFinite(history.meanLoss) ? 1 - history.meanLoss / loss : 0;
}

/** How far below the `learnt` and `learning` thresholds progress must fall before a finding comes (back). */
const progressMargin = 0.1;

/**
 * How much a shortcoming matters by how well the run learns: undefined where it learns so well that it does not.
 * Progress must fall clearly below a threshold before severity rises again, so that nothing flickers.
 */
export function severityByProgress(input: RuleInput): "warning" | "information" | undefined {
  const { thresholds, active } = input;
  const gone = progress(input);
  if (gone >= thresholds.learnt - (active ? 0 : progressMargin)) return undefined;
  const quiet = active?.severity === "information";
  return gone >= thresholds.learning - (quiet ? progressMargin : 0) ? "information" : "warning";
}
