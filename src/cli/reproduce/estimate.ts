/** How long a run should take, before anything of it has been measured. */
import type { Experiment } from "../../experiment/schema.ts";
import type { Workload } from "./experimentSet.ts";

/** Products of one thread, in operations a second: docs/performance.md, rounded down. */
const rate = 2e10;
/** A step's share of everything else: data, telemetry, the loop; a sequence's timestep, and a step as such. */
const perTimestep = 3e-7;
const perStep = 5e-4;
const gates = { rnn: 1, spectral: 1, orthogonal: 1, gru: 3, lstm: 4 } as const;

/** Steps of an experiment, where these are known before its data are loaded. */
export function stepsOf({ training }: Experiment, { trainSize }: Workload): number {
  const { steps, epochs, batch } = training;
  if (steps !== undefined) return steps;
  return epochs !== undefined && trainSize !== undefined ? Math.ceil((epochs * trainSize) / batch) : 1000;
}

/** Seconds on one thread, good to a factor of two. */
export function estimatedSeconds(experiment: Experiment, work: Workload): number {
  const { model, training } = experiment;
  const { hidden, layers, cell, net } = model;
  const { length, inputs = 4, outputsEach = 0 } = work;
  const layered = net === "recurrent" ? length : layers;
  const repeats = net === "recurrent" ? layers : 1;
  const products =
    layered * repeats * gates[cell] * hidden * hidden + length * hidden * (inputs + outputsEach);
  const operations = 6 * training.batch * products;
  const states = training.batch * layered * repeats * gates[cell];
  return stepsOf(experiment, work) * (operations / rate + perTimestep * states + perStep) + 1;
}
