/**
 * The SVD parameterization of a matrix: W = U diag(σ) Vᵀ with U and V products of Householder reflectors and σ kept
 * in a band (Zhang, Lei & Dhillon, "Stabilizing Gradients for Deep Neural Networks via Efficient SVD
 * Parameterization", ICML 2018). Rows and columns may differ: U is [rows, rows], V [columns, columns], and there
 * are k = min(rows, columns) values. All arrays are row-major and in double precision.
 */
import {
  applyProduct,
  applyTransposedProduct,
  productColumns,
  reflectorGradient,
  reflectorsOf,
  skewProduct,
  unitReflectors,
} from "./householder.ts";
import { type Band, type BandReport, bandReport, nearestP, sigmaDerivative, sigmaOf } from "./sigma.ts";
import { singularValueDecomposition } from "./singularValueDecomposition.ts";

export interface SpectralShape extends Band {
  readonly rows: number;
  readonly columns: number;
  /** [m₁, m₂], reflectors of U and V: 1 ≤ m₁ ≤ rows, 1 ≤ m₂ ≤ columns. */
  readonly reflectors: readonly [number, number];
}

/** θ, or the gradient with respect to it. */
export interface SpectralParameters {
  /** Reflectors of U: [m₁, rows], as `householder.ts` stores them. */
  readonly u: Float64Array;
  /** Reflectors of V: [m₂, columns]. */
  readonly v: Float64Array;
  /** σ = sigmaOf(p): [k]. */
  readonly p: Float64Array;
}

export interface SpectralReport extends BandReport {
  /** ‖W − materialize(θ)‖ / ‖W‖ in the Frobenius norm; ‖materialize(θ)‖ for W = 0. */
  readonly relativeError: number;
}

/** W has singular values that its band does not hold. */
export class OutsideBandError extends Error {
  readonly report: BandReport;

  constructor(report: BandReport, { center, radius }: Band) {
    super(
      `${report.outside} of ${report.count} singular values lie outside the band (${center - radius}, ${center + radius}) or at its edge, ` +
        `the farthest by ${report.distance.toPrecision(3)}: they range from ${report.sigma[0].toPrecision(6)} to ` +
        `${report.sigma[1].toPrecision(6)}; widen the radius, move the center, or clip`,
    );
    this.name = "OutsideBandError";
    this.report = report;
  }
}

/** The values σ that parameters stand for, in their order: [k]. */
export function sigmaValues(p: Float64Array | Float32Array, band: Band): Float64Array {
  return Float64Array.from(p, (value) => sigmaOf(value, band));
}

function unitFactors(shape: SpectralShape, { u, v }: SpectralParameters) {
  return {
    left: unitReflectors(u, shape.reflectors[0], shape.rows),
    right: unitReflectors(v, shape.reflectors[1], shape.columns),
  };
}

function assertShape(shape: SpectralShape, p: Float64Array): void {
  const k = Math.min(shape.rows, shape.columns);
  if (p.length !== k)
    throw new Error(`p of a ${shape.rows} × ${shape.columns} matrix has ${k} values, not ${p.length}`);
  if (!(shape.radius > 0)) throw new Error(`the radius of a band must be above 0, not ${shape.radius}`);
}

/**
 * θ → W, [rows, columns]. O(n² m) for a square matrix.
 * @throws Error when an array's length does not fit the shape.
 */
export function materialize(shape: SpectralShape, parameters: SpectralParameters): Float64Array {
  assertShape(shape, parameters.p);
  const { rows, columns } = shape;
  const k = parameters.p.length;
  const { left, right } = unitFactors(shape, parameters);
  const v = productColumns(right, k);
  const w = new Float64Array(rows * columns);
  for (let i = 0; i < k; i++) {
    const sigma = sigmaOf(parameters.p[i]!, shape);
    for (let c = 0; c < columns; c++) w[i * columns + c] = sigma * v[c * k + i]!;
  }
  applyProduct(left, w, columns);
  return w;
}

function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c]!;
  return out;
}

