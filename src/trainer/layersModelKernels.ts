/** The recurrent kernels of a saved LayersModel: looked at, and switched between dense and spectral. */
import { resolve } from "node:path";
import type { ModelSpec, TensorMap } from "../engine/engine.ts";
import { parameterShapes } from "../engine/parameters.ts";
import { SwitchError, type SwitchOptions, switchParameterization } from "../engine/switchParameterization.ts";
import { joinKernel, splitKernel } from "../engine/tensorflow/kernelBlocks.ts";
import {
  type LayersWeight,
  readLayersModel,
  recurrentLayersOf,
  type SavedLayersModel,
  type SavedRecurrentLayer,
  weightName,
  writeLayersModel,
} from "../runs/layersModel.ts";
import type { SwitchAnswer } from "./switchCheckpoint.ts";

const factors = ["u", "v", "p"] as const;

/** Radius of the band where neither the model nor the user names one; the experiment file's default. */
const defaultRadius = 0.1;

/** A layer's gates as the layers of a model of ours: the same matrices, with nothing else of it. */
interface Kernels {
  readonly spec: ModelSpec;
  readonly parameters: TensorMap;
}

/** @throws Error naming the layer and what its weights or configuration lack. */
function kernelsOf(file: string, layer: SavedRecurrentLayer, weights: SavedLayersModel["weights"]): Kernels {
  const { kind, units: n, isSpectral, name } = layer;
  const gates = kind.gates.length;
  const { config } = layer.entry;
  const spec: ModelSpec = {
    cell: isSpectral ? "spectral" : "rnn",
    inputSize: 1,
    hidden: n,
    layers: gates,
    activation: "tanh",
    outputSize: 1,
    head: "regressLast",
    reflectors: isSpectral ? (config.reflectors as [number, number]) : [n, n],
    radius: isSpectral ? (config.radius as number) : defaultRadius,
    center: isSpectral ? (config.center as number) : 1,
  };
  const recurrent = isSpectral
    ? splitFactors(file, layer, spec, weights)
    : new Map(
        splitKernel(n, gates, weightOf(file, name, "recurrent_kernel", [n, gates * n], weights)).map(
          (w, gate) => [`layers.${gate}.W`, w],
        ),
      );
  const parameters = parameterShapes(spec).map(({ name: parameter, shape }) => {
    const known = recurrent.get(parameter);
    const data = known ?? new Float32Array(shape.reduce((product, size) => product * size, 1));
    return [parameter, { shape, data }] as const;
  });
  return { spec, parameters: new Map(parameters) };
}

function weightOf(
  file: string,
  layer: string,
  short: string,
  shape: readonly number[],
  weights: SavedLayersModel["weights"],
): Float32Array {
  const full = weightName(weights, layer, short);
  const weight = full === undefined ? undefined : weights.get(full);
  if (!weight) throw new Error(`${file}: layer "${layer}" has no weight "${short}"`);
  if (weight.shape.join() !== shape.join())
    throw new Error(
      `${file}: weight "${full}" has shape [${weight.shape.join(", ")}]; expected [${shape.join(", ")}]`,
    );
  return weight.data;
}

/** Shape of a gate's factor by its short name. */
const factorShape = ({ reflectors: [m1, m2], hidden: n }: ModelSpec) => ({ u: [m1, n], v: [m2, n], p: [n] });

function splitFactors(
  file: string,
  { name, kind, entry: { config }, units: n }: SavedRecurrentLayer,
  spec: ModelSpec,
  weights: SavedLayersModel["weights"],
): Map<string, Float32Array> {
  const { reflectors, radius, center } = config;
  const isPair =
    Array.isArray(reflectors) &&
    reflectors.length === 2 &&
    reflectors.every((m) => Number.isInteger(m) && m >= 1 && m <= n);
  if (!isPair || !(typeof radius === "number" && radius > 0) || typeof center !== "number")
    throw new Error(
      `${file}: layer "${name}" has reflectors ${JSON.stringify(reflectors)}, radius ${JSON.stringify(radius)} and center ${JSON.stringify(center)}; expected two whole numbers from 1 to ${n}, a number above 0 and a number`,
    );
  const parameters = new Map<string, Float32Array>();
  for (const factor of factors) {
    const shape = factorShape(spec)[factor];
    const size = shape.reduce((product, extent) => product * extent, 1);
    const all = weightOf(file, name, `recurrent_${factor}`, [kind.gates.length, ...shape], weights);
    for (let gate = 0; gate < kind.gates.length; gate++)
      parameters.set(`layers.${gate}.${factor}`, all.slice(gate * size, (gate + 1) * size));
  }
  return parameters;
}

function joinFactors({ spec, parameters }: Kernels): Map<string, LayersWeight> {
  const gates = spec.layers;
  return new Map(
    factors.map((factor) => {
      const shape = factorShape(spec)[factor];
      const size = shape.reduce((product, extent) => product * extent, 1);
      const data = new Float32Array(gates * size);
      for (let gate = 0; gate < gates; gate++)
        data.set(parameters.get(`layers.${gate}.${factor}`)!.data, gate * size);
      return [`recurrent_${factor}`, { shape: [gates, ...shape], data }];
    }),
  );
}

