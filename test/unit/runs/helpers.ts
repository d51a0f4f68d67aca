/** Telemetry rows and temporary folders for the tests of run directories. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll } from "vitest";
import type { LayerTelemetry, TelemetryRow, TelemetryShape } from "../../../src/runs/telemetry.ts";

/** A folder that is removed after the tests of a file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sigmascope-runs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const shape: TelemetryShape = {
  layers: 2,
  transitions: ["input", "forget"],
  parameters: ["layers.0.W", "layers.0.u", "head.b"],
};

/** A row whose numbers follow from its step. */
export function rowOf(step: number, { length = 5, hidden = 3, of = shape } = {}): TelemetryRow {
  const list = (size: number, scale: number) =>
    Float32Array.from({ length: size }, (_, i) => scale * (step + i / 8));
  const layer = (index: number): LayerTelemetry => ({
    gradientNorm: { p10: list(length, 1), p50: list(length, 2), p90: list(length, 3) },
    saturation: list(length, 0.001),
    singularValues: Object.fromEntries(
      of.transitions.map((name) => [name, step % 3 === 0 ? null : list(hidden, index + 1)]),
    ),
    halfLife: step % 4 === 0 ? Number.POSITIVE_INFINITY : -step,
    reach: step % length,
  });
  return {
    step,
    time: step / 10,
    loss: 1 / step,
    metric: step % 5 === 0 ? Number.NaN : 0.5,
    learningRate: 0.001,
    gradientNorm: step * 1.5,
    clippedGradientNorm: step,
    parameters: Object.fromEntries(
      of.parameters.map((name, i) => [
        name,
        (step + i) % 4 === 0 ? null : { gradientNorm: step, updateRatio: i },
      ]),
    ),
    layers: Array.from({ length: of.layers }, (_, index) => layer(index)),
  };
}

export function rowsOf(...steps: number[]): TelemetryRow[] {
  return steps.map((step) => rowOf(step));
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const anyFloats = (length: number) => fc.float32Array({ minLength: length, maxLength: length });

/** Any shape with any rows of it: numbers of every kind, nulls, layers from none to three. */
export const anyTelemetry: fc.Arbitrary<{ shape: TelemetryShape; rows: TelemetryRow[] }> = fc
  .record({
    layers: fc.integer({ min: 0, max: 3 }),
    transitions: fc.uniqueArray(fc.stringMatching(/^[a-zA-Z]{1,6}$/), { minLength: 1, maxLength: 4 }),
    parameters: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9.]{0,8}$/), { maxLength: 4 }),
    length: fc.integer({ min: 0, max: 9 }),
    hidden: fc.integer({ min: 0, max: 5 }),
    gaps: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 }),
  })
  .chain(({ layers, transitions, parameters, length, hidden, gaps }) => {
    const any: TelemetryShape = { layers, transitions: layers === 0 ? [] : transitions, parameters };
    const layer = fc.record({
      gradientNorm: fc.record({ p10: anyFloats(length), p50: anyFloats(length), p90: anyFloats(length) }),
      saturation: anyFloats(length),
      singularValues: record(any.transitions, fc.option(anyFloats(hidden))),
      halfLife: fc.double(),
      reach: fc.nat(),
    });
    const rows = gaps.map((_, i) =>
      fc.record({
        step: fc.constant(gaps.slice(0, i + 1).reduce((sum, gap) => sum + gap, 0)),
        time: fc.double(),
        loss: fc.double(),
        metric: fc.double(),
        learningRate: fc.double(),
        gradientNorm: fc.double(),
        clippedGradientNorm: fc.double(),
        parameters: record(
          parameters,
          fc.option(fc.record({ gradientNorm: fc.double(), updateRatio: fc.double() })),
        ),
        layers: fc.array(layer, { minLength: layers, maxLength: layers }),
      }),
    );
    return fc.record({ shape: fc.constant(any), rows: fc.tuple(...rows) });
  });

function record<T>(names: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc
    .tuple(...names.map(() => value))
    .map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]!])));
}
