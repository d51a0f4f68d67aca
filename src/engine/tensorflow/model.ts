/** A model of the TensorFlow.js engine: the same steps as the fused one's, differentiated by TensorFlow.js. */
import { assertBatch, batchParts } from "../batches.ts";
import type {
  Batch,
  EvaluationResult,
  LayerProbe,
  Model,
  ModelSpec,
  OptimizerSettings,
  States,
  StepResult,
  TensorMap,
} from "../engine.ts";
import { l2Norm } from "../l2Norm.ts";
import { parameterShapes } from "../parameters.ts";
import { type Candidates, candidatesOf } from "../sampledSoftmax.ts";
import { emptyStates, placeStates } from "../states.ts";
import type { CellState } from "./cells.ts";
import { lossOf, metricOf, targetsOf } from "./head.ts";
import { inputsOf, type Network, type NetworkOutputs, runNetwork } from "./network.ts";
import { copyOf, ParameterStore } from "./parameterStore.ts";
import type { Tensor } from "./tensorflow.ts";
import { StateWatcher } from "./watch.ts";

/** Sequences of a forward pass without gradients: more would need more memory than they save time. */
const forwardBatch = 256;

interface Differentiated extends EvaluationResult {
  /** In the order of the parameters; the caller disposes of them. */
  readonly gradients: readonly Tensor[];
  readonly layers: readonly LayerProbe[] | undefined;
}

export class TensorflowModel implements Model {
  readonly spec: ModelSpec;
  readonly #network: Network;
  readonly #settings: OptimizerSettings;
  readonly #store: ParameterStore;
  readonly #activate: () => void;
  #disposed = false;

  /** @param activate makes the engine's backend the one that new tensors belong to. */
  constructor(
    network: Network,
    settings: OptimizerSettings,
    parameters: TensorMap,
    state: TensorMap | undefined,
    activate: () => void,
  ) {
    this.spec = network.spec;
    this.#network = network;
    this.#settings = settings;
    this.#activate = activate;
    activate();
    this.#store = new ParameterStore(network.tf, network.spec, settings, parameters, state);
  }

  getParameters(): TensorMap {
    return this.#store.values();
  }

  getOptimizerState(): TensorMap {
    return this.#store.optimizerState();
  }

  trainStep(batch: Batch, learningRate: number, probe: boolean): StepResult {
    const { loss, metric, gradients, layers, ...states } = this.#differentiate(batch, probe);
    try {
      const norms = gradients.map((gradient) => l2Norm(gradient.dataSync()));
      const gradientNorm = l2Norm(norms);
      const finite = Number.isFinite(loss) && Number.isFinite(gradientNorm);
      const { clipNorm } = this.#settings;
      const scale = clipNorm !== undefined && gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
      const parameters = finite
        ? this.#store.update(gradients, learningRate, scale, probe ? norms : undefined)
        : [];
      return {
        loss,
        metric,
        gradientNorm,
        clippedGradientNorm: gradientNorm * scale,
        finite,
        probe: layers ? { layers, parameters } : undefined,
        ...states,
      };
    } finally {
      for (const gradient of gradients) gradient.dispose();
    }
  }

  gradients(batch: Batch): { loss: number; gradients: TensorMap; layers: readonly LayerProbe[] } {
    const { loss, gradients, layers } = this.#differentiate(batch, true);
    const named = parameterShapes(this.spec).map(
      ({ name, shape }, index) => [name, { shape, data: copyOf(gradients[index]!) }] as const,
    );
    for (const gradient of gradients) gradient.dispose();
    return { loss, gradients: new Map(named), layers: layers! };
  }

