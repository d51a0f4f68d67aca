import { describe, expect, it } from "vitest";
import { allSets } from "../../../../src/cli/reproduce/allSets.ts";
import { makePlan } from "../../../../src/cli/reproduce/plan.ts";
import type { PoolRun } from "../../../../src/cli/reproduce/pool.ts";
import { poolLine, secondsLeft } from "../../../../src/cli/reproduce/poolProgress.ts";
import type { RunRecord } from "../../../../src/runs/run.ts";
import { record } from "../record.ts";

const options = { quick: true, dataFolder: "/nowhere", seeds: 2, steps: undefined };
const { sets } = await makePlan(allSets.slice(0, 1), options);

/** Runs of a set that estimates to 10 seconds each. */
function someRuns(count: number): PoolRun[] {
  const [set] = sets;
  return set!.runs.slice(0, count).map((planned) => ({
    set: set!,
    planned: { ...planned, estimate: 10 },
    found: { start: "started", directory: null, record: null },
    active: null,
    end: null,
  }));
}
const finished = (elapsed: number) => ({
  directory: "/runs/x",
  record: { ...record, elapsed },
  state: "finished" as const,
  reason: null,
});
const training = (run: PoolRun, now: Partial<RunRecord>) => ({
  planned: run.planned,
  directory: "/runs/x",
  record: { ...record, ...now },
  stop: () => {},
});

describe("the time left", () => {
  it("is shared by the trainers, and no shorter than the longest run", () => {
    expect(secondsLeft(someRuns(8), 1)).toBeCloseTo(80);
    expect(secondsLeft(someRuns(8), 4)).toBeCloseTo(20);
    expect(secondsLeft(someRuns(8), 100)).toBeCloseTo(10);
  });

  it("corrects the estimates by what finished runs took", () => {
    const runs = someRuns(4);
    runs[0]!.end = finished(30);
    expect(secondsLeft(runs, 1)).toBeCloseTo(90);
  });

  it("of a model that was trained with another seed is what that took", () => {
    // The first seed of all eight models, then the second.
    const runs = someRuns(9);
    const [first, ...others] = [runs[0]!, runs[8]!];
    first.end = finished(3);
    expect(secondsLeft([first, ...others], 1)).toBeCloseTo(3);
  });

  it("of a run that is trained is told by its rate", () => {
    const [run] = someRuns(1);
    run!.active = training(run!, { step: 100, steps: 200, stepsPerSecond: 2 });
    expect(secondsLeft([run!], 1)).toBeCloseTo(50);
  });
});

describe("the line", () => {
  it("counts what has ended and names what is trained; a stopped run is not done", () => {
    const runs = someRuns(4);
    runs[0]!.end = finished(10);
    runs[1]!.end = { ...finished(1), state: "stopped" };
    runs[2]!.active = training(runs[2]!, { step: 50, steps: 200, stepsPerSecond: 10 });
    expect(poolLine(runs, 1)).toBe("1 of 4 runs, about 25 s left: adding-200 orthogonal m=16 seed 1 25 %");
  });
});
