/** Every set's experiments, in full and quick, are experiments without a complaint. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allSets, setsNamed } from "../../../../src/cli/reproduce/allSets.ts";
import { DataMissing } from "../../../../src/cli/reproduce/experimentSet.ts";
import { makePlan } from "../../../../src/cli/reproduce/plan.ts";
import { parseExperiment } from "../../../../src/experiment/parseExperiment.ts";

const folder = mkdtempSync(join(tmpdir(), "sigmascope-sets-"));
const full = join(folder, "full");

beforeAll(() => {
  const write = (path: string, text = "") => {
    mkdirSync(join(full, path, ".."), { recursive: true });
    writeFileSync(join(full, path), text);
  };
  for (const part of ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"])
    write(`mnist/${part}-ubyte.gz`);
  for (const part of ["TRAIN", "TEST"]) {
    write(`ucr/Short/Short_${part}.tsv`, "1\t0.1\t0.2\n2\t0.3\t0.4\n");
    write(`ucr/Long/Long_${part}.ts`, "# note\n@data\n0.1,0.2,0.3,0.4:1\n0.4,0.3,0.2,0.1:2\n");
  }
  for (const part of ["train", "test"]) write(`brown/brown.${part}.txt`, "a b c d e\n".repeat(1000));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([true, false])("the sets, quick %s", (quick) => {
  it.each(allSets.map((set) => [set.name, set] as const))("%s", async (_, set) => {
    const experiments = await set.experiments({ quick, dataFolder: full });
    expect(experiments.length).toBeGreaterThanOrEqual(6);
    expect(new Set(experiments.map(({ name }) => name)).size).toBe(experiments.length);
    for (const { name, input } of experiments)
      expect(parseExperiment(JSON.stringify(input), name).problems, name).toEqual([]);
    const cells = experiments.map(({ input }) => input.model.cell);
    expect(cells).toEqual(expect.arrayContaining(["rnn", "orthogonal", "spectral"]));
  });
});

describe("the plan", () => {
  it("brings every model with one seed before any with the next", async () => {
    const options = { quick: true, dataFolder: full, seeds: 2, steps: 7 };
    const { sets } = await makePlan(setsNamed(["copy-100"]), options);
    const { runs, experiments } = sets[0]!;
    expect(runs.map(({ key }) => key.seed)).toEqual([
      ...experiments.map(() => 1),
      ...experiments.map(() => 2),
    ]);
    for (const { experiment, key } of runs)
      expect([experiment.training.seed, experiment.training.steps]).toEqual([key.seed, 7]);
    expect(new Set(runs.map(({ fingerprint }) => fingerprint)).size).toBe(experiments.length);
  });

  it("names sets without data with the way to get them, and trains the others", async () => {
    const empty = join(folder, "empty");
    const options = { quick: false, dataFolder: empty, seeds: 1, steps: undefined };
    const { sets, skipped } = await makePlan(allSets, options);
    expect(sets.every(({ set }) => set.needs.length === 0)).toBe(true);
    expect(sets.length + skipped.length).toBe(allSets.length);
    for (const { reason } of skipped) expect(reason).toMatch(/npm run data.*--data/);
    await expect(setsNamed(["ucr"])[0]!.experiments(options)).rejects.toThrow(DataMissing);
  });

  it("knows families, and refuses what is neither set nor family", () => {
    expect(setsNamed(["deep"]).map(({ name }) => name)).toContain("deep-resnet-100");
    expect(() => setsNamed(["addition"])).toThrow(/there is no set "addition".*adding-200/);
  });

  it("the fingerprint does not depend on where the data lie", async () => {
    const prints = async (dataFolder: string) => {
      const options = { quick: true, dataFolder, seeds: 1, steps: undefined };
      const { sets } = await makePlan(setsNamed(["pixel-mnist"]), options);
      return sets[0]!.runs.map(({ fingerprint }) => fingerprint);
    };
    const moved = join(folder, "moved");
    symlinkSync(full, moved, "junction");
    expect(await prints(moved)).toEqual(await prints(full));
  });
});
