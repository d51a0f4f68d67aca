import { describe, expect, it } from "vitest";
import { StepRate, TrainingClock } from "../../../src/trainer/clock.ts";

describe("training clock", () => {
  it("counts what earlier processes took, and stands still while stopped", () => {
    let now = 1000;
    const clock = new TrainingClock(12, () => now);
    now += 500;
    expect(clock.seconds).toBeCloseTo(12.5, 9);
    clock.stop();
    clock.stop();
    now += 60_000;
    expect(clock.seconds).toBeCloseTo(12.5, 9);
    clock.start();
    clock.start();
    now += 250;
    expect(clock.seconds).toBeCloseTo(12.75, 9);
  });
});

describe("step rate", () => {
  it("is unknown until two marks are apart in time", () => {
    const rate = new StepRate();
    expect(rate.perSecond).toBeNull();
    rate.mark(0, 3);
    rate.mark(5, 3);
    expect(rate.perSecond).toBeNull();
    rate.mark(10, 4);
    expect(rate.perSecond).toBeCloseTo(10, 9);
  });

  it("forgets what lies before its window", () => {
    const rate = new StepRate(5);
    for (let second = 0; second <= 100; second++) rate.mark(second * 10, second);
    for (let second = 101; second <= 110; second++) rate.mark(1000 + (second - 100) * 30, second);
    expect(rate.perSecond).toBeCloseTo(30, 9);
  });

  it("spans a whole step when steps are slower than the window", () => {
    const rate = new StepRate(5);
    for (let step = 0; step < 4; step++) rate.mark(step, step * 20);
    expect(rate.perSecond).toBeCloseTo(1 / 20, 9);
  });
});
