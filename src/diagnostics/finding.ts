/** A finding: a warning with its evidence and its remedy. */

export const ruleNames = [
  "vanishing-gradient",
  "exploding-gradient",
  "non-finite",
  "spectrum-drift",
  "spectrum-edge",
  "saturated-units",
  "no-better-than-trivial",
  "learning-rate-too-high",
] as const;
export type RuleName = (typeof ruleNames)[number];
export type Severity = "error" | "warning" | "information";

/** One change of the experiment file: set the property at `path` to `value`. */
export interface Edit {
  /** e.g. ["model", "cell"]. */
  readonly path: readonly string[];
  readonly value: string | number | boolean;
}

export interface Finding {
  readonly rule: RuleName;
  readonly severity: Severity;
  /** One line: what is wrong. */
  readonly title: string;
  /** A sentence or two with the numbers a person understands (half-life, reach, σ range). */
  readonly evidence: string;
  /** The step at which it began. */
  readonly sinceStep: number;
  /** The timestep where it shows, when it has one. */
  readonly timestep: number | null;
  /** The layer where it shows, when it has one. */
  readonly layer: number | null;
  /** The experiment property it points at, e.g. ["model", "cell"]. */
  readonly property: readonly string[];
  readonly remedy: { readonly text: string; readonly edits: readonly Edit[] };
}
