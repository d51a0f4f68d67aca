/** The fused engine against the double-precision reference: loss, outputs, gradients and what a probe measures. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Batch, Engine, ModelSpec, OptimizerSettings, States } from "../../../src/engine/engine.ts";
import { createFusedEngine } from "../../../src/engine/fused/createFusedEngine.ts";
import { rankOf } from "../../../src/engine/fused/plan.ts";
import { cellNames } from "../../../src/experiment/schema.ts";
import { Random } from "../../../src/random.ts";
import {
  type CaseShape,
  deepKinds,
  everyKind,
  instructiveBatch,
  randomParameters,
  randomShape,
  randomStates,
  specOf,
  symbolKinds,
  toDoubles,
} from "../../reference/cases.ts";
import { builds } from "../kernels/compile.ts";
import { expectAgreement, expectEvaluation, expectSameBits } from "./agreement.ts";

const settings: OptimizerSettings = { optimizer: "sgd", momentum: 0.9, weightDecay: 0, clipNorm: undefined };

/** Shapes at which padding, panels of 8 sequences, chunks of 16 timesteps or blocks of reflectors begin and end. */
const edges: readonly CaseShape[] = [
  { batch: 1, length: 1, hidden: 1, inputSize: 1, outputSize: 1, reflectors: [1, 1] },
  { batch: 9, length: 17, hidden: 5, inputSize: 11, outputSize: 3, reflectors: [5, 2] },
  { batch: 8, length: 16, hidden: 8, inputSize: 4, outputSize: 4, reflectors: [8, 8] },
  { batch: 3, length: 33, hidden: 13, inputSize: 1, outputSize: 5, reflectors: [1, 13] },
];

const fewReflectors: readonly CaseShape[] = [
  { batch: 1, length: 1, hidden: 10, inputSize: 1, outputSize: 1, reflectors: [1, 1] },
  { batch: 9, length: 17, hidden: 21, inputSize: 11, outputSize: 3, reflectors: [3, 2] },
  { batch: 8, length: 16, hidden: 40, inputSize: 4, outputSize: 4, reflectors: [8, 8] },
  { batch: 3, length: 33, hidden: 43, inputSize: 1, outputSize: 5, reflectors: [1, 13] },
  { batch: 35, length: 3, hidden: 67, inputSize: 5, outputSize: 10, reflectors: [10, 5] },
];

let engines: Engine[] = [];
beforeAll(async () => {
  engines = await Promise.all(builds.map((build) => createFusedEngine({ threads: 2, build })));
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.dispose()));
});

function check(random: Random, spec: ModelSpec, size: number, length: number, carried = false) {
  const parameters = randomParameters(random, spec);
  const initial = carried ? randomStates(random, spec, size) : undefined;
  const batch = instructiveBatch(random, spec, toDoubles(parameters), size, length, initial);
  for (const engine of engines) {
    const model = engine.createModel(spec, settings, parameters);
    expectAgreement(model, spec, toDoubles(parameters), batch);
    expectSameBits(model.getParameters(), parameters, "parameters after evaluating");
    model.dispose();
  }
}

