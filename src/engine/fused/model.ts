/** A model of the fused engine: the steps of a training step, in order. */
import { assertBatch, batchParts, lossTerms } from "../batches.ts";
import type {
  Batch,
  EvaluationResult,
  LayerProbe,
  Model,
  ModelSpec,
  OptimizerSettings,
  StepResult,
  TensorMap,
} from "../engine.ts";
import { layerInputs } from "../parameters.ts";
import { type Candidates, candidatesOf } from "../sampledSoftmax.ts";
import { emptyStates, placeStates } from "../states.ts";
import { addressesOf } from "./addresses.ts";
import { allocateBatchBuffers, type BatchBuffers, panelWidth, shardsOf } from "./batchBuffers.ts";
import { readCarried, writeCarried } from "./carried.ts";
import { DenseTransition } from "./denseTransition.ts";
import {
  activations,
  cells,
  model as field,
  flags,
  heads,
  layerRecordBytes,
  modelRecordBytes,
} from "./descriptor.ts";
import type { Kernels } from "./kernels.ts";
import { LowRankTransition } from "./lowRankTransition.ts";
import type { Arena } from "./memory.ts";
import { ParameterStore } from "./parameterStore.ts";
import { type LayerPlan, pad4, planLayer, rankOf } from "./plan.ts";
import { readProbes } from "./probes.ts";
import { SampledHead } from "./sampledHead.ts";
import type { GradientCheckpointing } from "./scratch.ts";
import { addSymbolGradients, writeSymbols } from "./symbols.ts";
import type { Threads } from "./threads.ts";
import type { Transition } from "./transition.ts";
import { type Locate, Weights } from "./weights.ts";
import { reducePiece } from "./work.ts";

/** Sequences of a forward pass without gradients: enough to keep every thread busy. */
const forwardBatch = 256;

export class FusedModel implements Model {
  readonly spec: ModelSpec;
  readonly #arena: Arena;
  readonly #threads: Threads;
  readonly #kernels: Kernels;
  readonly #settings: OptimizerSettings;
  readonly #checkpointing: GradientCheckpointing;
  readonly #plans: readonly LayerPlan[];
  readonly #record: number;
  readonly #layerRecords: number;
  readonly #store: ParameterStore;
  readonly #transitions: readonly Transition[] = [];
  readonly #weights: Weights;
  readonly #sampled: SampledHead | undefined;
  readonly #valueOf: Locate;
  readonly #gradientOf: Locate;
  readonly #reduced: number;
  #buffers: BatchBuffers | undefined;
  /** The packed weights are those of the parameters. */
  #packed = false;
  #disposed = false;

