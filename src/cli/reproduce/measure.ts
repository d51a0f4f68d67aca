/** What a table shows of one finished run. */
import { layersOf, sigmaOf } from "../../diagnostics/runMeasures.ts";
import { openRun } from "../../runs/store.ts";

export interface RunResult {
  readonly directory: string;
  readonly testMetric: number | null;
  readonly testLoss: number | null;
  readonly metricName: string;
  readonly parameters: number;
  readonly steps: number;
  /** Of training, pauses excluded. */
  readonly seconds: number;
  /** Of the bottom layer, through which every way back passes: the median of the last rows. */
  readonly halfLife: number | null;
  readonly reach: number | null;
  /** Timesteps, or the layers of a feed-forward net: what the gradient travels back through. */
  readonly length: number;
  /** Over all matrices, at the end. */
  readonly sigma: readonly [number, number] | null;
  readonly version: string;
}

/** Reads a run to its end, telemetry included. @throws Error that names what is damaged. */
export async function measureRun(directory: string): Promise<RunResult> {
  const run = await openRun(directory);
  const { record } = run;
  const { model } = run.experiment;
  const bottom = layersOf(run)[0]?.last;
  const ranges = sigmaOf(run).map(({ last }) => last);
  return {
    directory: run.directory,
    testMetric: record.testMetric,
    testLoss: record.testLoss,
    metricName: record.metricName,
    parameters: record.parameterCount,
    steps: record.step,
    seconds: record.elapsed,
    halfLife: bottom?.halfLife ?? null,
    reach: bottom?.reach ?? null,
    length: model.net === "recurrent" ? record.length : model.layers,
    sigma:
      ranges.length === 0
        ? record.sigma
        : [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))],
    version: record.version,
  };
}
