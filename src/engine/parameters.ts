/**
 * Names and shapes of a model's parameters; the same in every engine and in checkpoints.
 *
 * Gate order is that of PyTorch: lstm i, f, g, o; gru r, z, n (with its candidate
 * n_t = tanh(M_n x_t + b_n + r_t ⊙ (W_n h_{t−1} + bHidden))).
 */
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

/** Names of the blocks of n rows in a layer's transition matrix, in order; telemetry names spectra after them. */
export function transitionNames(spec: ModelSpec): readonly string[] {
  if (spec.cell === "lstm") return ["input", "forget", "cell", "output"];
  if (spec.cell === "gru") return ["reset", "update", "candidate"];
  return ["W"];
}

/** Every parameter of a model, in a fixed order. */
export function parameterShapes(spec: ModelSpec): ParameterShape[] {
  const { hidden: n, inputSize, outputSize, layers } = spec;
  const gates = gateCount(spec);
  const shapes: ParameterShape[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `layers.${layer}.`;
    const d = layer === 0 ? inputSize : n;
    const [m1, m2] = spec.reflectors;
    if (spec.cell === "spectral") {
      // Row i of u is u_{n−i}: its first i entries are zero, so that it acts on the last n − i coordinates.
      shapes.push({ name: `${prefix}u`, shape: [m1, n], decays: false });
      shapes.push({ name: `${prefix}v`, shape: [m2, n], decays: false });
      shapes.push({ name: `${prefix}p`, shape: [n], decays: false });
    } else if (spec.cell === "orthogonal") {
      shapes.push({ name: `${prefix}u`, shape: [m1, n], decays: false });
    } else {
      shapes.push({ name: `${prefix}W`, shape: [gates * n, n], decays: true });
    }
    shapes.push({ name: `${prefix}M`, shape: [gates * n, d], decays: true });
    shapes.push({ name: `${prefix}b`, shape: [gates * n], decays: false });
    if (spec.cell === "gru") shapes.push({ name: `${prefix}bHidden`, shape: [n], decays: false });
  }
  shapes.push({ name: "head.W", shape: [outputSize, n], decays: true });
  shapes.push({ name: "head.b", shape: [outputSize], decays: false });
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
