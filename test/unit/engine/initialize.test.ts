import { describe, expect, it } from "vitest";
import type { ModelSpec, TensorMap } from "../../../src/engine/engine.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { assertParameters, parameterShapes } from "../../../src/engine/parameters.ts";
import { type CellName, cellNames, initializationNames } from "../../../src/experiment/schema.ts";
import { materializeOrthogonal } from "../../../src/spectral/orthogonal.ts";
import { materialize } from "../../../src/spectral/spectral.ts";
import { distance, identity, orthogonalityError } from "../spectral/matrices.ts";
import { specOf } from "./specs.ts";

const values = (parameters: TensorMap, name: string) => Float64Array.from(parameters.get(name)!.data);

/** W of layer 0 (its first gate), whatever the cell. */
function transition(spec: ModelSpec, parameters: TensorMap): Float64Array {
  const n = spec.hidden;
  const u = () => values(parameters, "layers.0.u");
  if (spec.cell === "orthogonal")
    return materializeOrthogonal({ size: n, reflectors: spec.reflectors[0] }, u());
  if (spec.cell === "spectral")
    return materialize(
      { rows: n, columns: n, ...spec },
      { u: u(), v: values(parameters, "layers.0.v"), p: values(parameters, "layers.0.p") },
    );
  return values(parameters, "layers.0.W").subarray(0, n * n);
}

const start = (changes: Partial<ModelSpec>, how: (typeof initializationNames)[number], seed = 1) => {
  const spec = specOf(changes);
  return transition(spec, initializeParameters(spec, how, seed));
};

