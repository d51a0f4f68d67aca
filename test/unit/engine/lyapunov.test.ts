/** The recurrence in double precision and its Jacobians, against finite differences and the reference engine. */
import { describe, expect, it } from "vitest";
import type { ModelSpec, TensorMap } from "../../../src/engine/engine.ts";
import { initializeParameters } from "../../../src/engine/initialize.ts";
import { lyapunovOf } from "../../../src/engine/lyapunov.ts";
import { gateCount } from "../../../src/engine/parameters.ts";
import { recurrenceOf } from "../../../src/engine/recurrence.ts";
import { spectrumOf } from "../../../src/engine/singularValues.ts";
import { Random } from "../../../src/random.ts";
import { activations, sigmoid } from "../../reference/activations.ts";
import {
  everyKind,
  randomParameters,
  randomShape,
  specOf as specOfKind,
  toDoubles,
} from "../../reference/cases.ts";
import { apply, hadamard, type Matrix, sum, toRows, type Vector } from "../../reference/matrix.ts";
import { transitionMatrix } from "../../reference/model.ts";
import { distance } from "../spectral/matrices.ts";
import { specOf } from "./specs.ts";

/** s_t from s_{t−1} and M x_t + b, written from the cells' equations with plain arrays. */
function stepOf(
  spec: ModelSpec,
  parameters: TensorMap,
  layer: number,
): (state: Vector, drive: Vector) => Vector {
  const n = spec.hidden;
  const W: Matrix = transitionMatrix(spec, toDoubles(parameters), layer);
  const part = (values: Vector, gate: number) => values.slice(gate * n, (gate + 1) * n);
  if (spec.cell === "lstm")
    return (state, drive) => {
      const a = sum(apply(W, state.slice(0, n)), drive);
      const [i, f, o] = [part(a, 0).map(sigmoid), part(a, 1).map(sigmoid), part(a, 3).map(sigmoid)];
      const c = sum(hadamard(f, state.slice(n)), hadamard(i, part(a, 2).map(Math.tanh)));
      return [...hadamard(o, c.map(Math.tanh)), ...c];
    };
  if (spec.cell === "gru") {
    const bHidden = Array.from(parameters.get(`layers.${layer}.bHidden`)!.data);
    return (state, drive) => {
      const a = apply(W, state);
      const r = sum(part(a, 0), part(drive, 0)).map(sigmoid);
      const z = sum(part(a, 1), part(drive, 1)).map(sigmoid);
      const c = sum(part(drive, 2), hadamard(r, sum(part(a, 2), bHidden))).map(Math.tanh);
      return c.map((value, k) => (1 - z[k]!) * value + z[k]! * state[k]!);
    };
  }
  const { value } = activations[spec.activation];
  return (state, drive) => sum(apply(W, state), drive).map(value);
}

/** ∂step/∂state by central differences: row i of the result is the derivative along coordinate i. */
function differences(step: (state: Vector) => Vector, state: Vector): Matrix {
  const halfWidth = 1e-5;
  return state.map((_, i) => {
    const at = (offset: number) => step(state.map((value, k) => (k === i ? value + offset : value)));
    const [above, below] = [at(halfWidth), at(-halfWidth)];
    return above.map((value, k) => (value - below[k]!) / (2 * halfWidth));
  });
}

const kinds = everyKind().filter(({ head, layers }) => head === "classifyLast" && layers === 1);

describe("recurrenceOf", () => {
  it.each(kinds)("walks and has the Jacobians of its equations: $cell, $activation", (kind) => {
    const random = new Random(8, kind.cell, kind.activation);
    for (let run = 0; run < 12; run++) {
      const shape = randomShape(random, { batch: 1, length: 5, hidden: 6, inputSize: 3, outputSize: 3 });
      const spec = specOfKind(random, kind, shape);
      const parameters = randomParameters(random, spec);
      const recurrence = recurrenceOf(spec, parameters, 0);
      const { stateSize } = recurrence;
      const step = stepOf(spec, parameters, 0);
      let state: Vector = new Array(stateSize).fill(0);
      for (let t = 0; t < shape.length; t++) {
        const drive = Array.from({ length: gateCount(spec) * spec.hidden }, () => random.normal());
        const expected = differences((s) => step(s, drive), state);
        state = step(state, drive);
        recurrence.advance(Float64Array.from(drive));
        expect(distance(recurrence.h, state.slice(0, spec.hidden))).toBeLessThan(1e-13);
        const frame = new Float64Array(stateSize * stateSize);
        for (let i = 0; i < stateSize; i++) frame[i * stateSize + i] = 1;
        recurrence.multiply(frame);
        expect(distance(frame, expected.flat())).toBeLessThan(2e-9);
      }
    }
  });

  it("keeps the slope of a saturated tanh, which 1 − tanh² rounds to 0", () => {
    const spec = specOf({ hidden: 1, layers: 1 });
    const recurrence = recurrenceOf(spec, initializeParameters(spec, "identity", 1), 0);
    recurrence.advance(Float64Array.of(30));
    expect(Math.log(recurrence.slopes![0]!)).toBeCloseTo(Math.log(4) - 60, 12);
  });
});

