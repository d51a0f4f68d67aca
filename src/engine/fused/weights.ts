/** Packed weights and shard gradients of a model: written from row-major parameters, read back into them. */
import type { ModelSpec } from "../engine.ts";
import { layer as layerField, layerRecordBytes, model as modelField } from "./descriptor.ts";
import type { Kernels } from "./kernels.ts";
import type { Arena } from "./memory.ts";
import { type LayerPlan, type Part, pad4, pad8, planHead, sampledHead, type TransposedPart } from "./plan.ts";

/** Address of a row-major matrix by name: its values, or its gradient. */
export type Locate = (name: string) => number;

interface PackedPart extends Part {
  readonly weights: number;
  /** Byte offset of its gradient [row block][pair of quads][4][8] in a shard's partial; undefined: it has none. */
  readonly gradient: number | undefined;
}

/** Where one head's packed weights lie. */
interface Head {
  readonly outputs: number;
  readonly weights: number;
  readonly transposed: number;
  readonly gradient: number;
}

interface PackedTranspose extends TransposedPart {
  readonly weights: number;
}

export class Weights {
  /** Bytes of the gradient of one shard. */
  readonly partialBytes: number;
  /** For each layer the byte offset in a partial of diag(∂L/∂W), [padded n, 8]; −1 where it is not asked for. */
  readonly diagonalGradients: readonly number[];
  readonly #arena: Arena;
  readonly #parts: PackedPart[] = [];
  readonly #transposes: PackedTranspose[] = [];
  readonly #record: number;
  readonly #head: Head;
  readonly #sampledHead: Head | undefined;
  readonly #blocks: [number, number][] = [];

  /** @param sampled K, where training takes its softmax over so many classes; the head proper then has no gradient. */
  constructor(
    arena: Arena,
    spec: ModelSpec,
    plans: readonly LayerPlan[],
    record: number,
    layerRecords: number,
    sampled?: number,
  ) {
    this.#arena = arena;
    this.#record = record;
    const padded = pad4(spec.hidden);
    let partialBytes = 0;
    const allocate = (floats: number): number => {
      const start = arena.allocate(floats * 4);
      this.#blocks.push([start, floats * 4]);
      return start;
    };
    const pack = (part: Part, hasGradient = true): PackedPart => {
      const packed = {
        ...part,
        weights: allocate(part.rows * part.columns),
        gradient: hasGradient ? partialBytes : undefined,
      };
      if (hasGradient) partialBytes += part.rows * pad8(part.columns) * 4;
      this.#parts.push(packed);
      return packed;
    };
    const transpose = (part: TransposedPart): PackedTranspose => {
      const packed = { ...part, weights: allocate((part.rows ?? padded) * part.columns) };
      this.#transposes.push(packed);
      return packed;
    };
    const layers = plans.map((plan) => ({
      rows: plan.stateRows,
      forward: plan.forward.map((part) => pack(part)),
      backward: transpose(plan.backward),
      toInput: plan.toInput.map(transpose),
      lowRank: plan.lowRank && {
        ...plan.lowRank,
        projection: pack(plan.lowRank.projection),
        backProjection: transpose(plan.lowRank.backProjection),
      },
    }));
    this.diagonalGradients = layers.map(({ lowRank }) => {
      if (!lowRank?.hasSigma) return -1;
      const start = partialBytes;
      partialBytes += padded * 32;
      return start;
    });
    const packHead = (outputs: number, hasGradient: boolean, names?: typeof sampledHead): Head => {
      const head = planHead(spec, outputs, names);
      const { weights, gradient = 0 } = pack(head.forward, hasGradient);
      return { outputs, weights, transposed: transpose(head.backward).weights, gradient };
    };
    this.#head = packHead(spec.outputSize, sampled === undefined);
    if (sampled !== undefined) this.#sampledHead = packHead(sampled, true, sampledHead);
    this.partialBytes = partialBytes;
    this.chooseHead("all");

    const { integers } = arena;
    layers.forEach((layer, index) => {
      const base = (layerRecords + index * layerRecordBytes) / 4;
      const write = (field: number, values: readonly number[]) => integers.set(values, base + field);
      write(layerField.rows, [layer.rows]);
      write(layerField.forwardCount, [layer.forward.length]);
      write(layerField.backwardWeights, [layer.backward.weights]);
      write(layerField.backwardBlocks, [layer.backward.columns / 4]);
      write(layerField.inputCount, [layer.toInput.length]);
      layer.forward.forEach((part, i) => {
        write(layerField.forwardParts + 5 * i, [
          part.weights,
          part.rows / 4,
          part.columns / 4,
          part.input * 32,
          part.output * 32,
        ]);
      });
      const { lowRank } = layer;
      write(layerField.rankBlocks, [lowRank ? lowRank.rank / 4 : 0]);
      if (lowRank) {
        write(layerField.projection, [lowRank.projection.weights]);
        write(layerField.backProjection, [lowRank.backProjection.weights]);
        write(layerField.projected, [lowRank.projected * 32]);
        write(layerField.diagonalGradient, [this.diagonalGradients[index]!]);
      }
      const withGradient = lowRank ? [...layer.forward, lowRank.projection] : layer.forward;
      write(layerField.gradientCount, [withGradient.length]);
      withGradient.forEach((part, i) => {
        write(layerField.gradientParts + 5 * i, [
          part.gradient!,
          part.output / 4,
          part.rows / 4,
          part.input / 4,
          part.columns / 4,
        ]);
      });
      layer.toInput.forEach((part, i) => {
        write(layerField.inputParts + 3 * i, [part.weights, part.columns / 4, part.firstRow / 4]);
      });
    });
  }

  /** Which head the kernels read from now on. */
  chooseHead(which: "all" | "sampled"): void {
    const head = (which === "sampled" ? this.#sampledHead : undefined) ?? this.#head;
    const { integers } = this.#arena;
    const write = (field: number, value: number) => {
      integers[this.#record / 4 + field] = value;
    };
    write(modelField.outputs, head.outputs);
    write(modelField.outputsPadded, pad4(head.outputs));
    write(modelField.headWeights, head.weights);
    write(modelField.headTransposed, head.transposed);
    write(modelField.headPartial, head.gradient);
  }

  /** Packs every parameter anew; `values` tells where each lies. */
  pack(kernels: Kernels, values: Locate): void {
    for (const part of this.#parts) {
      for (const { name, fromRow, rows, columns, row, column } of part.placements) {
        kernels.packWeights(
          part.weights,
          part.columns,
          row,
          column,
          values(name) + fromRow * columns * 4,
          rows,
          columns,
        );
      }
    }
    for (const part of this.#transposes) {
      for (const { name, fromRow, rows, columns, column } of part.placements) {
        kernels.packTransposed(
          part.weights,
          part.columns,
          column,
          values(name) + fromRow * columns * 4,
          rows,
          columns,
        );
      }
    }
  }

  /** Unpacks a gradient in a partial's layout, starting at `partial`. */
  unpack(kernels: Kernels, partial: number, gradients: Locate): void {
    for (const part of this.#parts) {
      if (part.gradient === undefined) continue;
      for (const { name, fromRow, rows, columns, row, column } of part.placements) {
        kernels.unpackGradient(
          gradients(name) + fromRow * columns * 4,
          partial + part.gradient,
          part.columns / 4,
          row,
          column,
          rows,
          columns,
        );
      }
    }
  }

  release(): void {
    for (const [start, bytes] of this.#blocks) this.#arena.release(start, bytes);
  }
}
