/** The reference behind the product's `Engine` interface: Float32 at the border, doubles inside. */
import type {
  Batch,
  Engine,
  EvaluationResult,
  LayerProbe,
  Model,
  ModelSpec,
  OptimizerSettings,
  States,
  StepResult,
  TensorMap,
} from "../../src/engine/engine.ts";
import { assertParameters, parameterShapes } from "../../src/engine/parameters.ts";
import {
  type Doubles,
  type Evaluation,
  evaluate,
  evaluateWithGradients,
  type LayerMeasure,
} from "./model.ts";
import { globalNorm, initialState, update } from "./optimizers.ts";

export interface ReferenceOptions {
  /**
   * Precision that parameters and optimizer state are kept in between steps. "single" rounds them after each step,
   * so that a checkpoint holds them exactly and a resumed run goes on bit for bit. Default: "double".
   */
  readonly storage?: "double" | "single";
}

/** An engine for tests: slow, and right. It calls itself "fused" because the interface knows no third name. */
export function createReferenceEngine(options: ReferenceOptions = {}): Engine {
  const storage = options.storage ?? "double";
  return {
    name: "fused",
    description: `plain double-precision reference for tests (${storage} storage)`,
    createModel: (spec, optimizer, parameters, optimizerState) =>
      new ReferenceModel(spec, optimizer, parameters, optimizerState ?? new Map(), storage),
    dispose: async () => {},
  };
}

class ReferenceModel implements Model {
  readonly spec: ModelSpec;
  readonly #optimizer: OptimizerSettings;
  readonly #storage: "double" | "single";
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #parameters: Doubles = new Map();
  readonly #state: Doubles;

  constructor(
    spec: ModelSpec,
    optimizer: OptimizerSettings,
    parameters: TensorMap,
    optimizerState: TensorMap,
    storage: "double" | "single",
  ) {
    assertParameters(spec, parameters);
    this.spec = spec;
    this.#optimizer = optimizer;
    this.#storage = storage;
    this.#shapes = new Map(parameterShapes(spec).map(({ name, shape }) => [name, shape]));
    for (const name of this.#shapes.keys())
      this.#parameters.set(name, Float64Array.from(parameters.get(name)!.data));
    this.#state = initialState(spec, optimizer);
    for (const [name, values] of this.#state) {
      const given = optimizerState.get(name);
      if (given) values.set(given.data);
    }
  }

  getParameters(): TensorMap {
    return this.#toTensors(this.#parameters);
  }

  getOptimizerState(): TensorMap {
    const state: TensorMap = new Map();
    for (const [name, values] of this.#state) {
      const shape = name.startsWith("t.") ? [] : this.#shapes.get(name.slice(2))!;
      state.set(name, { shape, data: Float32Array.from(values) });
    }
    return state;
  }

  trainStep(batch: Batch, learningRate: number, probe: boolean): StepResult {
    const { loss, metric, gradients, layers, final } = evaluateWithGradients(
      this.spec,
      this.#parameters,
      batch,
    );
    const norm = globalNorm(gradients);
    const finite = Number.isFinite(loss) && Number.isFinite(norm);
    const updated = finite
      ? update(this.spec, this.#optimizer, learningRate, this.#parameters, gradients, this.#state)
      : {
          gradientNorm: norm,
          clippedGradientNorm: norm,
          parameters: [...gradients].map(([name, values]) => ({
            name,
            gradientNorm: globalNorm(new Map([[name, values]])),
            updateRatio: 0,
          })),
        };
    if (this.#storage === "single")
      for (const map of [this.#parameters, this.#state])
        for (const [name, values] of map) map.set(name, values.map(Math.fround));
    return {
      loss,
      metric,
      gradientNorm: updated.gradientNorm,
      clippedGradientNorm: updated.clippedGradientNorm,
      finite,
      probe: probe ? { layers: layers.map(toProbe), parameters: updated.parameters } : undefined,
      ...(batch.initial ? { final: toStates(this.spec, final) } : {}),
    };
  }

  gradients(batch: Batch): ReturnType<Model["gradients"]> {
    const { loss, gradients, layers } = evaluateWithGradients(this.spec, this.#parameters, batch);
    return { loss, gradients: this.#toTensors(gradients), layers: layers.map(toProbe) };
  }

  evaluate(batch: Batch): EvaluationResult {
    const { loss, metric, final } = evaluate(this.spec, this.#parameters, batch);
    return { loss, metric, ...(batch.initial ? { final: toStates(this.spec, final) } : {}) };
  }

  predict(batch: Batch): Float32Array {
    return Float32Array.from(evaluate(this.spec, this.#parameters, batch).outputs);
  }

  dispose(): void {}

  #toTensors(values: Doubles): TensorMap {
    return new Map(
      [...this.#shapes].map(([name, shape]) => [name, { shape, data: Float32Array.from(values.get(name)!) }]),
    );
  }
}

function toProbe({ gradientNorm, saturation }: LayerMeasure): LayerProbe {
  return { gradientNorm: Float32Array.from(gradientNorm), saturation: Float32Array.from(saturation) };
}

function toStates({ cell }: ModelSpec, final: Evaluation["final"]): States {
  const values = (kind: "h" | "c") =>
    Float32Array.from(final.flatMap((layer) => layer.flatMap((state) => state[kind] ?? [])));
  return { h: values("h"), c: cell === "lstm" ? values("c") : undefined };
}