describe("the fused engine agrees with the reference", () => {
  for (const [index, kind] of everyKind().entries()) {
    const { cell, activation, head, layers } = kind;
    it(`${cell} ${activation} ${head}, ${layers} layers`, () => {
      const random = new Random(1, "fused oracle", index);
      const limit = { batch: 19, length: 20, hidden: 14, inputSize: 20, outputSize: 9 };
      const shapes = [
        edges[index % edges.length]!,
        ...Array.from({ length: 3 }, () => randomShape(random, limit)),
      ];
      for (const shape of shapes) {
        const spec = specOf(random, kind, shape);
        check(random, spec, shape.batch, shape.length);
      }
    });
  }

  for (const cell of cellNames) {
    it(`${cell} at every edge of padding, panels and chunks`, () => {
      const random = new Random(2, "fused oracle", cell);
      for (const shape of edges) {
        const spec = specOf(random, { cell, activation: "tanh", head: "classifyEach", layers: 2 }, shape);
        check(random, spec, shape.batch, shape.length);
      }
    });

    it(`${cell} with many hidden units, in several shards of the batch`, () => {
      const random = new Random(3, "fused oracle", cell);
      const shape = {
        batch: 139,
        length: 3,
        hidden: 67,
        inputSize: 5,
        outputSize: 10,
        reflectors: [67, 35],
      } as const;
      const spec = specOf(random, { cell, activation: "tanh", head: "classifyLast", layers: 1 }, shape);
      check(random, spec, shape.batch, shape.length);
    });

    it(`${cell} when batches grow and shrink`, () => {
      const random = new Random(4, "fused oracle", cell);
      const shape = {
        batch: 1,
        length: 1,
        hidden: 6,
        inputSize: 3,
        outputSize: 4,
        reflectors: [6, 3],
      } as const;
      for (const head of ["classifyEach", "regressLast"] as const) {
        const spec = specOf(random, { cell, activation: "tanh", head, layers: 2 }, shape);
        const parameters = randomParameters(random, spec);
        for (const engine of engines) {
          const model = engine.createModel(spec, settings, parameters);
          // 136 sequences are 17 panels in 9 shards; 128 are 16 panels in 16.
          for (const [size, length] of [
            [5, 20],
            [136, 2],
            [128, 3],
            [1, 1],
            [300, 1],
            [16, 18],
          ] as const) {
            const batch = instructiveBatch(random, spec, toDoubles(parameters), size, length);
            expectAgreement(model, spec, toDoubles(parameters), batch);
          }
          model.dispose();
        }
      }
    });
  }

  // So few that the layers multiply by a diagonal and a matrix of low rank.
  for (const cell of ["spectral", "orthogonal"] as const)
    for (const head of ["classifyLast", "regressLast", "classifyEach"] as const)
      it(`${cell} of few reflectors, ${head}`, () => {
        const random = new Random(10, "fused oracle", cell, head);
        for (const [index, shape] of fewReflectors.entries()) {
          const kind = { cell, activation: "tanh", head, layers: 1 + (index % 3) } as const;
          const spec = specOf(random, kind, shape);
          expect(rankOf(spec)).toBeGreaterThan(0);
          check(random, spec, shape.batch, shape.length, index % 2 === 1);
        }
      });

  for (const [index, kind] of deepKinds().entries())
    it(`${kind.net} of ${kind.cell} ${kind.activation}, ${kind.layers} layers`, () => {
      const random = new Random(7, "fused oracle", index);
      const limit = { batch: 19, length: 1, hidden: 14, inputSize: 20, outputSize: 9 };
      const shapes = [edges[0]!, ...Array.from({ length: 4 }, () => randomShape(random, limit))];
      for (const shape of shapes) check(random, specOf(random, kind, shape), shape.batch, 1);
    });

  for (const [index, kind] of symbolKinds().entries())
    it(`${kind.cell} of symbols, ${kind.embedding ?? "one-hot"}`, () => {
      const random = new Random(8, "fused oracle", index);
      const limit = { batch: 19, length: 20, hidden: 14, inputSize: 1, outputSize: 9 };
      const shapes = [...edges, randomShape(random, limit), randomShape(random, limit)];
      for (const [i, shape] of shapes.entries())
        check(random, specOf(random, kind, shape), shape.batch, shape.length, i % 2 === 1);
    });

  for (const cell of cellNames)
    it(`${cell} from states that are not zero, and then from zero again`, () => {
      const random = new Random(9, "fused oracle", cell);
      for (const shape of edges) {
        const spec = specOf(random, { cell, activation: "tanh", head: "classifyEach", layers: 2 }, shape);
        const parameters = randomParameters(random, spec);
        const batches = [true, false, true].map((carried) =>
          instructiveBatch(
            random,
            spec,
            toDoubles(parameters),
            shape.batch,
            shape.length,
            carried ? randomStates(random, spec, shape.batch) : undefined,
          ),
        );
        for (const engine of engines) {
          const model = engine.createModel(spec, settings, parameters);
          for (const batch of batches) expectAgreement(model, spec, toDoubles(parameters), batch);
          model.dispose();
        }
      }
    });

  it("one window after the other is the same as both at once", () => {
    const random = new Random(10, "fused oracle");
    for (const cell of cellNames) {
      const shape = {
        batch: 300,
        length: 12,
        hidden: 6,
        inputSize: 2,
        outputSize: 3,
        reflectors: [2, 6],
      } as const;
      const spec = specOf(random, { cell, activation: "tanh", head: "classifyEach", layers: 2 }, shape);
      const parameters = randomParameters(random, spec);
      const initial = randomStates(random, spec, shape.batch);
      const whole = instructiveBatch(random, spec, toDoubles(parameters), shape.batch, 12, initial);
      const window = (from: number, to: number, states: States): Batch => ({
        size: whole.size,
        length: to - from,
        inputs: Float32Array.from({ length: whole.size * (to - from) * 2 }, (_, i) => {
          const sequence = Math.floor(i / ((to - from) * 2));
          return whole.inputs[(sequence * 12 + from) * 2 + (i % ((to - from) * 2))]!;
        }),
        targets: Int32Array.from({ length: whole.size * (to - from) }, (_, i) => {
          return whole.targets[Math.floor(i / (to - from)) * 12 + from + (i % (to - from))]!;
        }),
        initial: states,
      });
      for (const engine of engines) {
        const model = engine.createModel(spec, settings, parameters);
        const all = model.evaluate(whole);
        const first = model.evaluate(window(0, 5, initial));
        const second = model.evaluate(window(5, 12, first.final!));
        expect((5 * first.loss + 7 * second.loss) / 12).toBeCloseTo(all.loss, 5);
        expect(second.final).toEqual(all.final);
        model.dispose();
      }
    }
  });

  it("evaluates more sequences than it takes at a time", () => {
    const random = new Random(5, "fused oracle");
    const shape = {
      batch: 1,
      length: 1,
      hidden: 4,
      inputSize: 2,
      outputSize: 3,
      reflectors: [2, 2],
    } as const;
    for (const head of ["classifyLast", "regressLast", "classifyEach"] as const) {
      const spec = specOf(random, { cell: "gru", activation: "tanh", head, layers: 1 }, shape);
      const parameters = randomParameters(random, spec);
      const batch = instructiveBatch(random, spec, toDoubles(parameters), 521, 4);
      for (const engine of engines) {
        const model = engine.createModel(spec, settings, parameters);
        expectEvaluation(model, spec, toDoubles(parameters), batch);
        model.dispose();
      }
    }
  });

  it("keeps models that live at once apart", () => {
    const random = new Random(6, "fused oracle");
    for (const engine of engines) {
      const all = cellNames.map((cell) => {
        const shape = randomShape(random, { batch: 9, length: 9, hidden: 9, inputSize: 9, outputSize: 5 });
        const spec = specOf(random, { cell, activation: "tanh", head: "classifyLast", layers: 2 }, shape);
        const parameters = randomParameters(random, spec);
        return { spec, parameters, model: engine.createModel(spec, settings, parameters) };
      });
      for (let round = 0; round < 3; round++)
        for (const { spec, parameters, model } of all)
          expectAgreement(
            model,
            spec,
            toDoubles(parameters),
            instructiveBatch(random, spec, toDoubles(parameters), 1 + 8 * round, 2 + round),
          );
      for (const { model, parameters } of all) {
        expectSameBits(model.getParameters(), parameters, "parameters");
        model.dispose();
      }
    }
    expect(engines.length).toBe(builds.length);
  });
});
