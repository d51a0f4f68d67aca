/** Those who take turns: the fused engine and TensorFlow.js in this process, peers in Python in their own. */
import { performance } from "node:perf_hooks";
import { median } from "../../src/diagnostics/select.ts";
import type { Batch, Model } from "../../src/engine/engine.ts";

export interface Turn {
  /** Median time of one training step. */
  readonly ms: number;
  readonly steps: number;
  /** Processor time of the whole turn, of all threads. */
  readonly cpuMs: number;
}

export interface Contestant {
  /** For people; of a peer, the framework comes first. */
  readonly name: string;
  /** In a process of its own. */
  readonly outside: boolean;
  /** Whole training steps for about so long, at least one. */
  turn(milliseconds: number): Promise<Turn>;
  dispose(): void;
}

/** Steps after the first whose losses are compared. */
export const checkedSteps = 3;
export const learningRate = 1e-3;

/** What the first steps of a contestant show. */
export interface FirstSteps {
  /** Of the parameters as they are, and after each of the checked steps. */
  readonly losses: readonly number[];
  /** Time of the last step. */
  readonly ms: number;
  /** One step took too long to go on. */
  readonly slow: boolean;
}

/** Trains the first steps. @param slowestMs a step that takes longer ends it; the first may, which compiles. */
export function firstSteps(model: Model, batch: Batch, slowestMs: number): FirstSteps {
  const losses: number[] = [];
  let ms = 0;
  for (let step = 0; step <= checkedSteps; step++) {
    const start = performance.now();
    losses.push(model.trainStep(batch, learningRate, false).loss);
    ms = performance.now() - start;
    if (step > 0 && ms > slowestMs) return { losses, ms, slow: true };
  }
  return { losses, ms, slow: false };
}

/** A model in this process. */
export function localContestant(name: string, model: Model, batch: Batch): Contestant {
  return {
    name,
    outside: false,
    turn: async (milliseconds) => {
      const times: number[] = [];
      const cpu = process.cpuUsage();
      const begin = performance.now();
      while (times.length === 0 || performance.now() - begin < milliseconds) {
        const start = performance.now();
        model.trainStep(batch, learningRate, false);
        times.push(performance.now() - start);
      }
      const { user, system } = process.cpuUsage(cpu);
      return { ms: median(times), steps: times.length, cpuMs: (user + system) / 1000 };
    },
    dispose: () => model.dispose(),
  };
}
