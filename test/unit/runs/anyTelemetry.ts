/** Telemetry of every shape, for properties. */
import fc from "fast-check";
import type { TelemetryRow, TelemetryShape } from "../../../src/runs/telemetry.ts";

const anyFloats = (length: number) => fc.float32Array({ minLength: length, maxLength: length });

/** Any shape with any rows of it: numbers of every kind, nulls, layers from none to three. */
export const anyTelemetry: fc.Arbitrary<{ shape: TelemetryShape; rows: TelemetryRow[] }> = fc
  .record({
    layers: fc.integer({ min: 0, max: 3 }),
    transitions: fc.uniqueArray(fc.stringMatching(/^[a-zA-Z]{1,6}$/), { minLength: 1, maxLength: 4 }),
    parameters: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9.]{0,8}$/), { maxLength: 4 }),
    length: fc.integer({ min: 0, max: 9 }),
    hidden: fc.integer({ min: 0, max: 5 }),
    lyapunov: fc.boolean(),
    gaps: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 }),
  })
  .chain(({ layers, transitions, parameters, length, hidden, lyapunov, gaps }) => {
    const any: TelemetryShape = {
      layers,
      transitions: layers === 0 ? [] : transitions,
      parameters,
      // Without layers there are no columns to tell it by.
      ...(lyapunov && layers > 0 ? { lyapunov } : {}),
    };
    const layer = fc.record({
      gradientNorm: fc.record({ p10: anyFloats(length), p50: anyFloats(length), p90: anyFloats(length) }),
      saturation: anyFloats(length),
      singularValues: record(any.transitions, fc.option(anyFloats(hidden))),
      halfLife: fc.double(),
      reach: fc.nat(),
      ...(any.lyapunov
        ? { lyapunov: fc.option(anyFloats(hidden)), lyapunovExpected: fc.option(fc.double()) }
        : {}),
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