  evaluate(batch: Batch): EvaluationResult {
    const { tf } = this.#network;
    let loss = 0;
    let metric = 0;
    const final = batch.initial && emptyStates(this.spec, batch.size);
    for (const [part, from] of this.#parts(batch)) {
      tf.tidy(() => {
        const { outputs, final: ends } = this.#outputs(part);
        if (final) placeStates(this.spec, this.#states(ends), part.size, final, batch.size, from);
        const mean = lossOf(tf, this.spec, outputs, targetsOf(tf, this.spec, part));
        loss += mean.dataSync()[0]! * part.size;
        metric += metricOf(this.spec, outputs.dataSync(), part) * part.size;
      });
    }
    return { loss: loss / batch.size, metric: metric / batch.size, ...(final ? { final } : {}) };
  }

  predict(batch: Batch): Float32Array {
    const { tf } = this.#network;
    const { outputSize, head } = this.spec;
    const timesteps = head === "classifyEach" ? batch.length : 1;
    const out = new Float32Array(batch.size * timesteps * outputSize);
    for (const [part, from] of this.#parts(batch)) {
      const values = tf.tidy(() => this.#outputs(part).outputs.dataSync());
      for (let t = 0; t < timesteps; t++)
        for (let b = 0; b < part.size; b++) {
          const row = (t * part.size + b) * outputSize;
          out.set(values.subarray(row, row + outputSize), ((from + b) * timesteps + t) * outputSize);
        }
    }
    return out;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#store.dispose();
  }

  *#parts(batch: Batch): Generator<[part: Batch, from: number]> {
    this.#assertUsable();
    assertBatch(this.spec, batch);
    yield* batchParts(this.spec, batch, forwardBatch);
  }

  #assertUsable(): void {
    if (this.#disposed) throw new Error("the model was disposed of");
    this.#activate();
  }

  /** Call inside a tidy. */
  #outputs(batch: Batch): NetworkOutputs {
    return runNetwork(this.#network, this.#store.tensors(), inputsOf(this.#network, batch));
  }

  /** Copies of what `runNetwork` left. */
  #states(ends: readonly CellState[]): States {
    const join = (values: readonly Float32Array[]) => {
      const size = values.reduce((sum, { length }) => sum + length, 0);
      const joined = new Float32Array(size);
      let at = 0;
      for (const value of values) {
        joined.set(value, at);
        at += value.length;
      }
      return joined;
    };
    const read = (kind: "h" | "c") => join(ends.flatMap((state) => (state[kind] ? copyOf(state[kind]) : [])));
    return { h: read("h"), c: this.spec.cell === "lstm" ? read("c") : undefined };
  }

  /** The classes of this step's softmax; undefined: all. */
  #candidates({ targets }: Batch): Candidates | undefined {
    const { sampledSoftmax } = this.#settings;
    if (sampledSoftmax === undefined || !(targets instanceof Int32Array)) return undefined;
    return candidatesOf(this.spec, targets, sampledSoftmax, this.#store.steps("head.b"));
  }

  /** Forward and backward: the gradient of the mean loss. */
  #differentiate(given: Batch, probe: boolean): Differentiated {
    this.#assertUsable();
    assertBatch(this.spec, given);
    const candidates = this.#candidates(given);
    const batch = candidates ? { ...given, targets: candidates.targets } : given;
    const spec = candidates ? { ...this.spec, outputSize: candidates.classes.length } : this.spec;
    const { tf } = this.#network;
    const tensors = this.#store.tensors();
    const names = [...tensors.keys()];
    const watcher = probe ? new StateWatcher(tf, this.spec, batch.length) : undefined;
    let metric = 0;
    let final: States | undefined;
    try {
      let loss = 0;
      const gradients = tf.tidy(() => {
        const inputs = { ...inputsOf(this.#network, batch), candidates };
        const targets = targetsOf(tf, spec, batch);
        const differentiate = tf.valueAndGrads((...values: Tensor[]) => {
          const parameters = new Map(names.map((name, index) => [name, values[index]!]));
          const { outputs, final: ends } = runNetwork(this.#network, parameters, inputs, watcher);
          if (batch.initial) final = this.#states(ends);
          metric = metricOf(spec, outputs.dataSync(), batch);
          return lossOf(tf, spec, outputs, targets);
        });
        const { value, grads } = differentiate([...tensors.values()]);
        loss = value.dataSync()[0]!;
        return grads;
      });
      const layers = watcher?.probes(batch.size);
      return { loss, metric, gradients, layers, ...(final ? { final } : {}) };
    } finally {
      watcher?.dispose();
    }
  }
}