describe("lyapunovOf", () => {
  const inputsOf = (spec: ModelSpec, length: number, seed = 1) => {
    const random = new Random(seed, "inputs");
    return Float32Array.from({ length: length * spec.inputSize }, () => random.normal());
  };
  const mean = (values: Float64Array) => values.reduce((total, value) => total + value, 0) / values.length;

  it("have the mean that σ and the slopes determine, in every layer, whatever they are", () => {
    for (const cell of ["rnn", "spectral", "orthogonal"] as const)
      for (const activation of ["tanh", "leakyRelu", "identity"] as const) {
        const spec = specOf({ cell, activation, layers: 3, hidden: 7 });
        const parameters = initializeParameters(spec, "glorot", 3);
        const layers = lyapunovOf(spec, parameters, inputsOf(spec, 23));
        expect(layers).toHaveLength(3);
        for (const { exponents, expectedMean, stateSize, timesteps } of layers) {
          expect([exponents.length, stateSize, timesteps]).toEqual([7, 7, 19]);
          expect(mean(exponents)).toBeCloseTo(expectedMean!, 10);
        }
      }
  });

  it("are those of W alone for a linear cell: all 0 where W is orthogonal, and expected so", () => {
    const spec = specOf({ cell: "orthogonal", activation: "identity" });
    for (const { exponents, expectedTop, expectedMean } of lyapunovOf(
      spec,
      initializeParameters(spec, "orthogonal", 2),
      inputsOf(spec, 40),
    )) {
      expect(distance(exponents, new Array(8).fill(0))).toBeLessThan(1e-13);
      expect([expectedTop, expectedMean]).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12)]);
    }
  });

  it("are below 0 for an orthogonal W behind a tanh: σ = 1 alone keeps no gradient alive", () => {
    const spec = specOf({ cell: "orthogonal", activation: "tanh", layers: 1 });
    const [layer] = lyapunovOf(spec, initializeParameters(spec, "orthogonal", 2), inputsOf(spec, 200));
    expect(spectrumOf(spec, initializeParameters(spec, "orthogonal", 2))[0]!.W![0]).toBe(1);
    expect(layer!.exponents[0]).toBeLessThan(-0.05);
    expect(layer!.expectedTop).toBeLessThan(-0.05);
  });

  it("says −Infinity for dead relu units, of the exponents and of what is expected", () => {
    const spec = specOf({ activation: "relu", layers: 1 });
    const parameters = initializeParameters(spec, "orthogonal", 2);
    const b = parameters.get("layers.0.b")!.data;
    // σ = 0.2 and no inputs: the others are always on.
    const w = parameters.get("layers.0.W")!;
    w.data.set(w.data.map((value) => 0.2 * value));
    parameters.get("layers.0.M")!.data.fill(0);
    b.fill(5);
    // Two of eight units are always off.
    b.fill(-1e3, 0, 2);
    const [layer] = lyapunovOf(spec, parameters, inputsOf(spec, 60));
    const none = Number.NEGATIVE_INFINITY;
    expect([...layer!.exponents.subarray(6)]).toEqual([none, none]);
    expect(layer!.exponents[0]).toBeGreaterThan(-3);
    expect(layer!.expectedMean).toBe(none);
    expect(layer!.expectedTop).toBeCloseTo(Math.log(0.2 * (6 / 8)), 6);
    b.fill(-1e3);
    const [dead] = lyapunovOf(spec, parameters, inputsOf(spec, 60));
    expect([...dead!.exponents]).toEqual(new Array(8).fill(none));
    expect(dead!.expectedTop).toBe(none);
  });

  it("gives the gated cells' own: 2n of an lstm, nothing expected, the leading ones alone when asked", () => {
    for (const cell of ["lstm", "gru"] as const) {
      const spec = specOf({ cell });
      const parameters = initializeParameters(spec, "orthogonal", 2);
      const inputs = inputsOf(spec, 50);
      const all = lyapunovOf(spec, parameters, inputs);
      const leading = lyapunovOf(spec, parameters, inputs, { most: 3 });
      for (const [i, { exponents, expectedMean, expectedTop, stateSize }] of all.entries()) {
        expect(exponents).toHaveLength(cell === "lstm" ? 16 : 8);
        expect(stateSize).toBe(exponents.length);
        expect([expectedMean, expectedTop]).toEqual([null, null]);
        expect(leading[i]!.exponents).toHaveLength(3);
        expect(leading[i]!.exponents.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it("of an lstm that only forgets, ln f: its cell state decays by the forget gate", () => {
    const spec = specOf({ cell: "lstm", layers: 1, hidden: 4 });
    const parameters = initializeParameters(spec, "orthogonal", 2);
    for (const name of ["W", "M", "b"]) parameters.get(`layers.0.${name}`)!.data.fill(0);
    parameters.get("layers.0.b")!.data.fill(2, 4, 8);
    const [layer] = lyapunovOf(spec, parameters, inputsOf(spec, 30));
    const expected = Math.log(sigmoid(2));
    // h has no way back into the recurrence: n directions die.
    expect(distance(layer!.exponents.subarray(0, 4), new Array(4).fill(expected))).toBeLessThan(1e-12);
    expect([...layer!.exponents.subarray(4)]).toEqual(new Array(4).fill(Number.NEGATIVE_INFINITY));
  });

  it("walks a sequence of a single timestep, of a single unit", () => {
    const spec = specOf({ hidden: 1, layers: 2, reflectors: [1, 1] });
    const layers = lyapunovOf(spec, initializeParameters(spec, "glorot", 1), Float32Array.of(1, 2, 3));
    for (const { exponents, expectedMean, timesteps } of layers) {
      expect(timesteps).toBe(1);
      expect(exponents[0]).toBeCloseTo(expectedMean!, 12);
    }
  });

  it("reads symbols as one-hot rows, and through an embedding", () => {
    const symbols = Float32Array.of(0, 2, 1, 1, 3, 0, 2, 3, 3, 1);
    const onehot = specOf({ inputSize: 4 });
    const parameters = initializeParameters(onehot, "glorot", 4);
    const rows = Float32Array.from({ length: 40 }, (_, i) => (symbols[i >> 2] === (i & 3) ? 1 : 0));
    const expected = lyapunovOf(onehot, parameters, rows);
    const bySymbol: ModelSpec = { ...onehot, inputSize: 1, vocabulary: 4 };
    expect(lyapunovOf(bySymbol, parameters, symbols)).toEqual(expected);

    const embedded: ModelSpec = { ...bySymbol, embedding: "free" };
    const free = initializeParameters(embedded, "glorot", 4);
    const table = toRows(Float64Array.from(free.get("embedding.W")!.data), 4, 8);
    const looked = Float32Array.from([...symbols].flatMap((symbol) => table[symbol]!));
    const plain = new Map([...free].filter(([name]) => name !== "embedding.W"));
    expect(lyapunovOf(embedded, free, symbols)).toEqual(lyapunovOf(specOf({ inputSize: 8 }), plain, looked));
    expect(() => lyapunovOf(bySymbol, parameters, Float32Array.of(4))).toThrow(
      "4 is no symbol: there are 0 … 3",
    );
  });

  it("refuses what has none, naming why", () => {
    const spec = specOf({ net: "mlp" });
    expect(() => lyapunovOf(spec, initializeParameters(spec, "glorot", 1), new Float32Array(3))).toThrow(
      "a mlp has no recurrence",
    );
    const relu = specOf({ activation: "relu", layers: 1 });
    const parameters = initializeParameters(relu, "identity", 1);
    parameters.get("layers.0.M")!.data.fill(Number.POSITIVE_INFINITY);
    expect(() => lyapunovOf(relu, parameters, new Float32Array(30).fill(1))).toThrow(
      "layer 0: unit 0 is Infinity at timestep 1",
    );
  });
});