  constructor(
    arena: Arena,
    threads: Threads,
    spec: ModelSpec,
    settings: OptimizerSettings,
    parameters: TensorMap,
    state?: TensorMap,
    checkpointing: GradientCheckpointing = "off",
  ) {
    this.spec = spec;
    this.#arena = arena;
    this.#threads = threads;
    this.#kernels = threads.kernels;
    this.#settings = settings;
    this.#checkpointing = checkpointing;
    this.#plans = Array.from({ length: spec.layers }, (_, layer) => planLayer(spec, layer));
    this.#store = new ParameterStore(arena, spec, settings, parameters, state);
    this.#record = arena.allocate(modelRecordBytes);
    this.#layerRecords = arena.allocate(layerRecordBytes * spec.layers);
    const sampled = settings.sampledSoftmax && Math.min(settings.sampledSoftmax, spec.outputSize);
    this.#weights = new Weights(arena, spec, this.#plans, this.#record, this.#layerRecords, sampled);
    if (spec.cell === "spectral" || spec.cell === "orthogonal") this.#transitions = this.#createTransitions();
    if (sampled !== undefined) this.#sampled = new SampledHead(arena, spec, sampled);
    const parts = { store: this.#store, transitions: this.#transitions, sampled: this.#sampled };
    this.#valueOf = addressesOf("value", spec, parts);
    this.#gradientOf = addressesOf("gradient", spec, parts);
    this.#reduced = arena.allocate(this.#weights.partialBytes);
    const write = (index: number, value: number) => {
      arena.integers[this.#record / 4 + index] = value;
    };
    write(field.cell, cells[spec.cell === "lstm" || spec.cell === "gru" ? spec.cell : "rnn"]);
    write(field.activation, activations[spec.activation]);
    write(field.layers, spec.layers);
    write(field.hidden, spec.hidden);
    write(field.hiddenPadded, pad4(spec.hidden));
    write(field.inputSize, layerInputs(spec, 0));
    write(field.residual, spec.net === "resnet" ? 1 : 0);
    write(field.head, heads[spec.head]);
    write(field.layerRecords, this.#layerRecords);
  }

  /** One for all layers that multiply by W, or one for each that multiplies by Σ + P Qᵀ: `rankOf` is the same for all. */
  #createTransitions(): Transition[] {
    const [arena, spec] = [this.#arena, this.spec];
    if (rankOf(spec) === 0) return [new DenseTransition(arena, this.#threads, spec, this.#store)];
    return this.#weights.diagonalGradients.map((offset, layer) => {
      const record = this.#layerRecords + layer * layerRecordBytes;
      return new LowRankTransition(arena, this.#kernels, spec, layer, record, offset);
    });
  }

  getParameters(): TensorMap {
    return this.#store.values();
  }

  getOptimizerState(): TensorMap {
    return this.#store.optimizerState();
  }

  trainStep(batch: Batch, learningRate: number, probe: boolean): StepResult {
    const { loss, metric, final } = this.#differentiate(batch, probe);
    const gradientNorm = Math.sqrt(this.#store.gradientSquares(this.#kernels));
    const finite = Number.isFinite(loss) && Number.isFinite(gradientNorm);
    const { clipNorm } = this.#settings;
    const scale = clipNorm !== undefined && gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
    let probes: StepResult["probe"];
    if (finite) {
      const parameters = this.#store.update(this.#kernels, learningRate, scale, probe);
      this.#packed = false;
      if (parameters) probes = { layers: this.#layerProbes(batch), parameters };
    } else if (probe) probes = { layers: this.#layerProbes(batch), parameters: [] };
    const clippedGradientNorm = gradientNorm * scale;
    const result = { loss, metric, gradientNorm, clippedGradientNorm, finite, probe: probes };
    return final ? { ...result, final } : result;
  }

  gradients(batch: Batch): { loss: number; gradients: TensorMap; layers: readonly LayerProbe[] } {
    const { loss } = this.#differentiate(batch, true);
    return { loss, gradients: this.#store.gradients(), layers: this.#layerProbes(batch) };
  }

  evaluate(batch: Batch): EvaluationResult {
    let loss = 0;
    let metric = 0;
    const final = batch.initial && emptyStates(this.spec, batch.size);
    this.#forward(batch, 0, (part, from) => {
      const sums = this.#sums(part);
      loss += sums.loss * part.size;
      metric += sums.metric * part.size;
      if (sums.final && final) placeStates(this.spec, sums.final, part.size, final, batch.size, from);
    });
    return { loss: loss / batch.size, metric: metric / batch.size, ...(final ? { final } : {}) };
  }

  predict(batch: Batch): Float32Array {
    const each = this.spec.outputSize * (this.spec.head === "classifyEach" ? batch.length : 1);
    const out = new Float32Array(batch.size * each);
    // Only here is there need of room for outputs, which of a large vocabulary take more than all else.
    const bytes = Math.min(batch.size, forwardBatch) * each * 4;
    const predictions = this.#arena.allocate(bytes);
    this.#arena.integers[this.#record / 4 + field.predictions] = predictions;
    try {
      this.#forward(batch, flags.predict, (part, from) => {
        const start = predictions / 4;
        out.set(this.#arena.floats.subarray(start, start + part.size * each), from * each);
      });
    } finally {
      this.#arena.release(predictions, bytes);
    }
    return out;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#buffers?.release();
    this.#arena.release(this.#reduced, this.#weights.partialBytes);
    this.#weights.release();
    this.#sampled?.release();
    for (const transition of this.#transitions) transition.release();
    this.#arena.release(this.#layerRecords, layerRecordBytes * this.spec.layers);
    this.#arena.release(this.#record, modelRecordBytes);
    this.#store.release();
  }

  /** Forward and backward; leaves the gradient of the mean loss in the store. */
  #differentiate(given: Batch, probe: boolean): EvaluationResult {
    const chosen = this.#chooseCandidates(given);
    const batch = chosen ? { ...given, targets: chosen.targets } : given;
    const shards = this.#load(batch);
    if (chosen) this.#weights.chooseHead("sampled");
    try {
      this.#run(shards, flags.backward | (probe ? flags.probe : 0) | carryOf(batch));
    } finally {
      if (chosen) this.#weights.chooseHead("all");
    }
    const result = this.#sums(batch);
    const { partials } = this.#buffers!;
    let gradient = partials;
    if (shards > 1) {
      gradient = this.#reduced;
      const floats = this.#weights.partialBytes / 4;
      this.#threads.run(
        "reduce",
        Math.ceil(floats / reducePiece),
        gradient,
        partials,
        floats,
        floats,
        shards,
      );
    }
    this.#weights.unpack(this.#kernels, gradient, this.#gradientOf);
    if (chosen) {
      const [W, b] = [this.#gradientOf("head.W"), this.#gradientOf("head.b")];
      this.#sampled?.scatter(chosen, this.spec.outputSize, W, b);
    }
    for (const transition of this.#transitions) transition.pullback(this.#store, gradient);
    if (this.spec.embedding !== undefined) this.#addSymbolGradients(batch);
    return result;
  }

  /** The classes of this step's softmax, with their rows gathered; undefined: all. */
  #chooseCandidates(batch: Batch): Candidates | undefined {
    const sampled = this.#sampled;
    const { targets } = batch;
    if (!sampled || !(targets instanceof Int32Array)) return undefined;
    // Before its targets become indices into the sample, which say nothing of the classes they were.
    assertBatch(this.spec, batch);
    const chosen = candidatesOf(this.spec, targets, sampled.count, this.#store.steps("head.b"));
    sampled.gather(chosen, this.#valueOf("head.W"), this.#valueOf("head.b"));
    // The gathered rows are others each time.
    this.#packed = false;
    return chosen;
  }

  /** To the embedding's gradient, which holds what the head left where it is tied. */
  #addSymbolGradients(batch: Batch): void {
    const { floats } = this.#arena;
    const { embedding, vocabulary = 0, hidden } = this.spec;
    const gradient = this.#store.gradient("embedding.W") / 4;
    if (embedding === "free") floats.fill(0, gradient, gradient + vocabulary * hidden);
    addSymbolGradients(floats, this.#buffers!.inputGradients / 4, this.spec, batch, gradient);
  }

  #forward(batch: Batch, flag: number, use: (part: Batch, from: number) => void): void {
    for (const [part, from] of batchParts(this.spec, batch, forwardBatch)) {
      this.#run(this.#load(part), flag | carryOf(part));
      use(part, from);
    }
  }

  #run(shards: number, flag: number): void {
    if (!this.#packed) {
      for (const transition of this.#transitions) transition.materialize(this.#store);
      this.#weights.pack(this.#kernels, this.#valueOf);
      this.#packed = true;
    }
    const { scratch, scratchStride } = this.#buffers!;
    this.#threads.run("shards", shards, this.#record, scratch, scratchStride, flag);
  }

  /** Copies a batch into kernel memory; returns its number of shards. */
  #load(batch: Batch): number {
    if (this.#disposed) throw new Error("the model was disposed of");
    assertBatch(this.spec, batch);
    const { capacity } = this.#buffers ?? { capacity: { batch: 0, length: 0 } };
    if (batch.size > capacity.batch || batch.length > capacity.length) {
      this.#buffers?.release();
      this.#buffers = undefined;
      this.#buffers = allocateBatchBuffers(
        this.#arena,
        this.spec,
        this.#plans,
        { batch: Math.max(batch.size, capacity.batch), length: Math.max(batch.length, capacity.length) },
        this.#threads.count,
        this.#checkpointing,
        this.#weights.partialBytes,
        this.#record,
        this.#layerRecords,
      );
    }
    const { inputs, targets } = this.#buffers!;
    const { panels, panelsPerShard, shards } = shardsOf(batch.size);
    const { integers, floats } = this.#arena;
    if (this.spec.vocabulary === undefined) floats.set(batch.inputs, inputs / 4);
    else {
      const embedding = this.spec.embedding && this.#store.value("embedding.W") / 4;
      writeSymbols(floats, inputs / 4, this.spec, batch, embedding);
    }
    if (batch.initial) writeCarried(floats, this.#buffers!.carried / 4, this.spec, batch.initial, batch.size);
    (batch.targets instanceof Int32Array ? integers : floats).set(batch.targets, targets / 4);
    const record = this.#record / 4;
    integers[record + field.length] = batch.length;
    integers[record + field.batch] = batch.size;
    integers[record + field.panels] = panels;
    integers[record + field.panelsPerShard] = panelsPerShard;
    floats[record + field.scale] = 1 / lossTerms(this.spec, batch);
    return shards;
  }

  #sums(batch: Batch): EvaluationResult {
    const { losses, metrics, carried } = this.#buffers!;
    const { doubles, floats } = this.#arena;
    const panels = Math.ceil(batch.size / panelWidth);
    let loss = 0;
    let metric = 0;
    for (let panel = 0; panel < panels; panel++) {
      loss += doubles[losses / 8 + panel]!;
      metric += doubles[metrics / 8 + panel]!;
    }
    const terms = lossTerms(this.spec, batch);
    const final = batch.initial && readCarried(floats, carried / 4, this.spec, batch.size);
    const result = { loss: loss / terms, metric: metric / terms };
    return final ? { ...result, final } : result;
  }

  #layerProbes(batch: Batch): LayerProbe[] {
    return readProbes(this.#arena, this.#buffers!, this.spec, batch);
  }
}

const carryOf = ({ initial }: Batch): number => (initial ? flags.carry : 0);
