/**
 * Parameters at step 0. Each tensor draws from a stream of its own, so that the same seed gives the same bits on
 * every platform, whatever else the model holds.
 */
import type { InitializationName } from "../experiment/schema.ts";
import { Random } from "../random.ts";
import { productColumns, reflectorsOf, unitReflectors } from "../spectral/householder.ts";
import { nearestOrthogonal } from "../spectral/orthogonal.ts";
import { fromMatrix } from "../spectral/spectral.ts";
import type { ModelSpec, Tensor, TensorMap } from "./engine.ts";
import { gateCount, isDeep, matrixShape, parameterShapes } from "./parameters.ts";

/** Uniform in ±√(6 / (inputs + outputs)) (Glorot & Bengio 2010). */
function glorot(count: number, inputs: number, outputs: number, random: Random): Float64Array {
  const limit = Math.sqrt(6 / (inputs + outputs));
  return Float64Array.from({ length: count }, () => limit * (2 * random.uniform() - 1));
}

/** Uniform in ±1/√n: a spectral radius near 0.58, so that gradients fade by that factor a timestep. */
function uniform(count: number, n: number, random: Random): Float64Array {
  const limit = 1 / Math.sqrt(n);
  return Float64Array.from({ length: count }, () => limit * (2 * random.uniform() - 1));
}

function identity(n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = 1;
  return matrix;
}

/**
 * Rotations of coordinate pairs by angles uniform in [−π, π] (Henaff, Szlam & LeCun 2016); the last coordinate of an
 * odd n stays. The cosine and sine are those of a point uniform in the unit disc: the same on every platform.
 */
function pairRotations(n: number, random: Random): Float64Array {
  const matrix = identity(n);
  for (let i = 0; i + 1 < n; i += 2) {
    let [x, y, square] = [0, 0, 0];
    do {
      x = 2 * random.uniform() - 1;
      y = 2 * random.uniform() - 1;
      square = x * x + y * y;
    } while (square > 1 || square === 0);
    const [cosine, sine] = [x / Math.sqrt(square), y / Math.sqrt(square)];
    matrix[i * n + i] = cosine;
    matrix[i * n + i + 1] = -sine;
    matrix[(i + 1) * n + i] = sine;
    matrix[(i + 1) * n + i + 1] = cosine;
  }
  return matrix;
}

/** Q of the QR decomposition, with R's diagonal positive, of a Gaussian matrix: uniform over all orthogonal ones (Mezzadri 2007). */
function uniformOrthogonal(n: number, random: Random): Float64Array {
  const normal = Float64Array.from({ length: n * n }, () => random.normal());
  return productColumns(unitReflectors(reflectorsOf(normal, n, n, n), n, n), n);
}

/** One n × n transition matrix. */
function transition(initialization: InitializationName, n: number, random: Random): Float64Array {
  if (initialization === "identity") return identity(n);
  if (initialization === "henaff") return pairRotations(n, random);
  if (initialization === "glorot") return glorot(n * n, n, n, random);
  if (initialization === "uniform") return uniform(n * n, n, random);
  return uniformOrthogonal(n, random);
}

/** m reflectors in random directions, of length 1; the sign H_1, where there is one, is −1 or 1. */
function randomReflectors(m: number, n: number, random: Random): Float64Array {
  const reflectors = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    if (i === n - 1) reflectors[i * n + i] = random.sign() > 0 ? 0 : 1;
    else for (let j = i; j < n; j++) reflectors[i * n + j] = random.normal();
  }
  return unitReflectors(reflectors, m, n).rows;
}

/**
 * Reflectors with U Vᵀ = I: U and V share as many random ones as both have; those that one side has more come in
 * pairs that cancel (an odd one out is zero, and stays so).
 */
function cancellingReflectors(m1: number, m2: number, n: number, random: Random) {
  const shared = Math.min(m1, m2);
  const common = randomReflectors(shared, n, random);
  const extend = (m: number) => {
    const reflectors = new Float64Array(m * n);
    reflectors.set(common);
    const [count, size] = [m - shared, n - shared];
    if (count === 0) return reflectors;
    const pairs = reflectorsOf(identity(size), size, size, count);
    for (let i = 0; i < count; i++)
      reflectors.set(pairs.subarray(i * size, (i + 1) * size), (shared + i) * n + shared);
    return reflectors;
  };
  return { u: extend(m1), v: extend(m2) };
}

/**
 * U and V of a spectral cell, whose p = 0 makes W = σ* U Vᵀ.
 * - orthogonal: random reflectors, so that U and V are random.
 * - identity: U = V, so that W = σ* I.
 * - glorot, uniform, henaff: U Vᵀ is the orthogonal matrix nearest to the dense matrix of that name, exactly with full
 *   reflectors; with fewer, as `fromMatrix` does it.
 */
