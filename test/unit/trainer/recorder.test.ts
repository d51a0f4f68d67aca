import { describe, expect, it } from "vitest";
import type { StepResult } from "../../../src/engine/engine.ts";
import type { TelemetryRow, TelemetryShape } from "../../../src/runs/telemetry.ts";
import type { Lyapunov } from "../../../src/trainer/lyapunov.ts";
import { Recorder } from "../../../src/trainer/recorder.ts";
import type { Spectra } from "../../../src/trainer/spectra.ts";

const shape: TelemetryShape = { layers: 1, transitions: ["W"], parameters: ["layers.0.W", "layers.0.p"] };

/** T = 4, B = 2: the gradient halves with every timestep going back. */
const result: StepResult = {
  loss: 0.5,
  metric: 0.25,
  gradientNorm: 3,
  clippedGradientNorm: 1,
  finite: true,
  probe: {
    layers: [
      {
        gradientNorm: Float32Array.of(1, 1, 2, 2, 4, 4, 8, 8),
        saturation: Float32Array.of(0, 0.25, 0.5, 1),
      },
    ],
    parameters: [{ name: "layers.0.W", gradientNorm: 2, updateRatio: 0.01 }],
  },
};

function recorder() {
  const rows: TelemetryRow[] = [];
  const reports: string[] = [];
  const made = new Recorder({
    shape,
    headIsPerStep: false,
    take: (row) => rows.push(row),
    report: (message) => reports.push(message),
  });
  const record = (step: number, spectra: Spectra | Promise<Spectra> | null) =>
    made.record({ step, time: step / 10, learningRate: 0.1, result, batchSize: 2, spectra });
  return { made, rows, reports, record };
}

function later(): { promise: Promise<Spectra>; resolve(spectra: Spectra): void; reject(error: Error): void } {
  let resolve: (spectra: Spectra) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Spectra>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const sigma = (value: number): Spectra => [{ W: Float32Array.of(value) }];

describe("Recorder", () => {
  it("summarizes the gradient and names every parameter the run can have", () => {
    const { rows, record } = recorder();
    record(1, sigma(1));
    const [row] = rows;
    expect(row).toMatchObject({ step: 1, time: 0.1, loss: 0.5, metric: 0.25, learningRate: 0.1 });
    expect(row).toMatchObject({ gradientNorm: 3, clippedGradientNorm: 1 });
    expect(row?.parameters).toEqual({
      "layers.0.W": { gradientNorm: 2, updateRatio: 0.01 },
      "layers.0.p": null,
    });
    expect([...row!.layers[0]!.gradientNorm.p50]).toEqual([1, 2, 4, 8]);
    expect(row?.layers[0]?.halfLife).toBeCloseTo(1, 6);
    expect(row?.layers[0]?.reach).toBe(4);
    expect(row?.layers[0]?.singularValues).toEqual({ W: Float32Array.of(1) });
  });

  it("passes rows on in order, those behind a spectrum in the making after it", async () => {
    const { made, rows, record } = recorder();
    const first = later();
    const third = later();
    record(1, first.promise);
    record(2, null);
    record(3, third.promise);
    record(4, null);
    expect(rows).toEqual([]);
    third.resolve(sigma(3));
    await third.promise;
    made.release();
    expect(rows).toEqual([]);
    expect(made.waiting).toBe(4);
    first.resolve(sigma(1));
    await made.settle();
    expect(rows.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(rows.map(({ layers }) => layers[0]?.singularValues.W?.[0] ?? null)).toEqual([1, null, 3, null]);
  });

  it("writes a row without its spectrum when that fails, and says so", async () => {
    const { made, rows, reports, record } = recorder();
    const broken = later();
    record(7, broken.promise);
    broken.reject(new Error("no memory"));
    await made.settle();
    expect(rows[0]?.layers[0]?.singularValues.W).toBeNull();
    expect(reports).toEqual(["the singular values at step 7 could not be measured: no memory"]);
  });

  it("waits for Lyapunov exponents too, in a run that has columns for them", async () => {
    const rows: TelemetryRow[] = [];
    const reports: string[] = [];
    const made = new Recorder({
      shape: { ...shape, lyapunov: true },
      headIsPerStep: false,
      take: (row) => rows.push(row),
      report: (message) => reports.push(message),
    });
    const record = (step: number, lyapunov: Promise<readonly Lyapunov[]> | null) =>
      made.record({ step, time: 0, learningRate: 0.1, result, batchSize: 2, spectra: sigma(1), lyapunov });
    const exponents = Float32Array.of(0.5, Number.NEGATIVE_INFINITY);
    record(1, Promise.resolve([{ exponents, expected: 0.25 }]));
    record(2, null);
    record(3, Promise.reject(new Error("no memory")));
    expect(rows).toEqual([]);
    await made.settle();
    expect(rows.map(({ layers }) => layers[0]!.lyapunov)).toEqual([exponents, null, null]);
    expect(rows.map(({ layers }) => layers[0]!.lyapunovExpected)).toEqual([0.25, null, null]);
    expect(rows.map(({ layers }) => layers[0]!.singularValues.W?.[0])).toEqual([1, 1, 1]);
    expect(reports).toEqual(["the Lyapunov exponents at step 3 could not be measured: no memory"]);
  });
});
