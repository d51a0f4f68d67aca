/** What a framework has to do to be compared with: open contestants that do our work. */
import type { Batch, ModelSpec, TensorMap } from "../../src/engine/engine.ts";
import type { Shape } from "../shapes.ts";
import type { Contestant, FirstSteps } from "./contestant.ts";

/** By the name that the command line takes. */
export const frameworkNames = ["torch", "tensorflow", "tfjs"] as const;
export type FrameworkName = (typeof frameworkNames)[number];

/** The training steps of one shape and cell. */
export interface Work {
  readonly spec: ModelSpec;
  readonly parameters: TensorMap;
  readonly batch: Batch;
  /** The same in safetensors files: the parameters, and `inputs` [B, T, d] with `targets` [B] (classes, as numbers). */
  readonly files: { readonly parameters: string; readonly batch: string };
}

export interface Framework {
  /** As its contestants' names begin. */
  readonly name: FrameworkName;
  readonly version: string;
  /** Whether it is used at a shape at all. */
  takes(shape: Shape): boolean;
  /** What it has for a cell. */
  namesFor(cell: string): Promise<readonly string[]>;
  /**
   * Makes a contestant and trains its first steps.
   * @throws Error when it cannot.
   */
  open(name: string, work: Work, slowestMs: number): Promise<{ contestant: Contestant; first: FirstSteps }>;
  /** How many of the first losses must be ours. */
  comparableLosses(name: string): number;
  /** Forgets all that was opened. */
  close(): Promise<void>;
  stop(): Promise<void>;
}
