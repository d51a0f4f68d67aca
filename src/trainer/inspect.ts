/** The spectrum of each matrix in a safetensors file, ours or another program's. */
import { resolve } from "node:path";
import type { ModelSpec } from "../engine/engine.ts";
import { transitionNames } from "../engine/parameters.ts";
import { singularValues } from "../engine/singularValues.ts";
import { switchParameterization } from "../engine/switchParameterization.ts";
import { readCheckpoint } from "../runs/checkpoint.ts";
import { readSafetensors, type SafeTensor } from "../runs/safetensors.ts";
import { matricesOfLayersModel } from "./layersModelKernels.ts";

export interface InspectedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface InspectedMatrix {
  /** The tensor's name; of a block of it, or of a product of tensors, with what it is in brackets. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Number of singular values: the smaller of rows and columns. */
  readonly count: number;
  /** null for a matrix that is not finite. */
  readonly sigma: {
    readonly max: number;
    readonly median: number;
    readonly min: number;
    /** max / min; infinite for a singular matrix. */
    readonly condition: number;
  } | null;
  /** Why there is no spectrum. */
  readonly reason: string | null;
}

export interface Inspection {
  /** Absolute. */
  readonly file: string;
  /** Of a sigmascope checkpoint: steps trained and the model; null for other files. */
  readonly checkpoint: { readonly step: number; readonly spec: ModelSpec } | null;
  /** Of a LayersModel of TensorFlow.js: its recurrent layers; null for other files. */
  readonly layersModel:
    | readonly { readonly name: string; readonly className: string; readonly units: number }[]
    | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly InspectedTensor[];
  readonly matrices: readonly InspectedMatrix[];
}

/** Names in a checkpoint that are no weights. */
const optimizerPrefix = "optimizer.";
/** Names of recurrent weights, whose blocks of n rows are gates: this product's and PyTorch's. */
const recurrentName = /^layers\.\d+\.W$|weight_hh/;

/** A LayersModel of TensorFlow.js: recurrent kernels gate by gate, and every other matrix of weights. */
function inspectLayersModel(file: string): Inspection {
  const { layers, weights, matrices } = matricesOfLayersModel(file);
  return {
    file: resolve(file),
    checkpoint: null,
    layersModel: layers.map(({ name, units, entry }) => ({ name, className: entry.class_name, units })),
    metadata: {},
    tensors: [...weights].map(([name, { shape }]) => ({ name, dtype: "F32", shape })),
    matrices: matrices.map(({ name, data, rows, columns }) => spectrumOfMatrix(name, data, rows, columns)),
  };
}

/**
 * Reads a safetensors file, or the `model.json` of a LayersModel of TensorFlow.js, and decomposes every matrix of floating-point numbers in it: stacked gates one by one, and
 * the product W = U diag(σ) Vᵀ of a spectral or orthogonal cell's parameters. Optimizer state is listed only.
 *
 * @throws SystemFailure when the file cannot be read; Error naming what is damaged.
 */
export function inspectFile(file: string): Inspection {
  if (file.endsWith(".json")) return inspectLayersModel(file);
  const { metadata, tensors } = readSafetensors(file);
  const own = metadata.format === "sigmascope.checkpoint" ? readCheckpoint(file) : undefined;
  const matrices: InspectedMatrix[] = [];
  for (const [name, tensor] of tensors) {
    if (name.startsWith(optimizerPrefix) || isReflectors(name, own?.spec)) continue;
    matrices.push(...matricesOf(name, tensor, own?.spec));
  }
  if (own && (own.spec.cell === "spectral" || own.spec.cell === "orthogonal")) {
    const { parameters } = switchParameterization(own.spec, own.parameters, "rnn");
    for (let layer = 0; layer < own.spec.layers; layer++) {
      const { data, shape } = parameters.get(`layers.${layer}.W`)!;
      const factors = own.spec.cell === "spectral" ? "U diag(σ) Vᵀ" : "U";
      matrices.push(spectrumOfMatrix(`layers.${layer}.W [${factors}]`, data, shape[0]!, shape[1]!));
    }
  }
  return {
    file: resolve(file),
    checkpoint: own ? { step: own.step, spec: own.spec } : null,
    layersModel: null,
    metadata,
    tensors: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    matrices: matrices.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Rows of u and v are directions of reflectors: their singular values mean nothing. */
function isReflectors(name: string, spec: ModelSpec | undefined): boolean {
  return spec !== undefined && /^layers\.\d+\.[uv]$/.test(name);
}

function matricesOf(
  name: string,
  { shape, data }: SafeTensor,
  spec: ModelSpec | undefined,
): InspectedMatrix[] {
  const [rows = 0, columns = 0] = shape;
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  if (shape.length !== 2 || rows === 0 || columns === 0 || !isFloat) return [];
  const gates = gateNames(name, rows / columns, spec);
  if (!gates) return [spectrumOfMatrix(name, data, rows, columns)];
  const size = columns * columns;
  return gates.map((gate, i) =>
    spectrumOfMatrix(`${name} [${gate}]`, data.subarray(i * size, (i + 1) * size), columns, columns),
  );
}

/** Names of the square blocks of stacked recurrent weights; undefined where there is one block. */
function gateNames(name: string, blocks: number, spec: ModelSpec | undefined): readonly string[] | undefined {
  if (!recurrentName.test(name) || (blocks !== 3 && blocks !== 4)) return undefined;
  if (spec) return transitionNames(spec);
  // PyTorch stacks its gates in the same order.
  return blocks === 4 ? ["input", "forget", "cell", "output"] : ["reset", "update", "candidate"];
}

function spectrumOfMatrix(
  name: string,
  data: Float32Array | Float64Array,
  rows: number,
  columns: number,
): InspectedMatrix {
  const count = Math.min(rows, columns);
  try {
    const values = singularValues(data, rows, columns);
    const max = values[0]!;
    const min = values[count - 1]!;
    const middle = count >> 1;
    const median = count % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
    const condition = min === 0 ? Number.POSITIVE_INFINITY : max / min;
    return { name, rows, columns, count, sigma: { max, median, min, condition }, reason: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, rows, columns, count, sigma: null, reason };
  }
}