/** A matrix of a saved model: a weight, or a gate's block of a recurrent kernel. */
export interface SavedMatrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** The matrices of a saved model, and its recurrent layers: dense kernels and U diag(σ) Vᵀ gate by gate. */
export function matricesOfLayersModel(file: string): {
  readonly layers: readonly SavedRecurrentLayer[];
  readonly weights: SavedLayersModel["weights"];
  readonly matrices: readonly SavedMatrix[];
} {
  const { content, weights } = readLayersModel(file);
  const layers = recurrentLayersOf(content.modelTopology);
  const matrices: SavedMatrix[] = [];
  for (const layer of layers) {
    const { spec, parameters } = kernelsOf(file, layer, weights);
    const dense =
      spec.cell === "rnn" ? parameters : switchParameterization(spec, parameters, "rnn").parameters;
    for (const [gate, name] of layer.kind.gates.entries()) {
      const label = layer.kind.gates.length === 1 ? "" : ` [${name}]`;
      const product = layer.isSpectral ? " [U diag(σ) Vᵀ]" : "";
      const { data } = dense.get(`layers.${gate}.W`)!;
      matrices.push({
        name: `${layer.name}/recurrent_kernel${label}${product}`,
        rows: layer.units,
        columns: layer.units,
        data,
      });
    }
  }
  for (const [name, { shape, data }] of weights) {
    const [rows = 0, columns = 0] = shape;
    if (shape.length === 2 && rows > 0 && columns > 0 && !/\/recurrent_(kernel|p)$/.test(name))
      matrices.push({ name, rows, columns, data });
  }
  return { layers, weights, matrices };
}

export type LayersModelSwitchAnswer = Omit<SwitchAnswer, "step" | "reflectors" | "radius" | "center"> & {
  /** Names of the layers that were switched. */
  readonly layers: readonly string[];
};

/**
 * Writes a saved model with its recurrent kernels in another parameterization, and the same function.
 *
 * @param to spectral: SimpleRNN, LSTM and GRU become SpectralRNN, SpectralLSTM and SpectralGRU; rnn: back.
 * @param output a `.json` file other than the model's own.
 * @throws Error; SwitchError naming the layer when the switch is impossible or would change the function.
 */
export function switchLayersModel(
  file: string,
  to: "spectral" | "rnn",
  options: SwitchOptions,
  output: string,
): LayersModelSwitchAnswer {
  if (!output.endsWith(".json")) throw new Error(`${output}: a LayersModel's file ends with .json`);
  if (resolve(output) === resolve(file))
    throw new Error(`${file} would be replaced by its own switch; name another output`);
  const saved = readLayersModel(file);
  const content = structuredClone(saved.content);
  const layers = recurrentLayersOf(content.modelTopology).filter(
    ({ isSpectral }) => isSpectral === (to === "rnn"),
  );
  if (layers.length === 0)
    throw new SwitchError(
      `${file} has no layer to switch: ${to === "rnn" ? "SpectralRNN, SpectralLSTM or SpectralGRU" : "SimpleRNN, LSTM or GRU"}`,
    );
  let weights = saved.weights;
  const reports = layers.map((layer) => {
    const { report, switched } = switchLayer(file, layer, weights, to, options);
    weights = switched;
    return report;
  });
  writeLayersModel(resolve(output), { content, weights });
  return {
    source: resolve(file),
    output: resolve(output),
    from: to === "rnn" ? "spectral" : "rnn",
    to,
    layers: layers.map(({ name }) => name),
    sigma: [
      Math.min(...reports.map(({ sigma }) => sigma[0])),
      Math.max(...reports.map(({ sigma }) => sigma[1])),
    ],
    clipped: Math.max(...reports.map(({ clipped }) => clipped)),
    clippedCount: reports.reduce((sum, { clippedCount }) => sum + clippedCount, 0),
    representationError: Math.max(...reports.map((report) => report.representationError)),
  };
}

/** Switches one layer: its entry in place, its weights in a new map, at the place of the old ones. */
function switchLayer(
  file: string,
  layer: SavedRecurrentLayer,
  weights: SavedLayersModel["weights"],
  to: "spectral" | "rnn",
  options: SwitchOptions,
) {
  const { entry, kind, name, units: n } = layer;
  for (const key of ["recurrent_regularizer", "recurrent_constraint"])
    if (to === "spectral" && entry.config[key] != null)
      throw new SwitchError(`${file}: layer "${name}" has a ${key}, which a spectral kernel cannot have`);
  const before = kernelsOf(file, layer, weights);
  const after = attemptSwitch(file, name, before, to, options);
  const { spec } = after;
  const gates = kind.gates.length;
  if (to === "spectral") {
    entry.class_name = kind.spectral;
    const { reflectors, radius, center } = spec;
    Object.assign(entry.config, { reflectors: [...reflectors], radius, center });
  } else {
    entry.class_name = kind.dense;
    for (const key of ["reflectors", "radius", "center"]) delete entry.config[key];
  }
  const fresh: Map<string, LayersWeight> =
    to === "spectral"
      ? joinFactors(after)
      : new Map([
          [
            "recurrent_kernel",
            {
              shape: [n, gates * n],
              data: joinKernel(
                n,
                kind.gates.map((_, gate) => after.parameters.get(`layers.${gate}.W`)!.data),
              ),
            },
          ],
        ]);
  const old = (to === "spectral" ? ["recurrent_kernel"] : factors.map((factor) => `recurrent_${factor}`)).map(
    (short) => weightName(weights, name, short)!,
  );
  const switched = new Map<string, LayersWeight>();
  for (const [full, weight] of weights) {
    if (full === old[0]) {
      const prefix = full.slice(0, full.lastIndexOf("/"));
      for (const [short, tensor] of fresh) switched.set(`${prefix}/${short}`, tensor);
    } else if (!old.includes(full)) switched.set(full, weight);
  }
  return { report: after.report, switched };
}

function attemptSwitch(
  file: string,
  layer: string,
  { spec, parameters }: Kernels,
  to: "spectral" | "rnn",
  options: SwitchOptions,
) {
  try {
    return switchParameterization(spec, parameters, to, options);
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error;
    throw new SwitchError(`${file}: layer "${layer}": ${error.message}`, error.report);
  }
}