function spectralReflectors(
  spec: ModelSpec,
  initialization: InitializationName,
  random: Random,
): { u: Float64Array; v: Float64Array } {
  const { hidden: n, reflectors } = spec;
  const [m1, m2] = reflectors;
  if (initialization === "orthogonal")
    return { u: randomReflectors(m1, n, random), v: randomReflectors(m2, n, random) };
  if (initialization === "identity") return cancellingReflectors(m1, m2, n, random);
  const { matrix } = nearestOrthogonal(transition(initialization, n, random), n);
  const shape = { rows: n, columns: n, reflectors, center: 1, radius: 0.5 };
  return fromMatrix(matrix, shape).parameters;
}

/** u of an orthogonal cell: as for spectral cells, with V = I. */
function orthogonalReflectors(
  spec: ModelSpec,
  initialization: InitializationName,
  random: Random,
): Float64Array {
  const { hidden: n, reflectors } = spec;
  const m = reflectors[0];
  if (initialization === "orthogonal") return randomReflectors(m, n, random);
  if (initialization === "identity") return reflectorsOf(identity(n), n, n, m);
  return reflectorsOf(nearestOrthogonal(transition(initialization, n, random), n).matrix, n, n, m);
}

/**
 * The first layer's matrix of a feed-forward net, [n, d]: random reflectors, or a dense matrix of the same kind for
 * "orthogonal", and Glorot uniform or ±1/√d for all others (the identity and rotations are square).
 */
function inputParameters(
  spec: ModelSpec,
  initialization: InitializationName,
  random: Random,
): Record<string, Float64Array> {
  const { rows, columns, reflectors } = matrixShape(spec, 0);
  if (spec.cell === "spectral" || spec.cell === "orthogonal")
    return {
      u: randomReflectors(reflectors[0], rows, random),
      v: randomReflectors(reflectors[1], columns, random),
      p: new Float64Array(Math.min(rows, columns)),
    };
  if (initialization === "uniform") return { W: uniform(rows * columns, columns, random) };
  if (initialization !== "orthogonal") return { W: glorot(rows * columns, columns, rows, random) };
  const size = Math.max(rows, columns);
  const square = uniformOrthogonal(size, random);
  return {
    W: Float64Array.from({ length: rows * columns }, (_, i) => {
      return square[Math.floor(i / columns) * size + (i % columns)]!;
    }),
  };
}

/** The recurrent parameters of one layer by short name: W, or u, v, p. */
function transitionParameters(
  spec: ModelSpec,
  initialization: InitializationName,
  layer: number,
  random: Random,
): Record<string, Float64Array> {
  const n = spec.hidden;
  if (isDeep(spec) && layer === 0) return inputParameters(spec, initialization, random);
  if (spec.cell === "spectral")
    return { ...spectralReflectors(spec, initialization, random), p: new Float64Array(n) };
  if (spec.cell === "orthogonal") return { u: orthogonalReflectors(spec, initialization, random) };
  const w = new Float64Array(gateCount(spec) * n * n);
  for (let gate = 0; gate < gateCount(spec); gate++)
    w.set(transition(initialization, n, random), gate * n * n);
  return { W: w };
}

function bias(spec: ModelSpec, name: string, length: number): Float64Array {
  const values = new Float64Array(length);
  // A forget gate that starts open lets gradients through from the first step (Jozefowicz et al. 2015).
  if (spec.cell === "lstm" && name !== "head.b") values.fill(1, spec.hidden, 2 * spec.hidden);
  return values;
}

/**
 * Initial values of every parameter that `parameterShapes(spec)` names, in that order.
 *
 * W (each gate's block by itself) by `initialization`: orthogonal (uniform over the orthogonal group), identity,
 * glorot, uniform (what PyTorch's nn.RNN starts with), or henaff. Spectral cells start with p = 0, so at the center of their band, and with reflectors of length
 * 1. M and head.W are Glorot uniform, an embedding normal with variance 1/n, biases
 * zero but for the forget gate's, which are 1.
 *
 * @param seed 0 … 2³² − 1.
 */
export function initializeParameters(
  spec: ModelSpec,
  initialization: InitializationName,
  seed: number,
): TensorMap {
  const recurrent = Array.from({ length: spec.layers }, (_, layer) =>
    transitionParameters(spec, initialization, layer, new Random(seed, "initialize", `layers.${layer}`)),
  );
  const values = (name: string, shape: readonly number[]): Float64Array => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const [, layer = "", short = ""] = /^layers\.(\d+)\.(\w+)$/.exec(name) ?? [];
    const known = recurrent[Number(layer || -1)]?.[short];
    if (known) return known;
    const [, inputs = 0] = shape;
    const random = new Random(seed, "initialize", name);
    if (name === "embedding.W")
      return Float64Array.from({ length: size }, () => random.normal() / Math.sqrt(spec.hidden));
    if (short === "M") return glorot(size, inputs, spec.hidden, random);
    if (name === "head.W") return glorot(size, inputs, spec.outputSize, random);
    return bias(spec, name, size);
  };
  return new Map(
    parameterShapes(spec).map(({ name, shape }): [string, Tensor] => [
      name,
      { shape, data: Float32Array.from(values(name, shape)) },
    ]),
  );
}
