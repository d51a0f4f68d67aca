/**
 * Names and shapes of a model's parameters; the same in every engine and in checkpoints.
 *
 * Gate order is that of PyTorch: lstm i, f, g, o; gru r, z, n (with its candidate
 * n_t = tanh(M_n x_t + b_n + r_t ⊙ (W_n h_{t−1} + bHidden))).
 */
import type { SpectralShape } from "../spectral/spectral.ts";
import type { ModelSpec, TensorMap } from "./engine.ts";

export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** Weight decay applies. */
  readonly decays: boolean;
}

/** Rows of W, M and b per unit: 1, or the number of gates. */
export function gateCount(spec: ModelSpec): number {
  return spec.cell === "lstm" ? 4 : spec.cell === "gru" ? 3 : 1;
}

/** Whether the model is feed-forward: layers take the place of timesteps. */
export function isDeep(spec: Pick<ModelSpec, "net">): boolean {
  return spec.net !== undefined;
}

/** Gradient profiles of a model: one for each recurrent layer, by timestep; one of a feed-forward net, by depth. */
export function profileCount(spec: ModelSpec): number {
  return isDeep(spec) ? 1 : spec.layers;
}

/** Values that a layer reads per timestep. */
export function layerInputs(spec: ModelSpec, layer: number): number {
  if (layer > 0 || spec.embedding !== undefined) return spec.hidden;
  return spec.vocabulary ?? spec.inputSize;
}

/** Shape, reflectors and band of a layer's transition matrix (of one gate, where there are several). */
export function matrixShape(spec: ModelSpec, layer: number): SpectralShape {
  const { hidden: n, radius, center } = spec;
  if (!isDeep(spec) || layer > 0) return { rows: n, columns: n, reflectors: spec.reflectors, radius, center };
  // With few reflectors V would hardly mix the inputs: W would read the first n of them and no others. And the first
  // layer of a resnet has no way around it, so its band does not go by the blocks', whose center may be 0.
  const columns = layerInputs(spec, layer);
  const reflectors = [n, Math.min(n, columns)] as const;
  return { rows: n, columns, reflectors, radius, center: spec.net === "resnet" ? 1 : center };
}

/** At most this many layers of a feed-forward net have their singular values recorded. */
const recordedMatrices = 8;

/** Layers of a feed-forward net whose singular values are recorded: the first, the last, and some between. */
export function recordedLayers(spec: ModelSpec): number[] {
  const count = Math.min(spec.layers, recordedMatrices);
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, i) => Math.round((i * (spec.layers - 1)) / (count - 1)));
}

/**
 * Names of the blocks of n rows in a layer's transition matrix, in order; telemetry names spectra after them. Of a
 * feed-forward net: of its `recordedLayers`.
 */
export function transitionNames(spec: ModelSpec): readonly string[] {
  if (isDeep(spec)) return recordedLayers(spec).map((layer) => `layer ${layer + 1}`);
  if (spec.cell === "lstm") return ["input", "forget", "cell", "output"];
  if (spec.cell === "gru") return ["reset", "update", "candidate"];
  return ["W"];
}

/** Every parameter of a model, in a fixed order. */
export function parameterShapes(spec: ModelSpec): ParameterShape[] {
  const { hidden: n, outputSize, layers } = spec;
  const shapes: ParameterShape[] = [];
  if (spec.embedding !== undefined)
    shapes.push({ name: "embedding.W", shape: [spec.vocabulary ?? 0, n], decays: false });
  for (let layer = 0; layer < layers; layer++) shapes.push(...layerShapes(spec, layer));
  if (spec.embedding !== "tied") shapes.push({ name: "head.W", shape: [outputSize, n], decays: true });
  shapes.push({ name: "head.b", shape: [outputSize], decays: false });
  return shapes;
}

function layerShapes(spec: ModelSpec, layer: number): ParameterShape[] {
  const { hidden: n } = spec;
  const gates = gateCount(spec);
  const prefix = `layers.${layer}.`;
  const { rows, columns, reflectors } = matrixShape(spec, layer);
  const shapes: ParameterShape[] = [];
  if (spec.cell === "spectral" || spec.cell === "orthogonal") {
    const [m1, m2] = reflectors;
    // Row i of u is u_{n−i}: its first i entries are zero, so that it acts on the last n − i coordinates.
    shapes.push({ name: `${prefix}u`, shape: [m1, rows], decays: false });
    if (spec.cell === "spectral" || rows !== columns)
      shapes.push({ name: `${prefix}v`, shape: [m2, columns], decays: false });
    if (spec.cell === "spectral")
      shapes.push({ name: `${prefix}p`, shape: [Math.min(rows, columns)], decays: false });
  } else shapes.push({ name: `${prefix}W`, shape: [gates * rows, columns], decays: true });
  if (!isDeep(spec))
    shapes.push({ name: `${prefix}M`, shape: [gates * n, layerInputs(spec, layer)], decays: true });
  shapes.push({ name: `${prefix}b`, shape: [gates * n], decays: false });
  if (spec.cell === "gru") shapes.push({ name: `${prefix}bHidden`, shape: [n], decays: false });
  return shapes;
}

/** Number of trainable values. */
export function parameterCount(spec: ModelSpec): number {
  let count = 0;
  for (const { name, shape } of parameterShapes(spec)) {
    if (name.endsWith(".u") || name.endsWith(".v")) {
      const [m = 0, n = 0] = shape;
      // The reflector of length 1 is a stored sign, never trained.
      for (let i = 0; i < m; i++) count += n - i > 1 ? n - i : 0;
    } else count += shape.reduce((product, size) => product * size, 1);
  }
  return count;
}

/**
 * Checks that a map holds every parameter of a model with the right shape.
 * @throws Error naming the parameter, the shape found and the shape expected.
 */
export function assertParameters(spec: ModelSpec, parameters: TensorMap): void {
  for (const { name, shape } of parameterShapes(spec)) {
    const tensor = parameters.get(name);
    if (!tensor) throw new Error(`parameter ${name} is missing; expected shape [${shape.join(", ")}]`);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i]))
      throw new Error(
        `parameter ${name} has shape [${tensor.shape.join(", ")}]; expected [${shape.join(", ")}]`,
      );
  }
}
