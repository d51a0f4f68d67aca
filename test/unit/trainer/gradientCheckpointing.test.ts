/** `training.gradientCheckpointing` in the real trainer: another way to the same run. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, type EngineOptions } from "../../../src/engine/createEngine.ts";
import type { ExperimentInput } from "../../../src/experiment/schema.ts";
import { openRun } from "../../../src/runs/store.ts";
import type { TelemetryRow } from "../../../src/runs/telemetry.ts";
import { TrainingSession } from "../../../src/trainer/trainingSession.ts";
import { checkpointBytes, Runs, tinyExperiment } from "./trainerProcess.ts";

const runs = new Runs();
afterAll(() => runs.dispose());

type Checkpointing = NonNullable<ExperimentInput["training"]>["gradientCheckpointing"];

/** 40 timesteps: three segments of 16, or two of 32. */
const experimentOf = (gradientCheckpointing: Checkpointing, steps: number): ExperimentInput => ({
  ...tinyExperiment,
  task: { kind: "copy", delay: 30, copyLength: 5, testSize: 20 },
  training: { ...tinyExperiment.training, steps, clipNorm: 1, gradientCheckpointing },
});

async function trained(gradientCheckpointing: Checkpointing): Promise<string> {
  const directory = runs.create(experimentOf(gradientCheckpointing, 40));
  const trainer = runs.start(directory);
  expect(await trainer.end(), trainer.output).toBe(0);
  return directory;
}

/** A row without the time, which no two runs share. */
const timeless = ({ time: _, ...row }: TelemetryRow) => row;

describe("a run with gradient checkpointing", () => {
  let plain = "";
  beforeAll(async () => {
    plain = await trained("off");
  });

  it.each([16, 20, "auto"] as const)("%s: the same parameters, telemetry and evaluations", async (option) => {
    const directory = await trained(option);
    expect(checkpointBytes(directory, 40).equals(checkpointBytes(plain, 40))).toBe(true);
    const [expected, found] = [await openRun(plain), await openRun(directory)];
    expect(found.experiment.training.gradientCheckpointing).toBe(option);
    expect(found.rows).toHaveLength(40);
    expect(found.rows[0]!.layers[0]!.gradientNorm.p50).toHaveLength(40);
    expect(found.rows.map(timeless)).toEqual(expected.rows.map(timeless));
    const { testLoss, testMetric } = expected.record;
    expect(found.record).toMatchObject({ testLoss, testMetric });
  });

  it("hands the option to the engine", async () => {
    const seen: EngineOptions[] = [];
    const makeEngine: typeof createEngine = (name, options) => {
      seen.push(options);
      return createEngine(name, options);
    };
    for (const option of [20, "off"] as const)
      expect(await new TrainingSession(runs.create(experimentOf(option, 2)), { makeEngine }).run()).toBe(
        "finished",
      );
    expect(seen.map(({ gradientCheckpointing }) => gradientCheckpointing)).toEqual([20, "off"]);
    // And that one does not let it fall.
    const none = createEngine("fused", { threads: 1, gradientCheckpointing: 0 });
    await expect(none).rejects.toThrow("gradientCheckpointing: 0");
  });

  it("is trained by the other engine as well, which says that it has none", async () => {
    const directory = runs.create(experimentOf("auto", 2));
    const trainer = runs.start(directory, "--engine", "tensorflow");
    expect(await trainer.end(), trainer.output).toBe(0);
    expect(trainer.output).toContain('the engine "tensorflow" has no gradient checkpointing');
    const quiet = runs.start(runs.create(experimentOf("off", 2)), "--engine", "tensorflow");
    expect(await quiet.end(), quiet.output).toBe(0);
    expect(quiet.output).not.toContain("checkpointing");
  });
});
