/** What the small files of a run directory hold. */
import type { Finding } from "../diagnostics/finding.ts";

export const runStates = ["starting", "running", "paused", "stopped", "finished", "failed"] as const;
/** As written by the trainer. A reader adds `interrupted`: not ended, heartbeat stale and pid gone. */
export type WrittenRunState = (typeof runStates)[number];
export type RunState = WrittenRunState | "interrupted";

/** What generalization bounds of a classifier grow with; see `src/diagnostics/capacity.ts`. */
export interface RunCapacity {
  /** log₁₀ of the product of spectral norms over the timesteps, per margin. Infinity: the margin is 0 or less. */
  readonly log10: number;
  /** Median over (a part of) the test set: the right class's logit minus the largest other. */
  readonly margin: number;
  /** Largest ‖W‖₂ of any layer. */
  readonly spectralNorm: number;
}

/** `run.json`. */
export interface RunRecord {
  readonly format: 1;
  readonly id: string;
  readonly name: string;
  /** The experiment file as the user named it, absolute. */
  readonly experimentFile: string | null;
  readonly state: WrittenRunState;
  /** One sentence when failed: what happened. */
  readonly reason: string | null;
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly heartbeat: string;
  readonly step: number;
  readonly steps: number;
  /** T of the task; of a feed-forward net its depth. */
  readonly length: number;
  /** What gradient profiles run over; absent: timesteps. */
  readonly profile?: "timesteps" | "layers" | undefined;
  readonly loss: number | null;
  readonly metric: number | null;
  readonly metricName: string;
  readonly baseline: { readonly loss: number; readonly metric: number; readonly reason: string };
  readonly testLoss: number | null;
  readonly testMetric: number | null;
  readonly stepsPerSecond: number | null;
  /** Seconds of training, pauses excluded. */
  readonly elapsed: number;
  /**
   * Of the bottom layer at the newest row: every way back in time passes through it, and it alone sees the inputs.
   * halfLife: "Infinity" and "NaN" are written as strings.
   */
  readonly halfLife: number | "Infinity" | "-Infinity" | "NaN" | null;
  readonly reach: number | null;
  /** Smallest and largest singular value at the newest row that measured them. */
  readonly sigma: readonly [number, number] | null;
  /** Measured at the end of a finished run. Null: not defined for such a model. Absent: not measured. */
  readonly capacity?: RunCapacity | null | undefined;
  readonly findings: readonly Finding[];
  readonly parameterCount: number;
  /** The parameterization now, which a switch changes. */
  readonly cell: string;
  readonly engine: { readonly name: string; readonly description: string };
  readonly version: string;
}

/** One line of `events.jsonl`. */
export type RunEvent = { readonly time: string; readonly step: number } & (
  | { readonly type: "started" | "paused" | "continued" | "stopped" | "finished" }
  | { readonly type: "resumed"; readonly checkpoint: string }
  | { readonly type: "finding"; readonly finding: Finding }
  | { readonly type: "cleared"; readonly rule: string }
  | { readonly type: "evaluation"; readonly loss: number; readonly metric: number }
  | { readonly type: "checkpoint"; readonly file: string; readonly requested: boolean }
  | {
      readonly type: "switch";
      readonly from: string;
      readonly to: string;
      readonly checkpoint: string;
      /** The band that a spectral cell keeps from now on; null for a cell without one. */
      readonly band: { readonly center: number; readonly radius: number } | null;
      /** σ range before, and how far the farthest value was moved to fit the band (0: nothing was clipped). */
      readonly sigma: readonly [number, number];
      readonly clipped: number;
      readonly clippedCount: number;
      /** Largest change of a logit on a fixed batch, relative to the largest logit. */
      readonly functionChange: number;
    }
  | { readonly type: "refused"; readonly command: string; readonly reason: string }
  | { readonly type: "error"; readonly message: string }
);

/** One line of `control.jsonl`. */
export type ControlCommand = { readonly id: string; readonly time: string } & (
  | { readonly command: "pause" | "continue" | "stop" | "checkpoint" }
  | {
      readonly command: "switch";
      readonly to: "spectral" | "rnn";
      readonly radius?: number;
      readonly reflectors?: number;
      /** Allow singular values outside the band to be moved to its edge. */
      readonly clip?: boolean;
    }
);