describe("initializeParameters", () => {
  it("gives every parameter its shape and finite values, for each cell, start and size", () => {
    for (const cell of cellNames)
      for (const how of initializationNames)
        for (const hidden of [1, 2, 5]) {
          const spec = specOf({ cell, hidden, reflectors: [hidden, Math.min(2, hidden)] });
          const parameters = initializeParameters(spec, how, 1);
          assertParameters(spec, parameters);
          expect([...parameters.keys()]).toEqual(parameterShapes(spec).map(({ name }) => name));
          for (const [, { shape, data }] of parameters) {
            expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
            expect(data.every(Number.isFinite)).toBe(true);
          }
        }
  });

  it("is the same for the same seed and another for another; layers and gates differ", () => {
    const spec = specOf({ cell: "lstm" });
    const bits = (seed: number) =>
      [...initializeParameters(spec, "orthogonal", seed).values()].map(({ data }) => [...data]);
    expect(bits(5)).toEqual(bits(5));
    expect(bits(5)).not.toEqual(bits(6));
    const parameters = initializeParameters(spec, "orthogonal", 5);
    const first = values(parameters, "layers.0.W");
    expect(distance(first, values(parameters, "layers.1.W"))).toBeGreaterThan(0.1);
    expect(distance(first.subarray(0, 64), first.subarray(64, 128))).toBeGreaterThan(0.1);
  });

  it("gives the same numbers on every platform", () => {
    const parameters = initializeParameters(specOf({ hidden: 2, layers: 1, inputSize: 1 }), "orthogonal", 1);
    expect([...values(parameters, "layers.0.W"), ...values(parameters, "layers.0.M")]).toEqual([
      0.8858286738395691, 0.4640125036239624, -0.4640125036239624, 0.8858286738395691, -0.46308034658432007,
      0.9155634045600891,
    ]);
  });

  it("does not change one layer's values when another is added", () => {
    const one = initializeParameters(specOf({ layers: 1 }), "orthogonal", 3);
    const two = initializeParameters(specOf({ layers: 2 }), "orthogonal", 3);
    for (const name of one.keys()) expect(two.get(name)).toEqual(one.get(name));
  });

  it("orthogonal: W is orthogonal in every cell, every gate", () => {
    for (const cell of cellNames) {
      const w = start({ cell, hidden: 9, reflectors: [9, 3] }, "orthogonal");
      expect(orthogonalityError(w, 9)).toBeLessThan(1e-6);
      expect(distance(w, identity(9))).toBeGreaterThan(0.3);
    }
    const gru = values(initializeParameters(specOf({ cell: "gru" }), "orthogonal", 1), "layers.1.W");
    for (let gate = 0; gate < 3; gate++)
      expect(orthogonalityError(gru.subarray(64 * gate, 64 * (gate + 1)), 8)).toBeLessThan(1e-6);
  });

  it("orthogonal: both determinants occur, with reflectors or without", () => {
    // For n = 1 an orthogonal matrix is its determinant.
    for (const cell of ["rnn", "orthogonal", "spectral"] as const) {
      const signs = new Set(
        Array.from(
          { length: 20 },
          (_, seed) => start({ cell, hidden: 1, reflectors: [1, 1] }, "orthogonal", seed)[0],
        ),
      );
      expect([...signs].sort()).toEqual([-1, 1]);
    }
  });

  it("identity: W = I in every cell, for any numbers of reflectors", () => {
    const expectIdentity = (cell: CellName, reflectors: [number, number]) =>
      expect(distance(start({ cell, reflectors }, "identity"), identity(8))).toBeLessThan(1e-6);
    for (const cell of ["rnn", "lstm", "gru"] as const) expectIdentity(cell, [1, 1]);
    for (const m1 of [1, 2, 3, 5, 7, 8]) {
      expectIdentity("orthogonal", [m1, 1]);
      for (const m2 of [1, 2, 5, 8]) expectIdentity("spectral", [m1, m2]);
    }
  });

  it("henaff: pairs of coordinates rotate, with angles all around", () => {
    const n = 201;
    const w = start({ hidden: n, layers: 1 }, "henaff");
    expect(orthogonalityError(w, n)).toBeLessThan(1e-6);
    expect(w[n * n - 1]).toBe(1);
    const quadrants = [0, 0, 0, 0];
    let outside = 0;
    for (let r = 0; r < n; r++)
      for (let c = 0; c < n; c++) {
        if (r >> 1 !== c >> 1 && w[r * n + c] !== 0) outside++;
        if (r === c && r % 2 === 0 && r + 1 < n) {
          expect(w[(r + 1) * n + c + 1]).toBe(w[r * n + c]);
          expect(w[r * n + c + 1]).toBe(-w[(r + 1) * n + c]!);
          const quadrant = (w[r * n + c]! < 0 ? 1 : 0) + (w[(r + 1) * n + c]! < 0 ? 2 : 0);
          quadrants[quadrant]! += 1;
        }
      }
    expect(outside).toBe(0);
    for (const count of quadrants) expect(count).toBeGreaterThan(12);
  });

  it("glorot: within ±√(6 / (inputs + outputs)) and close to it, for each gate by itself", () => {
    const spec = specOf({ cell: "lstm", hidden: 20, inputSize: 5 });
    const parameters = initializeParameters(spec, "glorot", 1);
    for (const [name, fans] of [
      ["layers.0.W", 40],
      ["layers.0.M", 25],
      ["layers.1.M", 40],
      ["head.W", 24],
    ] as const) {
      const limit = Math.sqrt(6 / fans);
      const magnitudes = values(parameters, name).map(Math.abs);
      expect(Math.max(...magnitudes)).toBeLessThanOrEqual(limit * (1 + 1e-6));
      expect(Math.max(...magnitudes)).toBeGreaterThan(0.9 * limit);
    }
  });

  it("glorot and henaff: spectral and orthogonal cells start at the orthogonal matrix nearest to them", () => {
    for (const how of ["glorot", "henaff"] as const) {
      const orthogonal = start({ cell: "orthogonal", reflectors: [8, 8] }, how);
      const spectral = start({ cell: "spectral", reflectors: [8, 8] }, how);
      // Both cells draw the same dense matrix, so both must find the same factor of it.
      expect(distance(orthogonal, spectral)).toBeLessThan(1e-6);
      expect(orthogonalityError(orthogonal, 8)).toBeLessThan(1e-6);
    }
    const dense = start({ cell: "rnn" }, "henaff");
    expect(distance(start({ cell: "spectral", reflectors: [8, 8] }, "henaff"), dense)).toBeLessThan(1e-6);
  });

  it("spectral: p = 0, so that every σ starts at the center, and reflectors have length 1", () => {
    const spec = specOf({ cell: "spectral", center: 0.5, reflectors: [8, 5] });
    for (const how of initializationNames) {
      const parameters = initializeParameters(spec, how, 1);
      expect(values(parameters, "layers.1.p").every((p) => p === 0)).toBe(true);
      expect(
        orthogonalityError(
          transition(spec, parameters).map((x) => 2 * x),
          8,
        ),
      ).toBeLessThan(1e-6);
      for (const [name, m] of [
        ["layers.0.u", 8],
        ["layers.0.v", 5],
      ] as const) {
        const rows = values(parameters, name);
        for (let i = 0; i < m; i++) {
          const row = rows.subarray(8 * i, 8 * (i + 1));
          expect(row.subarray(0, i).every((x) => x === 0)).toBe(true);
          const norm = Math.hypot(...row);
          // What U has more than V cancels in pairs when W = I; the odd one out is zero, as the sign H_1 may be.
          if (i < 5 || (i < 7 && how !== "identity")) expect(norm).toBeCloseTo(1, 6);
        }
      }
    }
  });

  it("biases are zero, but for the forget gate's, which are 1", () => {
    const lstm = initializeParameters(specOf({ cell: "lstm" }), "orthogonal", 1);
    const b = [...values(lstm, "layers.1.b")];
    expect(b).toEqual([...new Array(8).fill(0), ...new Array(8).fill(1), ...new Array(16).fill(0)]);
    const gru = initializeParameters(specOf({ cell: "gru" }), "orthogonal", 1);
    for (const name of ["layers.0.b", "layers.0.bHidden", "head.b"])
      expect(values(gru, name).every((x) => x === 0)).toBe(true);
    expect(values(lstm, "head.b").every((x) => x === 0)).toBe(true);
  });
});