/** diag(Uᵀ X V): [k]. */
function diagonalIn(shape: SpectralShape, parameters: SpectralParameters, x: Float64Array): Float64Array {
  const { rows, columns } = shape;
  const k = Math.min(rows, columns);
  const { left, right } = unitFactors(shape, parameters);
  const v = productColumns(right, k);
  const turned = x.slice();
  applyTransposedProduct(left, turned, columns);
  const diagonal = new Float64Array(k);
  for (let i = 0; i < k; i++)
    for (let c = 0; c < columns; c++) diagonal[i]! += turned[i * columns + c]! * v[c * k + i]!;
  return diagonal;
}

/**
 * ∂L/∂W → ∂L/∂θ. ∂L/∂σ_i = (Uᵀ ∂L/∂W V)_ii; for the reflectors see `reflectorGradient`, with Wᵀ = V Σᵀ Uᵀ for V.
 * @param gradient ∂L/∂W: [rows, columns].
 */
export function pullback(
  shape: SpectralShape,
  parameters: SpectralParameters,
  gradient: Float64Array,
): SpectralParameters {
  const { rows, columns } = shape;
  if (gradient.length !== rows * columns)
    throw new Error(
      `∂L/∂W of a ${rows} × ${columns} matrix has ${rows * columns} values, not ${gradient.length}`,
    );
  const w = materialize(shape, parameters);
  const { left, right } = unitFactors(shape, parameters);
  const p = diagonalIn(shape, parameters, gradient);
  for (let i = 0; i < p.length; i++) p[i]! *= sigmaDerivative(parameters.p[i]!, shape);
  return {
    u: reflectorGradient(left, skewProduct(gradient, w, rows, columns)),
    v: reflectorGradient(
      right,
      skewProduct(transpose(gradient, rows, columns), transpose(w, rows, columns), columns, rows),
    ),
    p,
  };
}

function relativeDistance(a: Float64Array, b: Float64Array): number {
  let [difference, norm] = [0, 0];
  for (const [i, value] of a.entries()) {
    difference += (value - b[i]!) ** 2;
    norm += value ** 2;
  }
  return Math.sqrt(difference) / (norm === 0 ? 1 : Math.sqrt(norm));
}

/**
 * W → θ, a right inverse of `materialize`: with k = min(rows, columns) reflectors or more on either side,
 * materialize(fromMatrix(W)) = W to rounding for every W whose singular values lie inside the band. Reflectors have
 * length 1 and σ comes out in descending order of singular values.
 *
 * With fewer reflectors most matrices have no θ. Then U and V take as many leading singular vectors as they have
 * reflectors for, and σ are the best values in the band for that U and V; `relativeError` says how near W is.
 *
 * @param w [rows, columns]
 * @param options.clip move values outside the band, and those at its edge, to just inside it.
 * @throws OutsideBandError when there are such values and `clip` is not set.
 * @throws Error when W has another size or an entry that is not finite.
 */
export function fromMatrix(
  w: Float64Array,
  shape: SpectralShape,
  options: { readonly clip?: boolean } = {},
): { parameters: SpectralParameters; report: SpectralReport } {
  const { rows, columns, reflectors } = shape;
  const { values, left, right } = singularValueDecomposition(w, rows, columns);
  const k = values.length;
  // A band around a negative center is nearest to −σ, with one factor's sign turned.
  if (shape.center < 0)
    for (const array of [values, left]) for (let i = 0; i < array.length; i++) array[i]! *= -1;
  const band = bandReport(values, shape);
  if (band.outside > 0 && !options.clip) throw new OutsideBandError(band, shape);

  const [m1, m2] = reflectors;
  const factors = {
    u: reflectorsOf(left, rows, k, m1),
    v: reflectorsOf(right, columns, k, m2),
    p: new Float64Array(k),
  };
  const sigma = Math.min(m1, m2) >= k ? values : diagonalIn(shape, factors, w);
  const parameters = { ...factors, p: sigma.map((value) => nearestP(value, shape)) };
  const relativeError = relativeDistance(w, materialize(shape, parameters));
  return { parameters, report: { ...band, relativeError } };
}
